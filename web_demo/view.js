/**
 * The picture of a model: `new View(root, words, act)` builds every page once, `render(model)` shows the one that holds.
 *
 * It keeps no state of its own but what it said last. On a new page the focus goes to its heading; what changes on a
 * page is told by live regions (`announcer.js`).
 */
import { Announcer } from './announcer.js';
import { h, set } from './dom.js';
import { lineOf } from './prompts.js';
import { consentPage, idlePage, outcome, preparingPage, resultPage } from './view-pages.js';
import { StagePage } from './view-stage.js';

/**
 * @typedef {import('./typedefs.js').Model} Model
 * @typedef {import('./strings/index.js').Words} Words
 * @typedef {import('./view-pages.js').Act} Act
 * @typedef {import('./view-pages.js').Page} Page
 * @typedef {{text: string, urgent: boolean}} Speech
 */

const STAGED = ['adjusting', 'connecting', 'positioning', 'challenging', 'checking'];
const ENDED = ['passed', 'failed', 'inconclusive', 'cancelled', 'error'];

/**
 * What to tell who does not see the page, beyond the heading that takes the focus.
 * @param {Model} model @param {Words} words
 * @returns {Speech|null}
 */
export function speechOf(model, words) {
  if (ENDED.includes(model.state)) return { text: outcome(model, words).slice(1).filter(Boolean).join('. '), urgent: true };
  if (model.state === 'adjusting') return { text: model.meter.light ? words(`meter.${model.meter.light}`) : '', urgent: false };
  if (model.state === 'connecting' || !STAGED.includes(model.state)) return null;
  const { key, values, tone } = lineOf(model);
  return { text: words(key, values), urgent: tone === 'ask' };
}

/** Builds into `root` and keeps it up to date. */
export class View {
  /**
   * @param {ParentNode & Node} root emptied first
   * @param {Words} words
   * @param {Act} act
   */
  constructor(root, words, act) {
    this._words = words;
    this._announcer = new Announcer(act.speak);
    this.offersLight = act.offersLight;
    this._stage = new StagePage(words, act);
    /** @type {Record<string, Page>} */
    this._pages = {
      idle: idlePage(words, act), consent: consentPage(words, act), preparing: preparingPage(words, act),
      live: this._stage, result: resultPage(words, act),
    };
    this._frame = this._build(words);
    /** @type {Model|null} */
    this._shown = null;
    this._urgent = '';
    root.replaceChildren(this._frame);
  }

  /** The element the camera's stream belongs into. */
  get video() {
    return this._stage.video;
  }

  /** The colour around everything, `#rrggbb`. */
  get background() {
    const [r, g, b] = getComputedStyle(this._frame).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [255, 255, 255];
    return `#${[r, g, b].map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;
  }

  /** @param {Words} words */
  _build(words) {
    const help = h('div', { class: 'help', part: 'help' }, h('slot', { name: 'help' }));
    const pages = Object.values(this._pages).map(({ node }) => node);
    return h('div', { class: 'frame', part: 'frame', role: 'group', lang: words.lang, dir: words.dir, 'aria-label': words('a11y.label') },
      ...pages, help, ...this._announcer.nodes);
  }

  /** @param {Model} model */
  render(model) {
    const before = this._shown;
    this._shown = model;
    set(this._frame, 'data-state', model.state);
    const page = this._pages[pageOf(model)];
    page.update(model);
    for (const other of Object.values(this._pages)) other.node.hidden = other !== page;
    if (before && before.state !== model.state) this._arrive(before, model, page);
    this._tell(model);
  }

  /** @param {Model} before @param {Model} model @param {Page} page */
  _arrive(before, model, page) {
    if (pageOf(before) !== pageOf(model)) this._announcer.clear();
    this._urgent = '';
    if (page === this._stage) this._stage.layOut();
    // Where the focus was has gone, with its page or with the buttons of the step before.
    const lost = pageOf(before) !== pageOf(model) || before.state === 'adjusting';
    if (lost) page.heading.focus({ preventScroll: page === this._stage });
  }

  /** @param {Model} model */
  _tell(model) {
    const speech = speechOf(model, this._words);
    if (!speech) return;
    if (!speech.urgent) return this._announcer.offer(speech.text);
    const said = `${model.challenge?.id} ${speech.text}`;
    // The heading of a result takes the focus and is read for that; a voice of our own has to say it, too.
    const title = ENDED.includes(model.state) ? outcome(model, this._words)[0] : '';
    if (said !== this._urgent) this._announcer.interrupt(speech.text, title);
    this._urgent = said;
  }
}

/** @param {Model} model */
function pageOf({ state }) {
  if (STAGED.includes(state)) return 'live';
  return ENDED.includes(state) ? 'result' : state;
}
