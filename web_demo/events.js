/**
 * Names of the events that `<face-liveness>` sends: bubbling, composed CustomEvents. A leaf.
 *
 * What each `detail` holds stands in `typedefs.js` (`EventDetails`). No event carries a score: the wire has none.
 */

/** @type {Readonly<Record<string, keyof import('./typedefs.js').EventDetails>>} */
export const EVENT = Object.freeze({
  /** The camera is open and the person may go on. */
  READY: 'ready',
  /** The server says what the person should change now; `ok` means hold as you are. */
  GUIDANCE: 'guidance',
  /** The person is asked to do something. */
  CHALLENGE: 'challenge',
  /** How the last challenge ended. */
  PROGRESS: 'progress',
  /** The server passed the person; `detail.token` is for the host's backend to verify. */
  PASSED: 'passed',
  /** The server refused the person. */
  FAILED: 'failed',
  /** The server could not tell; another attempt may. */
  INCONCLUSIVE: 'inconclusive',
  /** The attempt ended without a verdict. */
  ERROR: 'error',
  /** The person gave up. */
  CANCEL: 'cancel',
  /** The element went from one state to another. */
  STATE_CHANGE: 'statechange',
  /** A retry needs a session and the element has no `requestSession` to ask for one. */
  SESSION_NEEDED: 'sessionneeded',
});

/** Every event name there is. */
export const EVENTS = Object.freeze(Object.values(EVENT));
