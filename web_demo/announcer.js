/**
 * What a screen reader hears: one polite and one assertive region, without a flood.
 *
 * Guidance may change several times a second. A polite text is said only once it has stood for `SETTLE_MS`, when it
 * differs from the last one said, and not sooner than `EVERY_MS` after that (WCAG 2.2, 4.1.3). An assertive one, a
 * movement to make or the result, is said at once and takes the place of polite ones that wait.
 */
import { h } from './dom.js';

/** Shortest time between two polite texts, milliseconds: about what a reader takes to say one. A choice. */
export const EVERY_MS = 1500;
/** How long a polite text must stand before it is said, milliseconds. A choice. */
export const SETTLE_MS = 400;

/** @typedef {{now: () => number, set: (run: () => void, ms: number) => any, clear: (handle: any) => void}} Timing */

/** Says which text to say when; knows no document. */
export class Pace {
  /**
   * @param {(text: string) => void} say
   * @param {Timing} timing
   */
  constructor(say, timing) {
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

  /** Forgets what was said, so that it may be said again. */
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

/** @type {Timing} */
const CLOCK = { now: () => performance.now(), set: (run, ms) => setTimeout(run, ms), clear: (handle) => clearTimeout(handle) };

/** The two regions. Put `nodes` into the document before anything is to be said. */
export class Announcer {
  /**
   * @param {(text: string) => void} [aloud] is given every text that is said, too
   * @param {Timing} [timing]
   */
  constructor(aloud = () => {}, timing = CLOCK) {
    this._aloud = aloud;
    this.polite = h('div', { class: 'unseen', part: 'live-polite', role: 'status', 'aria-live': 'polite' });
    this.assertive = h('div', { class: 'unseen', part: 'live-assertive', 'aria-live': 'assertive', 'aria-atomic': 'true' });
    this.nodes = [this.polite, this.assertive];
    this._pace = new Pace((text) => {
      this.polite.textContent = text;
      aloud(text);
    }, timing);
  }

  /** @param {string} text */
  offer(text) {
    this._pace.offer(text);
  }

  /** @param {string} text @param {string} [title] said aloud before it */
  interrupt(text, title = '') {
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
