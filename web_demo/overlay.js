/**
 * The oval a face belongs into, the ring around it, and where the picture lies behind both.
 *
 * The server judges distance and place in the camera's whole frame (`GuidanceConfig` in its engine/guidance.py), so the
 * oval is fixed in the frame and follows it onto the screen: who fills it is neither too far, too close nor off centre,
 * on every device and in every orientation.
 */
import { set, svg } from './dom.js';

/** @typedef {import('./typedefs.js').Size} Size */
/** @typedef {import('./typedefs.js').Oval} Oval */

/** Half the oval's width, as a share of the frame's width: a face box beyond 0.45 of it is too close, and a face is a
 * little narrower than the oval it fills. */
const HALF_WIDTH = 0.215;
/** The same as a share of the frame's height, so that the oval's height leaves room for hair and chin. */
const HALF_WIDTH_BY_HEIGHT = 0.245;
/** Height by width of the oval. Faces are about 1.35; amplify-ui's oval of 1.618 invites people to come too close. */
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
 * @param {import('./typedefs.js').Model} model
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

/** Draws oval, ring and the veil around them over the picture. `node` is its SVG; `layOut` after each change of size. */
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
