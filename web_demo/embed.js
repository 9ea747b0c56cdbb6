/**
 * The check in a frame of another origin, for pages that want to be kept apart from the camera and the token.
 *
 * The page hands in a session and hears how it ended; picture, key and token stay in the frame. What the server found
 * goes to the page's backend, from server to server. `frame-guest.js` is the other side of this contract:
 *
 *     page -> frame   {type: 'hello', version, settings} with a port, to the frame's origin and to no other
 *     frame -> page   ready | refused {versions} | session {id, request} | outcome {outcome, canRetry, problem?}
 *     page -> frame   start | cancel | session {id, session} | nosession {id, problem?}
 *
 * All but `hello` goes through the port, which only that origin received.
 */

/** @typedef {import('./typedefs.js').Profile} Profile */
/** @typedef {import('./typedefs.js').Problem} Problem */
/** @typedef {import('./typedefs.js').Session} Session */
/** @typedef {import('./typedefs.js').SessionRequest} SessionRequest */
/** @typedef {import('./camera.js').Timers} Timers */
/** @typedef {{lang?: string, profile?: Profile, light?: boolean, sound?: boolean, theme?: 'light'|'dark'}} FrameSettings */
/** @typedef {'passed'|'failed'|'inconclusive'|'cancelled'|'error'} Outcome */
/** @typedef {{outcome: Outcome, canRetry: boolean, problem?: Problem}} OutcomeDetail */
/** @typedef {{src: string, title: string, requestSession: (request: SessionRequest) => Promise<Session>, timers?: Timers} & FrameSettings} FrameOptions */

/** Of the contract above. A frame that does not know it refuses. */
export const VERSION = 1;

/** @type {readonly Outcome[]} */
export const OUTCOMES = Object.freeze(['passed', 'failed', 'inconclusive', 'cancelled', 'error']);

/** Milliseconds a frame may take to load and answer. It never does where the page is not among its hosts. A choice. */
export const READY_MS = 15_000;

/**
 * What the frame may do. Its scripts run with its own origin, without which there is neither a camera's permission nor
 * an origin for the server to recognise; it opens no window, submits no form and cannot navigate the page.
 */
const SANDBOX = 'allow-scripts allow-same-origin';

/**
 * A frame in a page: `start`, `cancel`, `remove`. Listen for
 * `ready` (it answered), and `outcome` with `{outcome, canRetry, problem?}` (an attempt ended; `problem` says why with
 * the outcome `error`). `passed` is a hint for the page: what counts is what the backend hears from the server.
 */
export class LivenessFrame extends EventTarget {
  /** @type {MessagePort | null} */ #port = null;
  /** @type {any} */ #patience = null;
  #starting = false;
  #options;
  #origin;
  #timers;

  /**
   * Put the frame into `container`, which gives it its size. Throws where the frame would not be kept apart.
   * @param {Element} container
   * @param {FrameOptions} options `title` names the frame to screen readers
   */
  constructor(container, options) {
    super();
    const document = container.ownerDocument;
    this.#options = options;
    this.#origin = otherOrigin(options.src, document.baseURI);
    this.#timers = options.timers ?? { setTimer: (f, ms) => setTimeout(f, ms), clearTimer: (t) => clearTimeout(t) };
    this.iframe = build(document, options);
    this.iframe.addEventListener('load', () => this.#greet());
    this.#wait();
    container.append(this.iframe);
  }

  /** Begin an attempt with the consent page, as soon as the frame is there. */
  start() {
    this.#starting = !this.#port;
    this.#port?.postMessage({ type: 'start' });
  }

  /** End the attempt and turn the camera off. */
  cancel() {
    this.#starting = false;
    this.#port?.postMessage({ type: 'cancel' });
  }

  /** Take the frame out of the page: the camera goes off with it, and nothing is told any more. */
  remove() {
    this.#leave();
    this.iframe.remove();
  }

  /** Whenever the frame has loaded, again if it was loaded anew: what ran before is gone. */
  #greet() {
    this.#leave();
    this.#wait();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => void this.#take(port1, data);
    const { lang, profile, light, sound, theme } = this.#options;
    const hello = { type: 'hello', version: VERSION, settings: { lang, profile, light, sound, theme } };
    this.iframe.contentWindow?.postMessage(hello, this.#origin, [port2]);
    if (this.#starting) this.start();
  }

  /** @param {MessagePort} port @param {any} message */
  async #take(port, message) {
    if (message?.type === 'ready') this.#answered();
    else if (message?.type === 'refused') this.#outcome({ outcome: 'error', canRetry: false, problem: 'unsupported' });
    else if (message?.type === 'outcome' && OUTCOMES.includes(message.outcome)) this.#outcome(message);
    else if (message?.type === 'session') port.postMessage(await this.#session(message));
  }

  #answered() {
    this.#calm();
    this.dispatchEvent(new CustomEvent('ready'));
  }

  /** @param {OutcomeDetail} message */
  #outcome({ outcome, canRetry, problem }) {
    this.#calm();
    const why = outcome === 'error' ? { problem: problem ?? 'internal' } : {};
    this.dispatchEvent(new CustomEvent('outcome', { detail: { outcome, canRetry: Boolean(canRetry), ...why } }));
  }

  /** @param {{id: number, request: SessionRequest}} message */
  async #session({ id, request }) {
    try {
      const { signalingUrl, clientToken } = await this.#options.requestSession(request);
      return { type: 'session', id, session: { signalingUrl, clientToken } };
    } catch (error) {
      return { type: 'nosession', id, problem: /** @type {{problem?: unknown}} */ (error)?.problem };
    }
  }

  #wait() {
    const late = () => this.#outcome({ outcome: 'error', canRetry: false, problem: 'internal' });
    this.#patience = this.#timers.setTimer(late, READY_MS);
  }

  #calm() {
    if (this.#patience !== null) this.#timers.clearTimer(this.#patience);
    this.#patience = null;
  }

  #leave() {
    this.#calm();
    this.#port?.close();
    this.#port = null;
  }
}

/**
 * Put a check of another origin into a page: `mountFrame(element, {src, title, requestSession, …})`.
 * @param {Element} container
 * @param {FrameOptions} options
 */
export function mountFrame(container, options) {
  return new LivenessFrame(container, options);
}

/** @param {string} src @param {string} base */
function otherOrigin(src, base) {
  const [frame, page] = [new URL(src, base).origin, new URL(base).origin];
  if (frame === 'null') throw new TypeError('the frame must come from an http(s) address');
  if (frame === page) throw new TypeError('a frame of the page’s own origin keeps nothing apart; use <face-liveness>');
  return frame;
}

/** @param {Document} document @param {FrameOptions} options */
function build(document, { src, title }) {
  const iframe = document.createElement('iframe');
  const attributes = { src, title, sandbox: SANDBOX, allow: 'camera; autoplay', referrerpolicy: 'no-referrer' };
  for (const [name, value] of Object.entries(attributes)) iframe.setAttribute(name, value);
  for (const [name, value] of [['width', '100%'], ['height', '100%'], ['border', '0']]) iframe.style.setProperty(name, value);
  return iframe;
}
