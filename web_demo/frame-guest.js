/**
 * The frame's side of the contract in `embed.js`: whom it answers, what it takes, and that no token leaves.
 */
import { VERSION } from './embed.js';
import { PROFILES } from './machine.js';

/** @typedef {import('./typedefs.js').Session} Session */
/** @typedef {import('./typedefs.js').SessionRequest} SessionRequest */
/** @typedef {import('./face-liveness.js').FaceLiveness} FaceLiveness */

/** What the page may set, and to what.
 * @type {Readonly<Record<string, (value: unknown) => boolean>>} */
const SETTINGS = Object.freeze({
  lang: (value) => typeof value === 'string' && /^[A-Za-z0-9-]{2,35}$/.test(value), // RFC 5646, 4.4.1
  profile: (value) => PROFILES.some((known) => known === value),
  theme: (value) => value === 'light' || value === 'dark',
  light: (value) => value === true,
  sound: (value) => value === true,
});

/** How the element's events are told. The details are left behind: they hold the token. */
const OUTCOME_OF = Object.freeze({ passed: 'passed', failed: 'failed', inconclusive: 'inconclusive', error: 'error', cancel: 'cancelled' });

/**
 * Wait for the page around this frame to say hello, and serve it and nobody else from then on.
 * @param {Window} window
 * @param {readonly string[]} hosts origins of the pages that may
 * @param {() => FaceLiveness} build makes the element; called once, for a page that may
 */
export function awaitHost(window, hosts, build) {
  const listening = new AbortController();
  window.addEventListener('message', ({ source, origin, data, ports: [port] }) => {
    if (source !== window.parent || source === window || !hosts.includes(origin)) return;
    if (data?.type !== 'hello' || !port) return;
    if (data.version !== VERSION) return port.postMessage({ type: 'refused', versions: [VERSION] });
    listening.abort();
    new Guest(port, build(), data.settings);
  }, { signal: listening.signal });
}

/** Serves one page through its port. */
class Guest {
  #port;
  #element;
  #asked = 0;
  /** @type {Map<number, {resolve: (session: Session) => void, reject: (error: Error) => void}>} */ #waiting = new Map();

  /** @param {MessagePort} port @param {FaceLiveness} element @param {unknown} settings */
  constructor(port, element, settings) {
    this.#port = port;
    this.#element = element;
    dress(element, settings);
    element.requestSession = (request) => this.#ask(request);
    for (const [name, outcome] of Object.entries(OUTCOME_OF))
      element.addEventListener(name, (event) => this.#tell(outcome, /** @type {CustomEvent} */ (event).detail));
    port.onmessage = ({ data }) => this.#take(data);
    port.postMessage({ type: 'ready' });
  }

  /** @param {any} message */
  #take(message) {
    if (message?.type === 'start') this.#element.start();
    else if (message?.type === 'cancel') this.#element.cancel();
    else if (message?.type === 'session' || message?.type === 'nosession') this.#settle(message);
  }

  /** @param {string} outcome @param {any} detail */
  #tell(outcome, detail) {
    const why = outcome === 'error' ? { problem: detail?.problem } : {};
    this.#port.postMessage({ type: 'outcome', outcome, canRetry: Boolean(detail?.canRetry), ...why });
  }

  /** @param {SessionRequest} request @returns {Promise<Session>} */
  #ask({ profile, light, jwk }) {
    const id = (this.#asked += 1);
    this.#port.postMessage({ type: 'session', id, request: { profile, light, jwk } });
    // Who gave up waiting asks anew under another id; the element's own timeout ends this wait.
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** @param {any} message */
  #settle({ type, id, session, problem }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (type === 'session' && usable(session)) waiting?.resolve(session);
    else waiting?.reject(Object.assign(new Error('the page has no session'), { problem }));
  }
}

/** @param {any} session */
function usable(session) {
  const { signalingUrl, clientToken } = session ?? {};
  return typeof clientToken === 'string' && typeof signalingUrl === 'string' && /^wss?:\/\//.test(signalingUrl);
}

/** @param {Element} element @param {any} settings */
function dress(element, settings) {
  for (const [name, allowed] of Object.entries(SETTINGS)) {
    const value = settings?.[name];
    if (allowed(value)) element.setAttribute(name, value === true ? '' : value);
  }
}

/**
 * The origins a frame's page names in `<meta name="face-liveness-hosts" content="https://bank.example …">`.
 * @param {Document} document
 */
export function hostsOf(document) {
  const content = document.querySelector('meta[name=face-liveness-hosts]')?.getAttribute('content') ?? '';
  return content.split(/\s+/).filter(Boolean);
}
