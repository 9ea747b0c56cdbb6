/**
 * What the capture page does, without a DOM: `reduce(model, event)` returns the next model and what must be done.
 *
 * The order of things is in `states.js`; here is what each event writes, asks for and tells.
 */
import {
  EXTENDED_FACTOR, GRACE_S, HIDDEN_S, MACHINE_TIMED, MAX_ATTEMPT_S, MEDIA_LOST_S, PROBLEMS, PROBLEM_OF_CLOSE,
  PROBLEM_OF_OTHER_CLOSE, PROBLEM_OF_TIMEOUT, PROFILES, RENEWS, STAY, STREAMING, TERMINAL, TIMEOUTS, TRANSITIONS,
} from './states.js';
import { CLOSE } from './wire.js';

export * from './states.js';

/** @typedef {import('./typedefs.js').State} State */
/** @typedef {import('./typedefs.js').Model} Model */
/** @typedef {import('./typedefs.js').MachineEvent} MachineEvent */
/** @typedef {import('./typedefs.js').Effect} Effect */
/** @typedef {MachineEvent['type']} EventType */

/** What the server's decision is called here, and the hint where it gave none.
 * @type {Readonly<Record<'pass'|'fail'|'inconclusive', {state: State, reason: string|null}>>} */
const DECISIONS = Object.freeze({
  pass: { state: 'passed', reason: null },
  fail: { state: 'failed', reason: 'not_verified' },
  inconclusive: { state: 'inconclusive', reason: 'try_again' },
});

/** What ends with an attempt. */
const OVER = Object.freeze({
  meter: Object.freeze({ light: null }),
  cameraOpen: false, guidance: null, hold: null, challenge: null, outcome: null, light: null,
});

/** What an attempt begins with, besides the person's choices. */
const FRESH = Object.freeze({
  ...OVER, sessionProfile: null, done: 0, problem: null, reason: null, token: null, canRetry: false,
});

/** The model before anything happened. @param {import('./typedefs.js').Settings} [settings] @returns {Model} */
export function initialModel({ profile = 'standard', lightWanted = false, renewable = false } = {}) {
  return Object.freeze({
    ...FRESH, state: 'idle', profile, lightWanted, renewable, cameras: [], cameraId: null, hidden: false, spent: false,
  });
}

/** @template {EventType} T @typedef {Extract<MachineEvent, {type: T}>} Of */

/** Which of several targets.
 * @type {{[T in EventType]?: (model: Model, event: Of<T>) => State}} */
const CHOOSE = {
  verdict: (_, { decision }) => DECISIONS[decision].state,
  progress: ({ challenge, state }, { outcome }) => (outcome === 'done' && isLast(challenge) ? 'checking' : state),
};

/** Events that are taken only when this holds.
 * @type {{[T in EventType]?: (model: Model, event: Of<T>) => boolean}} */
