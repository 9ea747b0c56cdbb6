/**
 * Every state of the capture page, without a DOM: `reduce(model, event)` returns the next model and what must be done.
 *
 *     idle -> consent -> preparing -> adjusting -> connecting -> positioning -> challenging -> checking
 *                                                    any of them -> passed | failed | inconclusive | cancelled | error
 *
 * The tables are the whole truth about order: an event that a state does not name is ignored and changes nothing. In
 * `RESTING` states nothing is open and no time runs; every other state has a longest stay and takes `cancel`.
 * The page decides nothing: `passed` is what the server said, and only its token counts.
 */

/** @typedef {import('./typedefs.js').State} State */
/** @typedef {import('./typedefs.js').Model} Model */
/** @typedef {import('./typedefs.js').MachineEvent} MachineEvent */
/** @typedef {import('./typedefs.js').Effect} Effect */
/** @typedef {import('./typedefs.js').Problem} Problem */
/** @typedef {MachineEvent['type']} EventType */
/** @typedef {State|readonly State[]|typeof STAY} Target  a list: `CHOOSE` says which */

/** The event is taken and the state remains. */
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
  /** The browser asks for permission, and a person reads and answers. */
  preparing: 120,
  /** An unattended camera is turned off. */
  adjusting: 600,
  connecting: 20,
  positioning: 45,
  challenging: 30,
  checking: 60,
});

/** Longer limits of the profile `extended-time` (WCAG 2.2, 2.2.1), as the server's `EXTENDED_FACTOR`. */
export const EXTENDED_FACTOR = 10;

/** What a machine does is not extended.
 * @type {readonly State[]} */
const MACHINE_TIMED = Object.freeze(['connecting']);

