/**
 * The picture of a model: `new View(root, words, act)` builds every page once, `render(model)` shows the one that holds.
 *
 * It keeps no state of its own but what it said last. On a new page the focus goes to its heading; what changes on a
 * page is told by live regions.
 */
import { h, set } from './dom.js';
import { TERMINAL } from './machine.js';
import { lineOf } from './overlay.js';
import { consentPage, idlePage, outcome, preparingPage, resultPage } from './view-pages.js';
import { STAGED, StagePage } from './view-stage.js';

/**
 * @typedef {import('./typedefs.js').Model} Model
 * @typedef {import('./strings/index.js').Words} Words
 * @typedef {import('./typedefs.js').Act} Act
 * @typedef {import('./typedefs.js').Page} Page
 * @typedef {{text: string, urgent: boolean}} Speech
 */


/**
 * What to tell who does not see the page, beyond the heading that takes the focus.
 * @param {Model} model @param {Words} words
 * @returns {Speech|null}
 */
export function speechOf(model, words) {
  if (TERMINAL.includes(model.state)) return { text: outcome(model, words).slice(1).filter(Boolean).join('. '), urgent: true };
  if (model.state === 'adjusting') return { text: model.meter.light ? words(`meter.${model.meter.light}`) : '', urgent: false };
  if (model.state === 'connecting' || !STAGED.includes(model.state)) return null;
  const { key, values, tone } = lineOf(model);
  return { text: words(key, values), urgent: tone === 'ask' };
}

/** Milliseconds between two polite texts: about what a reader takes to say one. A choice. */
export const EVERY_MS = 1500;
/** Milliseconds a polite text must stand before it is said. A choice. */
export const SETTLE_MS = 400;

/** @typedef {{now: () => number, set: (run: () => void, ms: number) => any, clear: (handle: any) => void}} Timing */

/** @type {Timing} */
const CLOCK = { now: () => performance.now(), set: (run, ms) => setTimeout(run, ms), clear: (handle) => clearTimeout(handle) };

/**
 * Says which text to say when. Guidance may change several times a second: a text is said only once it has stood for
 * `SETTLE_MS`, when it differs from the last one said, and not sooner than `EVERY_MS` after that (WCAG 2.2, 4.1.3).
 */
export class Pace {
  /** @param {(text: string) => void} say @param {Timing} [timing] */
  constructor(say, timing = CLOCK) {
    this._say = say;
    this._timing = timing;
    this._said = '';
    this._saidAt = -Infinity;
    this._waiting = '';
    /** @type {any} */
    this._timer = null;
  }

  /** @param {string} text what holds now */
  offer(text) {
    if (text === this._waiting) return;
    this.drop();
    if (!text || text === this._said) return;
    this._waiting = text;
    const wait = Math.max(SETTLE_MS, this._saidAt + EVERY_MS - this._timing.now());
    this._timer = this._timing.set(() => this._speak(text), wait);
  }

  /** Forgets what waits. */
  drop() {
    this._timing.clear(this._timer);
    this._waiting = '';
  }

  /** What was said may be said again. */
  reset() {
    this.drop();
    this._said = '';
  }

  /** @param {string} text */
  _speak(text) {
    [this._waiting, this._said, this._saidAt] = ['', text, this._timing.now()];
    this._say(text);
  }
}

/**
 * What a screen reader hears. An assertive text, a movement to make or the result, is said at once and takes the place
 * of a polite one that waits. Put `nodes` into the document before anything is to be said.
 */
class Announcer {
  /** @param {(text: string) => void} aloud is given every text that is said, too */
  constructor(aloud) {
    this._aloud = aloud;
    this.polite = h('div', { class: 'unseen', part: 'live-polite', role: 'status', 'aria-live': 'polite' });
    this.assertive = h('div', { class: 'unseen', part: 'live-assertive', 'aria-live': 'assertive', 'aria-atomic': 'true' });
    this.nodes = [this.polite, this.assertive];
    this._pace = new Pace((text) => {
      this.polite.textContent = text;
      aloud(text);
    });
  }

  /** @param {string} text */
  offer(text) {
    this._pace.offer(text);
  }

  /** @param {string} text @param {string} title said aloud before it */
  interrupt(text, title) {
    this._pace.reset();
    this.assertive.textContent = text;
    this._aloud([title, text].filter(Boolean).join('. '));
  }

  /** Forgets everything: a new attempt. */
  clear() {
    this._pace.reset();
    for (const node of this.nodes) node.textContent = '';
  }
}

/** Builds into `root` and keeps it up to date. */
export class View {
  /** @param {ParentNode & Node} root emptied first @param {Words} words @param {Act} act */
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
    const title = TERMINAL.includes(model.state) ? outcome(model, this._words)[0] : '';
    if (said !== this._urgent) this._announcer.interrupt(speech.text, title);
    this._urgent = said;
  }
}

/** @param {Model} model */
function pageOf({ state }) {
  if (STAGED.includes(state)) return 'live';
  return TERMINAL.includes(state) ? 'result' : state;
}
