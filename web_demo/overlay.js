/**
 * What lies over the picture and stands above it: the oval a face belongs into, the ring around it, what is said to the
 * person now, and the figure that shows the movement.
 *
 * The server judges distance and place in the camera's whole frame (`GuidanceConfig` in its engine/guidance.py), so the
 * oval is fixed in the frame and follows it onto the screen, on every device and in every orientation.
 */
import { set, svg } from './dom.js';
import { STREAMING } from './machine.js';

/** @typedef {import('./typedefs.js').Model} Model */
/** @typedef {import('./typedefs.js').Line} Line */
/** @typedef {import('./typedefs.js').Size} Size */
/** @typedef {import('./typedefs.js').Oval} Oval */

/** Half the oval's width, as a share of the frame's: a face box beyond 0.45 of that is too close. */
const HALF_WIDTH = 0.215;
/** The same as a share of the frame's height, so that the oval's height leaves room for hair and chin. */
const HALF_WIDTH_BY_HEIGHT = 0.245;
/** Height by width of the oval, as of a face; more invites people to come too close. */
const ASPECT = 1.35;
/** Shares of the stage that the oval may take: the picture is enlarged until it reaches one of them. */
const SHARE = { width: 0.66, height: 0.78 };
/** Pixels from the oval's edge to the middle of the ring. */
const RING_GAP = 9;

/** The oval in the camera's frame, in pixels. @param {Size} frame @returns {Oval} */
export function ovalInFrame({ width, height }) {
  const rx = Math.min(HALF_WIDTH * width, HALF_WIDTH_BY_HEIGHT * height);
  return { cx: width / 2, cy: height / 2, rx, ry: ASPECT * rx };
}

/**
 * Where the frame lies on the stage: it covers it, centred, as large as the oval allows.
 * @param {Size} stage @param {Size} frame @returns {import('./typedefs.js').Box}
 */
export function frameOnStage(stage, frame) {
  const { rx, ry } = ovalInFrame(frame);
  const cover = Math.max(stage.width / frame.width, stage.height / frame.height);
  const fit = Math.min((SHARE.width * stage.width) / (2 * rx), (SHARE.height * stage.height) / (2 * ry));
  const scale = Math.max(cover, fit);
  const [width, height] = [scale * frame.width, scale * frame.height];
  return { width, height, x: (stage.width - width) / 2, y: (stage.height - height) / 2 };
}

/** The oval on the stage. @param {Size} stage @param {Size} frame @returns {Oval} */
export function ovalOnStage(stage, frame) {
  const box = frameOnStage(stage, frame);
  const scale = box.width / frame.width;
  const { cx, cy, rx, ry } = ovalInFrame(frame);
  return { cx: box.x + scale * cx, cy: box.y + scale * cy, rx: scale * rx, ry: scale * ry };
}

/**
 * How much of the ring is full, 0 to 1: the steady time while positioning, then the movements done.
 * @param {Model} model
 * @param {number} holdS the longest time to hold that the server announced, seconds
 */
export function ringShare(model, holdS) {
  if (model.state === 'positioning') return model.hold && holdS > 0 ? 1 - model.hold.seconds / holdS : 0;
  if (model.state === 'challenging') return model.challenge ? model.done / model.challenge.steps : 0;
  return model.state === 'checking' ? 1 : 0;
}

/** An ellipse that begins at its top and runs clockwise. @param {Oval} oval */
export function ellipsePath({ cx, cy, rx, ry }) {
  const arc = `a${rx} ${ry} 0 0 1 `;
  return `M${cx} ${cy - ry}${arc}0 ${2 * ry}${arc}0 ${-2 * ry}z`;
}

/** Draws oval, ring and the veil around them over the picture; `layOut` after each change of size. */
export class Overlay {
  constructor() {
    this.veil = svg('path', { class: 'veil', part: 'veil', 'fill-rule': 'evenodd' });
    this.edge = svg('path', { class: 'edge', part: 'oval' });
    this.track = svg('path', { class: 'ring-track', part: 'ring-track' });
    // Lengths in hundredths of the ring, whatever its size.
    this.ring = svg('path', { class: 'ring', part: 'ring', pathLength: 100, 'stroke-dasharray': '0 100' });
    this.node = svg('svg', { class: 'overlay', 'aria-hidden': 'true' }, this.veil, this.edge, this.track, this.ring);
  }

  /** @param {Size} stage @param {Size} frame */
  layOut(stage, frame) {
    const oval = ovalOnStage(stage, frame);
    const around = ellipsePath({ ...oval, rx: oval.rx + RING_GAP, ry: oval.ry + RING_GAP });
    set(this.node, 'viewBox', `0 0 ${stage.width} ${stage.height}`);
    set(this.veil, 'd', `M0 0H${stage.width}V${stage.height}H0z${ellipsePath(oval)}`);
    set(this.edge, 'd', ellipsePath(oval));
    for (const path of [this.track, this.ring]) set(path, 'd', around);
  }

  /** @param {number} share 0 to 1 */
  fill(share) {
    const length = Math.round(100 * Math.min(1, Math.max(0, share)));
    set(this.ring, 'stroke-dasharray', `${length} 100`);
    set(this.ring, 'data-empty', length === 0);
  }
}

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

/** What stands above the picture in this state. @param {Model} model @returns {Line} */
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

/**
 * A head that shows each movement, as a mirror shows a person, like the preview beside it: the person's own left is on
 * the left of the screen, in every language. Which one is a matter of its attribute `data-kind` and of the style sheet.
 */
export class Figure {
  constructor() {
    const head = svg('ellipse', { class: 'head', cx: 70, cy: 62, rx: 36, ry: 46 });
    this.node = svg('svg', { class: 'figure', part: 'figure', viewBox: '0 -14 140 152', 'aria-hidden': 'true' },
      svg('g', { class: 'whole' }, head, features()), ...arrows(), palm());
    this.show(null);
  }

  /** @param {string|null} kind */
  show(kind) {
    set(this.node, 'data-kind', kind);
    this.node.classList.toggle('absent', kind === null);
  }
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
