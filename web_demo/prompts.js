/**
 * What is said to the person now, and the figure that shows the movement.
 *
 * `lineOf` is pure: which text, in which tone, with which figure. The figure is drawn as a mirror shows a person, like
 * the preview beside it: the person's own left is on the left of the screen, in every language.
 */
import { set, svg } from './dom.js';
import { STREAMING } from './machine.js';

/** @typedef {import('./typedefs.js').Model} Model */
/** @typedef {import('./typedefs.js').Line} Line */

/** Challenges that have a figure. Another kind is asked for in words alone.
 * @type {readonly string[]} */
export const FIGURES = Object.freeze([
  'turn_left', 'turn_right', 'look_up', 'look_down', 'blink', 'blink_twice', 'open_mouth', 'smile', 'move_closer',
  'hand_across_face', 'turn_to_profile',
]);

/** Guidance that asks for no change. */
const CONTENT = new Set([null, 'ok']);

/** @param {string} key @param {Partial<Line>} [rest] @returns {Line} */
function line(key, rest = {}) {
  return { key, detail: null, values: {}, tone: 'plain', figure: null, ...rest };
}

/** @type {Partial<Record<import('./typedefs.js').State, (model: Model) => Line>>} */
const LINES = {
  adjusting: () => line('state.adjusting', { detail: 'adjust.text' }),
  connecting: () => line('state.connecting', { detail: 'state.connecting.text' }),
  positioning: positioned,
  challenging: challenged,
  checking: (model) => advice(model) ?? line('state.checking', { detail: 'state.checking.text' }),
};

/**
 * What stands above the picture in this state.
 * @param {Model} model
 * @returns {Line}
 */
export function lineOf(model) {
  if (model.hidden && STREAMING.includes(model.state)) return line('state.hidden', { tone: 'warn' });
  return LINES[model.state]?.(model) ?? line(`state.${model.state}`);
}

/** @param {Model} model @returns {Line|null} */
function advice({ guidance }) {
  return CONTENT.has(guidance) ? null : line(`guidance.${guidance}`, { tone: 'warn' });
}

/** @param {Model} model @returns {Line} */
function positioned(model) {
  if (model.guidance === null) return line('state.positioning');
  return advice(model) ?? line('guidance.ok', { tone: 'good' });
}

/** @param {Model} model @returns {Line} */
function challenged(model) {
  const { challenge, outcome } = model;
  if (challenge && !outcome) return asked(challenge.kind);
  const said = advice(model);
  if (said) return said;
  if (outcome === 'done') return line('progress.done', { detail: 'progress.rest', tone: 'good' });
  return outcome === 'retry' ? line('progress.retry', { detail: 'progress.rest' }) : line('progress.rest');
}

/** @param {string} kind @returns {Line} */
function asked(kind) {
  const figure = FIGURES.includes(kind) ? kind : null;
  return line(`prompt.${kind}`, { detail: `hint.${kind}`, tone: 'ask', figure });
}

const CHEVRON = 'M6 -12L-6 0L6 12';
/** Place and turn of the arrows around the head, in units of the figure. */
const ARROWS = {
  left: 'translate(12 62)',
  right: 'translate(128 62) rotate(180)',
  up: 'translate(70 -2) rotate(90)',
  down: 'translate(70 126) rotate(-90)',
};

/** A head that shows each movement; which one is a matter of its attribute `data-kind` and of the style sheet. */
export class Figure {
  constructor() {
    const [head, face, hand] = [outline(), features(), palm()];
    this.node = svg('svg', { class: 'figure', part: 'figure', viewBox: '0 -14 140 152', 'aria-hidden': 'true' },
      svg('g', { class: 'whole' }, head, face), ...arrows(), hand);
    this.show(null);
  }

  /** @param {string|null} kind */
  show(kind) {
    set(this.node, 'data-kind', kind);
    this.node.classList.toggle('absent', kind === null);
  }
}

function outline() {
  return svg('ellipse', { class: 'head', cx: 70, cy: 62, rx: 36, ry: 46 });
}

function features() {
  return svg('g', { class: 'features' },
    svg('ellipse', { class: 'eye', cx: 56, cy: 54, rx: 4.5, ry: 5 }),
    svg('ellipse', { class: 'eye', cx: 84, cy: 54, rx: 4.5, ry: 5 }),
    svg('path', { class: 'nose', d: 'M70 58v10' }),
    svg('path', { class: 'mouth', d: 'M55 80Q70 97 85 80' }),
    svg('ellipse', { class: 'gape', cx: 70, cy: 84, rx: 8, ry: 11 }));
}

function arrows() {
  return Object.entries(ARROWS).map(([side, transform]) =>
    svg('g', { transform }, svg('path', { class: `arrow ${side}`, d: CHEVRON })));
}

function palm() {
  return svg('g', { class: 'hand' },
    svg('rect', { x: 54, y: 50, width: 32, height: 40, rx: 12 }),
    ...[54, 62.5, 71, 79.5].map((x, i) => svg('rect', { x, y: [30, 24, 26, 33][i], width: 6.5, height: 40, rx: 3.25 })));
}