const GUARDS = {
  proceed: ({ cameraOpen }) => cameraOpen,
  retry: ({ canRetry }) => canRetry,
  progress: ({ challenge, outcome }, { id }) => challenge?.id === id && outcome === null,
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
  welcome: (_, { welcome }) => ({ sessionProfile: PROFILES.find((known) => known === welcome.profile) ?? null }),
  closed: (_, { code }) => ({ problem: PROBLEM_OF_CLOSE[code] ?? PROBLEM_OF_OTHER_CLOSE }),
  expired: () => ({ problem: 'session_expired' }),
  hiddenTooLong: () => ({ problem: 'interrupted' }),
  mediaGone: () => ({ problem: 'media_lost' }),
  mediaLost: ({ state }) => (state === 'connecting' ? { problem: 'connect_timeout' } : {}),
  timeout: ({ state }) => ({ problem: PROBLEM_OF_TIMEOUT[state] ?? 'internal' }),
  guidance: (_, { code, hold_s: seconds = 0 }) => ({
    guidance: code,
    hold: seconds > 0 ? Object.freeze({ seconds }) : null,
  }),
  challenge: (_, { id, kind, step, steps, deadline_s: deadlineS }) => ({
    challenge: Object.freeze({ id, kind, step, steps, deadlineS }),
    outcome: null, guidance: null, hold: null,
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
  { type: 'clearTimer', timer: 'all' }, { type: 'stopMeter' }, { type: 'closeCamera' },
  { type: 'disconnect', code: CLOSE.OK },
]);

/**
 * Take one event. Returns the same model when nothing changed.
 * @param {Model} model @param {MachineEvent} event
 * @returns {{model: Model, effects: readonly Effect[]}}
 */
export function reduce(model, event) {
  const state = next(model, event);
  if (state === null) return { model, effects: [] };
  const over = TERMINAL.includes(state) && state !== model.state ? OVER : null;
  const after = change(model, { ...call(PATCHES, event, model), ...over, state });
  return { model: after, effects: effectsOf(model, event, after) };
}

/** @typedef {(before: Model, event: MachineEvent, after: Model) => Effect[]} Step */

/** @type {Step} */
function effectsOf(...step) {
  return [asked, timers, enter, tell].flatMap((part) => part(...step));
}

/** @type {Step} */
function asked(before, event, after) {
  return call(EFFECTS, event, after, before) ?? [];
}

/** Seconds the model's state may last; null in a resting state. @param {Model} model */
export function timeoutOf({ state, profile, sessionProfile }) {
  const seconds = TIMEOUTS[state];
  if (seconds === undefined) return null;
  const extended = (sessionProfile ?? profile) === 'extended-time' && !MACHINE_TIMED.includes(state);
  return extended ? seconds * EXTENDED_FACTOR : seconds;
}

/** @param {Model} model @param {MachineEvent} event @returns {State|null} null when the event is not taken */
function next(model, event) {
  const target = Object.hasOwn(TRANSITIONS[model.state], event.type) ? TRANSITIONS[model.state][event.type] : undefined;
  if (target === undefined || call(GUARDS, event, model) === false) return null;
  if (target === STAY) return model.state;
  return Array.isArray(target) ? call(CHOOSE, event, model) : /** @type {State} */ (target);
}

/** @param {Model} model @param {Partial<Model>} patch @returns {Model} */
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

/** @type {Step} */
function timers(before, event, after) {
  const seconds = timeoutOf(after);
  const renewed = RENEWS[after.state]?.includes(event.type);
  return seconds !== null && (before.state !== after.state || renewed) ? [setTimer('state', seconds)] : [];
}

/** @type {Step} */
function enter(before, _, after) {
  if (before.state === after.state) return [];
  return TERMINAL.includes(after.state) ? [...FREE] : (ENTER[after.state]?.(after) ?? []);
}

/** @type {Step} */
function tell(before, event, after) {
  const news = call(TELL, event, after) ?? [];
  if (before.state === after.state) return news;
  const arrival = TELL_STATE[after.state]?.(after);
  return [emit('statechange', { state: after.state, previous: before.state }), ...news, ...(arrival ? [arrival] : [])];
}

/**
 * The table's entry for this event, called.
 * @param {{[T in EventType]?: (...args: any[]) => any}} table @param {MachineEvent} event
 * @param {Model} model @param {Model} [before]
 */
function call(table, event, model, before) {
  return table[event.type]?.(model, event, before);
}

/** @param {Model['challenge']} challenge */
function isLast(challenge) {
  return challenge !== null && challenge.step >= challenge.steps;
}

/** Tells the server that the person is gone, where it may be listening. @param {Model} before @returns {Effect[]} */
function leave({ state }) {
  return STREAMING.includes(state) ? [{ type: 'sendCancel' }] : [];
}

/** @param {import('./typedefs.js').TimerName} timer @param {number} seconds @returns {Effect} */
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
