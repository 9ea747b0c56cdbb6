/** The pages without a picture: before the camera opens, and after it closed. Each is built once and then kept up to date. */
import { h, icon, set, write } from './dom.js';

/**
 * @typedef {import('./typedefs.js').Model} Model
 * @typedef {import('./typedefs.js').Act} Act
 * @typedef {import('./typedefs.js').Page} Page
 * @typedef {import('./strings/index.js').Words} Words
 */

const POINTS = { face: 'consent.what', lock: 'consent.data', pause: 'consent.choice', light: 'consent.prepare' };

/** Icon and tone of each ending. @type {Partial<Record<import('./typedefs.js').State, [keyof typeof import('./dom.js').PATHS, string]>>} */
const ENDINGS = {
  passed: ['check', 'good'],
  failed: ['alert', 'bad'],
  inconclusive: ['info', 'plain'],
  cancelled: ['pause', 'plain'],
  error: ['alert', 'bad'],
};

/** @param {string} text @param {'primary'|'secondary'} rank @param {string} part @param {() => void} click */
export function button(text, rank, part, click) {
  return h('button', { type: 'button', class: `button ${rank}`, part: `button ${rank} ${part}`, click }, text);
}

/** @param {string} text */
export function heading(text = '') {
  return h('h2', { part: 'heading', tabindex: -1 }, text);
}

/** @param {string} name @param {Node[]} children */
export function screen(name, ...children) {
  return h('section', { class: `screen ${name}`, part: `screen ${name}`, 'data-screen': name, hidden: true }, ...children);
}

/** @param {...Node} children */
function actions(...children) {
  return h('div', { class: 'actions', part: 'actions' }, ...children);
}

/** @param {Words} words @param {Act} act @returns {Page} */
export function idlePage(words, act) {
  return plainPage('idle', words, badge('face', 'accent'), button(words('button.start'), 'primary', 'start', act.start));
}

/** @param {Words} words @param {Act} act @returns {Page} */
export function preparingPage(words, act) {
  const cancel = button(words('button.cancel'), 'secondary', 'cancel', () => act.send({ type: 'cancel' }));
  return plainPage('preparing', words, h('div', { class: 'spinner', part: 'spinner', 'aria-hidden': 'true' }), cancel);
}

/** @param {'idle'|'preparing'} name @param {Words} words @param {Node} sign @param {Node} action @returns {Page} */
function plainPage(name, words, sign, action) {
  const title = heading(words(`state.${name}`));
  const text = h('slot', { name }, h('p', { part: 'text' }, words(`state.${name}.text`)));
  return { node: screen(name, sign, title, text, actions(action)), heading: title, update() {} };
}

/** @param {Words} words @param {Act} act @returns {Page} */
export function consentPage(words, act) {
  const title = heading(words('consent.title'));
  const points = Object.entries(POINTS).map(([name, key]) => h('li', {}, icon(name), h('span', {}, words(key))));
  const text = h('slot', { name: 'consent' }, h('ul', { class: 'points', part: 'text' }, ...points),
    h('p', { class: 'fine' }, words('consent.alternative')));
  const agree = button(words('button.agree'), 'primary', 'agree', () => act.send({ type: 'consent' }));
  const decline = button(words('button.decline'), 'secondary', 'decline cancel', () => act.send({ type: 'decline' }));
  return { node: screen('consent', title, text, actions(agree, decline)), heading: title, update() {} };
}

/** @param {Words} words @param {Act} act @returns {Page} */
export function resultPage(words, act) {
  const title = heading();
  const mark = h('div', { class: 'mark' });
  const why = h('p', { class: 'why', part: 'reason' });
  const advice = h('p', { class: 'advice', part: 'advice' });
  const own = Object.keys(ENDINGS).map((state) => h('div', { 'data-state': state }, h('slot', { name: state })));
  let again = () => {};
  const retry = button(words('button.retry'), 'primary', 'retry', () => again());
  const node = screen('result', mark, title, why, advice, ...own, actions(retry));
  /** @param {Model} model */
  const update = (model) => {
    const [name, tone] = ENDINGS[model.state] ?? ['info', 'plain'];
    const said = outcome(model, words);
    if (mark.dataset.state !== model.state) mark.replaceChildren(badge(name, tone));
    mark.dataset.state = model.state;
    [title, why, advice].forEach((part, i) => fill(part, said[i]));
    for (const part of own) part.hidden = part.dataset.state !== model.state;
    // Who declined or gave up is asked again, with the consent first.
    again = () => (model.state === 'cancelled' ? act.start() : act.send({ type: 'retry' }));
    retry.hidden = !model.canRetry;
    set(node, 'data-reason', model.problem ?? model.reason);
  };
  return { node, heading: title, update };
}

/** Heading, reason and what to do about it. @param {Model} model @param {Words} words @returns {[string, string, string]} */
export function outcome(model, words) {
  if (model.state === 'error') return [words(`problem.${model.problem}`), '', words(`problem.${model.problem}.do`)];
  const title = words(`state.${model.state}`);
  const reason = model.reason;
  return reason ? [title, words(`reason.${reason}`), words(`reason.${reason}.do`)] : [title, '', words(`state.${model.state}.text`)];
}

/** @param {HTMLElement} node @param {string} text */
function fill(node, text) {
  write(node, text);
  node.hidden = !text;
}

/** @param {keyof typeof import('./dom.js').PATHS} name @param {string} tone */
export function badge(name, tone) {
  return h('div', { class: 'badge', part: 'badge', 'data-tone': tone }, icon(name));
}
