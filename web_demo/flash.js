/**
 * The colour challenge: shows the colours the server drew over the whole screen and says when each began.
 *
 * Safe to look at (WCAG 2.2, 2.3.1): the palette has one luminance and fades run in proportion of light, not between
 * encoded values, so that going from colour to colour is no flash (server/docs/light.md; a test measures it). Only shown
 * when the person agreed to it, and can be left at any moment.
 */
import { h } from './dom.js';

/** @typedef {import('./typedefs.js').LightStep} LightStep */
/** @typedef {[number, number, number]} Rgb  in proportion of light, 0 to 1 */
/** @typedef {{now: () => number, frame: (draw: () => void) => unknown}} Clock  `now` in milliseconds */

/** Decodes sRGB (IEC 61966-2-1). @param {string} colour `#rrggbb` @returns {Rgb} */
export function linearLight(colour) {
  return /** @type {Rgb} */ ([1, 3, 5].map((i) => decoded(parseInt(colour.slice(i, i + 2), 16) / 255)));
}

/** @param {number} share */
function decoded(share) {
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** @param {number} light */
function encoded(light) {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

/** @param {Rgb} rgb */
export function cssColour(rgb) {
  return `rgb(${rgb.map((light) => (255 * encoded(light)).toFixed(2)).join(' ')})`;
}

/** When each step is due, and when the last one is over, in seconds. @param {readonly LightStep[]} steps */
export function dueTimes(steps) {
  return steps.reduce((due, step) => [...due, due[due.length - 1] + step.duration_s], [0]);
}

/**
 * The light of the screen `t` seconds after the first step began, fading from `before`.
 * @param {readonly LightStep[]} steps @param {number} t @param {string} [before]
 * @returns {Rgb}
 */
export function lightAt(steps, t, before = '#ffffff') {
  const due = dueTimes(steps);
  const i = Math.max(0, due.slice(0, -1).findLastIndex((start) => start <= t));
  const [old, next] = [linearLight(i ? steps[i - 1].colour : before), linearLight(steps[i].colour)];
  const risen = Math.min(1, Math.max(0, (t - due[i]) / Math.max(steps[i].ramp_s, 1e-3)));
  return /** @type {Rgb} */ (next.map((value, c) => old[c] + risen * (value - old[c])));
}

/**
 * Follows the sequence picture by picture. Resolves as `showLight`.
 * @param {readonly LightStep[]} steps @param {(rgb: Rgb) => void} paint @param {Clock} clock
 * @param {{skipped?: () => boolean, before?: string | undefined}} [options]
 * @returns {Promise<number[]>}
 */
export function play(steps, paint, clock, { skipped = () => false, before } = {}) {
  const due = dueTimes(steps);
  const arrived = clock.now();
  /** @type {number[]} */
  const shown = [];
  return new Promise((resolve) => {
    const draw = () => {
      const t = (clock.now() - arrived) / 1000;
      if (skipped()) return resolve([]);
      if (t >= due[steps.length]) return resolve(shown.length === steps.length ? shown : []);
      // A colour that fell between two pictures was never seen: it gets the next one's time, and the server's word.
      while (shown.length < steps.length && due[shown.length] <= t) shown.push(Math.round(1000 * t) / 1000);
      paint(lightAt(steps, t, before));
      clock.frame(draw);
    };
    draw();
  });
}

/** @type {Clock} */
const SCREEN = { now: () => performance.now(), frame: (draw) => requestAnimationFrame(draw) };

/**
 * Shows the colours over the whole screen, with a button to leave. Resolves with the seconds since the call at which
 * each colour began to show; with none when it was skipped, the page was hidden or `signal` ended it.
 * @param {ShadowRoot | HTMLElement} root
 * @param {readonly LightStep[]} steps
 * @param {{words: import('./strings/index.js').Words, before?: string, signal?: AbortSignal | undefined, clock?: Clock}} options
 */
export async function showLight(root, steps, { words, before, signal, clock = SCREEN }) {
  let skipped = false;
  const skip = () => (skipped = true);
  const layer = curtain(words, skip);
  const focused = /** @type {HTMLElement | null} */ ('activeElement' in root ? root.activeElement : null);
  root.append(layer);
  layer.showPopover?.(); // above whatever the host's page stacks
  layer.querySelector('button')?.focus({ preventScroll: true });
  const paint = (/** @type {Rgb} */ rgb) => layer.style.setProperty('background-color', cssColour(rgb));
  const stop = () => document.hidden && skip();
  document.addEventListener('visibilitychange', stop);
  const over = () => skipped || Boolean(signal?.aborted) || !layer.isConnected;
  const shown = await play(steps, paint, clock, { skipped: over, before });
  document.removeEventListener('visibilitychange', stop);
  layer.remove();
  focused?.focus({ preventScroll: true });
  return shown;
}

/** @param {import('./strings/index.js').Words} words @param {() => void} skip */
function curtain(words, skip) {
  const button = h('button', { class: 'button dark', part: 'button skip-light', type: 'button', click: skip }, words('button.skip_light'));
  const keydown = (/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && skip();
  const text = h('p', { class: 'light-text' }, words('light.now'));
  return h('div', { class: 'light', part: 'light', popover: 'manual', role: 'alert', keydown }, text, button);
}
