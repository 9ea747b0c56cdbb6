/**
 * The states of the capture page as data: what leads from one to another, how long each may last, what an end means.
 *
 *     idle -> consent -> preparing -> adjusting -> connecting -> positioning -> challenging -> checking
 *                                                    any of them -> passed | failed | inconclusive | cancelled | error
 *
 * An event that a state does not name is ignored. Every state but those at rest has a longest stay and takes `cancel`.
 */

/** @typedef {import('./typedefs.js').State} State */
/** @typedef {import('./typedefs.js').MachineEvent} MachineEvent */
/** @typedef {import('./typedefs.js').Problem} Problem */
/** @typedef {MachineEvent['type']} EventType */
/** @typedef {State|readonly State[]|typeof STAY} Target  a list: `CHOOSE` of `machine.js` says which */

/** The event is taken, the state remains. */
export const STAY = 'stay';

/** @type {readonly State[]} */
export const TERMINAL = Object.freeze(['passed', 'failed', 'inconclusive', 'cancelled', 'error']);

/** Nothing is open and no time runs.
 * @type {readonly State[]} */
export const RESTING = Object.freeze(['idle', ...TERMINAL]);

/** A session is being used: leaving the page for long ends it.
 * @type {readonly State[]} */
export const STREAMING = Object.freeze(['connecting', 'positioning', 'challenging', 'checking']);

/** @type {readonly import('./typedefs.js').Profile[]} */
export const PROFILES = Object.freeze(['standard', 'motion-free', 'extended-time']);

const VERDICT = Object.freeze(/** @type {const} */ (['passed', 'failed', 'inconclusive']));

const ACTIVE = Object.freeze(/** @type {const} */ ({
  cancel: 'cancelled', timeout: 'error', fault: 'error', hidden: STAY, visible: STAY,
}));

const LIVE = Object.freeze(/** @type {const} */ ({
  ...ACTIVE,
  cameraLost: 'error', closed: 'error', expired: 'error', hiddenTooLong: 'error', verdict: VERDICT,
}));

/** Of a stream that is up. What is merely early or late of the server's messages is taken, not refused. */
const MEDIA = Object.freeze(/** @type {const} */ ({
  ...LIVE,
  mediaUp: STAY, mediaLost: STAY, mediaGone: 'error', guidance: STAY, lightDone: STAY,
}));

/** @type {Readonly<Record<State, Readonly<Partial<Record<EventType, Target>>>>>} */
export const TRANSITIONS = Object.freeze({
  idle: { start: 'consent', hidden: STAY, visible: STAY },
  consent: { ...ACTIVE, consent: 'preparing', decline: 'cancelled', chooseProfile: STAY, chooseLight: STAY },
  preparing: { ...ACTIVE, supported: STAY, cameraReady: 'adjusting', cameraFailed: 'error' },
  adjusting: {
    ...ACTIVE,
    chooseCamera: STAY, cameraReady: STAY, cameraFailed: 'error', cameraLost: 'error', meter: STAY,
    chooseProfile: STAY, chooseLight: STAY, proceed: 'connecting',
  },
  connecting: {
    ...LIVE,
    sessionReady: STAY, sessionFailed: 'error', socketOpen: STAY, welcome: STAY, answer: STAY,
    mediaUp: 'positioning', mediaLost: 'error', guidance: 'positioning', challenge: 'challenging',
  },
  positioning: { ...MEDIA, challenge: 'challenging', light: 'checking' },
  challenging: { ...MEDIA, challenge: STAY, progress: ['challenging', 'checking'], light: 'checking' },
  checking: { ...MEDIA, challenge: 'challenging', light: STAY },
  passed: { start: 'consent', hidden: STAY, visible: STAY },
  failed: { start: 'consent', retry: 'preparing', hidden: STAY, visible: STAY },
  inconclusive: { start: 'consent', retry: 'preparing', hidden: STAY, visible: STAY },
  cancelled: { start: 'consent', retry: 'preparing', hidden: STAY, visible: STAY },
  error: { start: 'consent', retry: 'preparing', hidden: STAY, visible: STAY },
});