/** @type {Readonly<Partial<Record<State, Problem>>>} */
export const PROBLEM_OF_TIMEOUT = Object.freeze({
  consent: 'too_slow',
  // A prompt nobody answered; what to do about it is the same as after a refusal.
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
/** Seconds a lost media connection may take to return, or the server to say what it made of that. Its own wait is 2. */
export const MEDIA_LOST_S = 5;
/** Seconds beyond the session's own expiry: the server should have the last word. As in the Python client. */
export const GRACE_S = 5;
/** Longest attempt whatever the server says, in seconds. As in the Python client. */
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

/** Every problem, and whether another attempt on this page may go better.
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

/** What the server's decision is called here, and the hint where it gave none.
 * @type {Readonly<Record<'pass'|'fail'|'inconclusive', {state: 'passed'|'failed'|'inconclusive', reason: string|null}>>} */
const DECISIONS = Object.freeze({
  pass: { state: 'passed', reason: null },
  fail: { state: 'failed', reason: 'not_verified' },
  inconclusive: { state: 'inconclusive', reason: 'try_again' },
});

/** What is over with an attempt. */
const OVER = Object.freeze({
  meter: Object.freeze({ light: null }),
  cameraOpen: false, guidance: null, hold: null, challenge: null, outcome: null, light: null,
});

/** What an attempt begins with; the person's choices are kept from one attempt to the next. */
const FRESH = Object.freeze({ ...OVER, done: 0, problem: null, reason: null, token: null, canRetry: false });

/**
 * The model before anything happened.
 * @param {import('./typedefs.js').Settings} [settings]
 * @returns {Model}
 */
export function initialModel({ profile = 'standard', lightWanted = false, renewable = false } = {}) {
  return Object.freeze({
    ...FRESH, state: 'idle', profile, lightWanted, renewable, cameras: [], cameraId: null, hidden: false, spent: false,
  });
}

/**
 * @template {EventType} T
 * @typedef {Extract<MachineEvent, {type: T}>} Of
 */

/** Which of several targets.
 * @type {{[T in EventType]?: (model: Model, event: Of<T>) => State}} */
const CHOOSE = {
  verdict: (_, { decision }) => DECISIONS[decision].state,
  progress: ({ challenge, state }, { id, outcome }) => (isLast(challenge, id) && outcome === 'done' ? 'checking' : state),
};

/** Events that are taken only when this holds.
 * @type {{[T in EventType]?: (model: Model, event: Of<T>) => boolean}} */
const GUARDS = {
  proceed: ({ cameraOpen }) => cameraOpen,
  retry: ({ canRetry }) => canRetry,
  progress: ({ challenge }, { id }) => challenge?.id === id,
  lightDone: ({ light }, { id }) => light?.id === id,
  verdict: (_, { decision }) => Object.hasOwn(DECISIONS, decision),
};

/** What an event writes into the model.
 * @type {{[T in EventType]?: (model: Model, event: Of<T>) => Partial<Model>}} */
const PATCHES = {
  start: (model, { profile, lightWanted, renewable }) => ({
    ...FRESH,
    profile: profile ?? model.profile,
    lightWanted: lightWanted ?? model.lightWanted,
    renewable: renewable ?? model.renewable,
    spent: false,
  }),
  retry: () => FRESH,
  chooseProfile: (_, { profile }) => ({ profile }),
  chooseLight: (_, { on }) => ({ lightWanted: on }),
  chooseCamera: (_, { deviceId }) => ({ cameraId: deviceId, cameraOpen: false, meter: FRESH.meter }),
  cameraReady: (_, { cameras, cameraId }) => ({ cameras: Object.freeze([...cameras]), cameraId, cameraOpen: true }),
  // A retry opens any camera, not the one that failed.
  cameraFailed: (_, { problem }) => ({ problem, cameraId: null }),
  cameraLost: () => ({ problem: 'camera_lost', cameraId: null }),
  meter: ({ meter }, { light }) => (meter.light === light ? {} : { meter: Object.freeze({ light }) }),
  sessionReady: () => ({ spent: true }),
  sessionFailed: (_, { problem }) => ({ problem }),
  fault: (_, { problem }) => ({ problem }),
  welcome: (model, { welcome }) => ({ profile: PROFILES.find((known) => known === welcome.profile) ?? model.profile }),
  closed: (_, { code }) => ({ problem: PROBLEM_OF_CLOSE[code] ?? PROBLEM_OF_OTHER_CLOSE }),
  expired: () => ({ problem: 'session_expired' }),
  hiddenTooLong: () => ({ problem: 'interrupted' }),
  mediaGone: () => ({ problem: 'media_lost' }),
  mediaLost: ({ state }) => (state === 'connecting' ? { problem: 'connect_timeout' } : {}),
  timeout: ({ state }) => ({ problem: PROBLEM_OF_TIMEOUT[state] ?? 'internal' }),
  guidance: (_, { code, hold_s = 0 }) => ({ guidance: code, hold: hold_s > 0 ? Object.freeze({ seconds: hold_s }) : null }),
  challenge: (_, { id, kind, step, steps, deadline_s }) => ({
    challenge: Object.freeze({ id, kind, step, steps, deadlineS: deadline_s }), outcome: null, guidance: null, hold: null,
  }),
  progress: ({ done }, { outcome }) => ({ outcome, done: done + (outcome === 'done' ? 1 : 0) }),
  light: ({ lightWanted }, { id, steps }) => (lightWanted ? { light: Object.freeze({ id, steps }) } : {}),
  lightDone: () => ({ light: null }),
  verdict: (_, { decision, hint, token }) => ({
    reason: DECISIONS[decision].reason && (hint || DECISIONS[decision].reason),
    token: decision === 'pass' ? token : null,
  }),
  hidden: () => ({ hidden: true }),
  visible: () => ({ hidden: false }),
};

/** What an event asks for; before what the state it leads to asks for.
 * @type {{[T in EventType]?: (model: Model, event: Of<T>, before: Model) => Effect[]}} */
const EFFECTS = {
  supported: ({ cameraId }) => [{ type: 'openCamera', deviceId: cameraId }],
  chooseCamera: (_, { deviceId }) => [{ type: 'stopMeter' }, { type: 'openCamera', deviceId }],
  cameraReady: (_, __, { state }) => (state === 'adjusting' ? [{ type: 'startMeter' }] : []),
  sessionReady: (_, { session }) => [{ type: 'connect', session }],
  socketOpen: ({ lightWanted }) => [{ type: 'sendHello', light: lightWanted }],
  welcome: (_, { welcome }) => [
    setTimer('attempt', Math.min(welcome.expires_in + GRACE_S, MAX_ATTEMPT_S)),
    { type: 'sendOffer', iceServers: welcome.ice_servers },
  ],
  answer: (_, { sdp }) => [{ type: 'acceptAnswer', sdp }],
  mediaUp: () => [{ type: 'clearTimer', timer: 'media' }],
  mediaLost: ({ state }) => (state === 'error' ? [] : [setTimer('media', MEDIA_LOST_S)]),
  light: ({ light }, { id, steps }) => [
    light ? { type: 'showLight', id, steps } : { type: 'sendLightShown', id, shownS: [] },
  ],
  lightDone: (_, { id, shownS }) => [{ type: 'sendLightShown', id, shownS }],
  cancel: (_, __, before) => leave(before),
  hiddenTooLong: (_, __, before) => leave(before),
  cameraLost: (_, __, before) => leave(before),
  hidden: ({ state }) => (STREAMING.includes(state) ? [setTimer('hidden', HIDDEN_S)] : []),
  visible: () => [{ type: 'clearTimer', timer: 'hidden' }],
};

/** What entering a state asks for. A terminal one frees everything (`FREE`).
 * @type {Readonly<Partial<Record<State, (model: Model) => Effect[]>>>} */
const ENTER = {
  preparing: () => [{ type: 'checkSupport' }],
  adjusting: () => [{ type: 'startMeter' }],
  connecting: ({ profile, lightWanted: light }) => [{ type: 'stopMeter' }, { type: 'requestSession', profile, light }],
};

/** What the host is told about an event, once everything is done.
 * @type {{[T in EventType]?: (model: Model, event: Of<T>) => Effect[]}} */
const TELL = {
  guidance: (_, { code, hold_s = 0 }) => [emit('guidance', { code, holdS: hold_s })],
  challenge: ({ challenge }) => (challenge ? [emit('challenge', { ...challenge })] : []),
  progress: ({ done }, { id, outcome }) => [emit('progress', { id, outcome, done })],
};

/** What the host is told about a state.
 * @type {Readonly<Partial<Record<State, (model: Model) => Effect>>>} */
const TELL_STATE = {
  adjusting: () => emit('ready', {}),
  passed: ({ token }) => emit('passed', { token: token ?? '' }),
  failed: ({ reason, canRetry }) => emit('failed', { reason: reason ?? '', canRetry }),
  inconclusive: ({ reason, canRetry }) => emit('inconclusive', { reason: reason ?? '', canRetry }),
  cancelled: () => emit('cancel', {}),
  error: ({ problem, canRetry }) => emit('error', { problem: problem ?? 'internal', canRetry }),
};

/** Closing what was never opened is no error.
 * @type {readonly Effect[]} */
const FREE = Object.freeze([
  { type: 'clearTimer', timer: 'all' }, { type: 'stopMeter' }, { type: 'closeCamera' }, { type: 'disconnect', code: 1000 },
]);

/**
 * Take one event. Returns the same model when nothing changed.
 * @param {Model} model
 * @param {MachineEvent} event
 * @returns {{model: Model, effects: readonly Effect[]}}
 */
export function reduce(model, event) {
  const state = next(model, event);
  if (state === null) return { model, effects: [] };
  const over = TERMINAL.includes(state) && state !== model.state ? OVER : null;
  const after = change(model, { ...call(PATCHES, event, model), ...over, state });
  const asked = call(EFFECTS, event, after, model) ?? [];
  return { model: after, effects: [...asked, ...timers(model, event, after), ...enter(model, after), ...tell(model, event, after)] };
}

/**
 * Seconds the model's state may last; null in a resting state.
 * @param {Model} model
 */
export function timeoutOf({ state, profile }) {
  const seconds = TIMEOUTS[state];
  if (seconds === undefined) return null;
  return profile === 'extended-time' && !MACHINE_TIMED.includes(state) ? seconds * EXTENDED_FACTOR : seconds;
}

/**
 * @param {Model} model
 * @param {MachineEvent} event
 * @returns {State|null} null when the event is not taken
 */
function next(model, event) {
  const target = Object.hasOwn(TRANSITIONS[model.state], event.type) ? TRANSITIONS[model.state][event.type] : undefined;
  if (target === undefined || call(GUARDS, event, model) === false) return null;
  if (target === STAY) return model.state;
  return Array.isArray(target) ? call(CHOOSE, event, model) : /** @type {State} */ (target);
}

/**
 * @param {Model} model
 * @param {Partial<Model>} patch
 * @returns {Model}
 */
function change(model, patch) {
  const differs = Object.entries(patch).some(([key, value]) => model[/** @type {keyof Model} */ (key)] !== value);
  if (!differs) return model;
  const after = { ...model, ...patch };
  return Object.freeze({ ...after, canRetry: canRetry(after) });
}

/** @param {Model} model */
function canRetry({ state, problem, spent, renewable }) {
  const worthIt = problem === null || PROBLEMS[problem];
  return TERMINAL.includes(state) && state !== 'passed' && worthIt && (!spent || renewable);
}

/**
 * @param {Model} before
 * @param {MachineEvent} event
 * @param {Model} after
 * @returns {Effect[]}
 */
function timers(before, event, after) {
  const seconds = timeoutOf(after);
  const renewed = RENEWS[after.state]?.includes(event.type);
  return seconds !== null && (before.state !== after.state || renewed) ? [setTimer('state', seconds)] : [];
}

/**
 * @param {Model} before
 * @param {Model} after
 * @returns {Effect[]}
 */
function enter(before, after) {
  if (before.state === after.state) return [];
  return TERMINAL.includes(after.state) ? [...FREE] : (ENTER[after.state]?.(after) ?? []);
}

/**
 * @param {Model} before
 * @param {MachineEvent} event
 * @param {Model} after
 * @returns {Effect[]}
 */
function tell(before, event, after) {
  const news = call(TELL, event, after) ?? [];
  if (before.state === after.state) return news;
  const arrival = TELL_STATE[after.state]?.(after);
  return [emit('statechange', { state: after.state, previous: before.state }), ...news, ...(arrival ? [arrival] : [])];
}

/**
 * The table's entry for this event, called.
 * @param {{[T in EventType]?: (...args: any[]) => any}} table
 * @param {MachineEvent} event
 * @param {Model} model
 * @param {Model} [before]
 */
function call(table, event, model, before) {
  return table[event.type]?.(model, event, before);
}

/**
 * @param {Model['challenge']} challenge
 * @param {number} id
 */
function isLast(challenge, id) {
  return challenge?.id === id && challenge.step >= challenge.steps;
}

/**
 * Tells the server that the person is gone, where it may be listening.
 * @param {Model} before
 * @returns {Effect[]}
 */
function leave({ state }) {
  return STREAMING.includes(state) ? [{ type: 'sendCancel' }] : [];
}

/**
 * @param {import('./typedefs.js').TimerName} timer
 * @param {number} seconds
 * @returns {Effect}
 */
function setTimer(timer, seconds) {
  return { type: 'setTimer', timer, seconds };
}

/**
 * @template {keyof import('./typedefs.js').EventDetails} Name
 * @param {Name} name
 * @param {import('./typedefs.js').EventDetails[Name]} detail
 * @returns {Effect}
 */
function emit(name, detail) {
  return /** @type {Effect} */ ({ type: 'emit', name, detail });
}
