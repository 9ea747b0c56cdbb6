/**
 * How the light falls on who sits in the oval, read from a tiny copy of the picture before a session begins.
 *
 * Advice, never a gate: the server measures the face itself, with the same limits (its checks/limits.py).
 */
import { TIMERS } from './camera.js';
import { ovalInFrame } from './overlay.js';

/** @typedef {import('./typedefs.js').LightReading} LightReading */
/** @typedef {{light: LightReading, mean: number, clipped: number}} Reading */
/** @typedef {Uint8ClampedArray | Uint8Array} Pixels */

/** Mean luma of the face, 0 to 255, and share of its pixels under 16 or over 239: `min_luma`, `max_luma`, `max_clipped`
 * of the server's `QualityLimits`, and the clipping bounds of its vision/quality.py. */
export const LIMITS = Object.freeze({ dark: 50, bright: 215, clipped: 0.35, black: 16, white: 239 });

/** A face darker than `luma` (0 to 255) before surroundings of which `share` or more are white is lit from behind. A
 * window or the sky clips; a white wall lit by the same lamp as the face does not, so that dark skin before one is not
 * taken for it. A choice: in clips of people indoors, none lit from behind, the share is 0.04 at most. */
export const BACKLIT = Object.freeze({ luma: 90, share: 0.2 });

/** The face inside the oval, and the surroundings outside it: shares of the oval's half axes. Hair and the edge of a
 * face that is a little off lie between them. */
const [FACE, AROUND] = [0.75, 1.5];

/** Pixels of the copy's sides. Means need no more; a reading takes 3 to 5 ms in Chromium without a graphics card. */
const SIZE = Object.freeze({ long: 48, short: 36 });

/** Readings in a row that must agree before another verdict is told: one may be a hand passing, or a blinking lamp. */
const AGREEING = 2;

/**
 * @param {Pixels} rgba 4 bytes for each pixel, row by row
 * @param {number} width @param {number} height
 * @returns {Reading} `mean` luma of the face, 0 to 255, and the share of it that is `clipped`
 */
export function readLight(rgba, width, height) {
  const { face, around } = regions(rgba, width, height);
  const mean = face.sum / face.count;
  const [dark, white] = [face.black / face.count, face.white / face.count];
  const lit = { mean, dark, white, behind: around.count ? around.white / around.count : 0 };
  return { light: verdict(lit), mean, clipped: dark + white };
}

/** @param {{mean: number, dark: number, white: number, behind: number}} lit @returns {LightReading} */
function verdict({ mean, dark, white, behind }) {
  if (mean < BACKLIT.luma && behind >= BACKLIT.share) return 'backlit';
  if (mean < LIMITS.dark || dark > LIMITS.clipped) return 'too_dark';
  return mean > LIMITS.bright || white > LIMITS.clipped ? 'too_bright' : 'ok';
}

const empty = () => ({ count: 0, sum: 0, black: 0, white: 0 });

/** @param {Pixels} rgba @param {number} width @param {number} height */
function regions(rgba, width, height) {
  const [face, around] = [empty(), empty()];
  const oval = ovalInFrame({ width, height });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const region = place(oval, x + 0.5, y + 0.5);
      if (region) count(region === 'face' ? face : around, luma(rgba, 4 * (y * width + x)));
    }
  }
  return { face, around };
}

/**
 * Where a pixel lies. Below the middle of the face there are shoulders and clothes, which say nothing of the light.
 * @param {import('./typedefs.js').Oval} oval @param {number} x @param {number} y
 */
function place({ cx, cy, rx, ry }, x, y) {
  const distance = Math.hypot((x - cx) / rx, (y - cy) / ry);
  if (distance <= FACE) return 'face';
  return distance >= AROUND && y < cy ? 'around' : null;
}

/** @param {ReturnType<typeof empty>} region @param {number} value */
function count(region, value) {
  region.count += 1;
  region.sum += value;
  if (value < LIMITS.black) region.black += 1;
  if (value > LIMITS.white) region.white += 1;
}

/** ITU-R BT.601, as the server's. @param {Pixels} rgba @param {number} at */
function luma(rgba, at) {
  return 0.299 * rgba[at] + 0.587 * rgba[at + 1] + 0.114 * rgba[at + 2];
}

/** Tells the first reading of a playing video and every change. Always `stop` it. */
export class LightMeter {
  /** @type {any} */ #timer = null;
  /** @type {LightReading | null} */ #told = null;
  /** @type {LightReading | null} */ #last = null;
  #agreed = 0;
  /** @type {CanvasRenderingContext2D | null} */ #canvas = null;
  #video;
  #onReading;
  #every;
  #timers;

  /**
   * @param {HTMLVideoElement} video
   * @param {(reading: Reading) => void} onReading
   * @param {{every?: number, timers?: typeof TIMERS}} [options] milliseconds between two readings
   */
  constructor(video, onReading, { every = 250, timers = TIMERS } = {}) {
    this.#video = video;
    this.#onReading = onReading;
    this.#every = every;
    this.#timers = timers;
  }

  start() {
    this.stop();
    this.#told = this.#last = null;
    this.#wait();
  }

  stop() {
    if (this.#timer !== null) this.#timers.clearTimer(this.#timer);
    this.#timer = null;
  }

  #wait() {
    this.#timer = this.#timers.setTimer(() => {
      this.#wait();
      const reading = this.#read();
      if (reading) this.#weigh(reading);
    }, this.#every);
  }

  /** @returns {Reading | null} null as long as the video has no picture */
  #read() {
    const { videoWidth, videoHeight } = this.#video;
    if (!videoWidth || this.#video.readyState < 2) return null; // HAVE_CURRENT_DATA
    const upright = videoHeight > videoWidth;
    const [width, height] = upright ? [SIZE.short, SIZE.long] : [SIZE.long, SIZE.short];
    const context = this.#context(width, height);
    if (!context) return null;
    context.drawImage(this.#video, 0, 0, width, height);
    return readLight(context.getImageData(0, 0, width, height).data, width, height);
  }

  /** @param {number} width @param {number} height */
  #context(width, height) {
    if (this.#canvas?.canvas.width === width) return this.#canvas;
    const canvas = Object.assign(this.#video.ownerDocument.createElement('canvas'), { width, height });
    // Reading back from a graphics card can take a frame's time.
    this.#canvas = canvas.getContext('2d', { willReadFrequently: true });
    return this.#canvas;
  }

  /** @param {Reading} reading */
  #weigh(reading) {
    this.#agreed = reading.light === this.#last ? this.#agreed + 1 : 1;
    this.#last = reading.light;
    const sure = this.#told === null || this.#agreed >= AGREEING;
    if (!sure || reading.light === this.#told) return;
    this.#told = reading.light;
    this.#onReading(reading);
  }
}