/** Longest stay, in seconds. The server's own limits (`engine/policy.py`, `challenges/rules.py`) are shorter, so that
 * it has the last word: 15 to the offer and to media each, 30 to a good position, 8 + 5 + 4 for one challenge with
 * 1.5 of grace each, and 8 + 20 + 1.5 + 8 of colours for what comes after. The others are choices.
 * @type {Readonly<Partial<Record<State, number>>>} */
export const TIMEOUTS = Object.freeze({
  consent: 900,
  preparing: 120, // the browser asks for permission
  adjusting: 600, // an unattended camera is turned off
  connecting: 20,
  positioning: 45,
  challenging: 30,
  checking: 60,
});

/** For the profile `extended-time` (WCAG 2.2, 2.2.1), as the server's. */
export const EXTENDED_FACTOR = 10;

/** What a machine does is not extended.
 * @type {readonly State[]} */
export const MACHINE_TIMED = Object.freeze(['connecting']);

/** @type {Readonly<Partial<Record<State, Problem>>>} */
export const PROBLEM_OF_TIMEOUT = Object.freeze({
  consent: 'too_slow',
  // A prompt nobody answered: what to do is the same as after a refusal.
  preparing: 'permission_denied',
  adjusting: 'too_slow',
  connecting: 'connect_timeout',
  positioning: 'server_gone',
  challenging: 'server_gone',
  checking: 'server_gone',
});

/** Signs of life that give a state its time anew.
 * @type {Readonly<Partial<Record<State, readonly EventType[]>>>} */
export const RENEWS = Object.freeze({
  consent: ['chooseProfile', 'chooseLight'],
  preparing: ['supported'],
  adjusting: ['chooseCamera', 'chooseProfile', 'chooseLight'],
  connecting: ['sessionReady', 'socketOpen', 'welcome'],
  challenging: ['challenge', 'progress'],
  checking: ['light'],
});

/** Seconds a page may be hidden while a session runs: a glance at a notification, not a phone call. A choice. */
export const HIDDEN_S = 5;
/** Seconds a lost media connection may take to return. The server itself waits 2. */
export const MEDIA_LOST_S = 5;
/** Seconds beyond the session's own expiry: the server should have the last word. */
export const GRACE_S = 5;
/** Longest attempt whatever the server says, in seconds. Both as in the Python client. */
export const MAX_ATTEMPT_S = 900;

/** What a close code of `liveness.v1` means to a person; the names are those of `tests/contract/close_codes.json`.
 * @type {Readonly<Record<number, Problem>>} */
export const PROBLEM_OF_CLOSE = Object.freeze({
  // Without a verdict before it, a good end is none.
  1000: 'server_gone',
  1009: 'internal',
  1012: 'server_gone',
  4000: 'internal',
  4001: 'token_invalid',
  4002: 'session_expired',
  4003: 'session_used',
  4004: 'internal',
  4005: 'internal',
  4006: 'connect_timeout',
  4007: 'media_lost',
  4008: 'overload',
  4009: 'interrupted',
  4010: 'session_expired',
  4011: 'connect_timeout',
});

/** Of any other code (1006 above all): the line, the server, or something between them.
 * @type {Problem} */
export const PROBLEM_OF_OTHER_CLOSE = 'server_gone';

/** Every problem, and whether another attempt may go better.
 * @type {Readonly<Record<Problem, boolean>>} */
export const PROBLEMS = Object.freeze({
  unsupported: false,
  insecure: false,
  policy_blocked: false,
  no_camera: true,
  permission_denied: true,
  camera_busy: true,
  camera_lost: true,
  camera_too_small: true,
  session_refused: true,
  token_invalid: true,
  session_used: true,
  session_expired: true,
  server_gone: true,
  connect_timeout: true,
  media_lost: true,
  overload: true,
  interrupted: true,
  too_slow: true,
  internal: true,
});
