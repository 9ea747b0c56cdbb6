/**
 * Messages of the WebSocket subprotocol `liveness.v1`, as a page reads and writes them. A leaf.
 *
 * `tests/contract/*.json` holds the Python server, its client and this to the same vectors. Unknown fields are refused in
 * client messages and ignored in server messages, so that a newer server may add one; so may it a message, which a page
 * passes over.
 */

/** @typedef {import('./typedefs.js').ServerMessage} ServerMessage */
/** @typedef {import('./typedefs.js').ClientMessage} ClientMessage */

export const SUBPROTOCOL = 'liveness.v1';

export const MAX_MESSAGE_BYTES = 64 * 1024;
export const MAX_SDP_CHARS = 32 * 1024;
export const MAX_CANDIDATE_CHARS = 1024;
export const MAX_FEATURES = 8;
export const MAX_LIGHT_STEPS = 16;
export const MAX_SHOWN_S = 60;
export const MAX_RATE = 1000;
export const MAX_SIDE = 16384;
export const MAX_BITRATE_KBPS = 1e6;
export const MAX_RTT_S = 60;
export const MAX_DROPPED = 1e9;

/** One close code per reason (RFC 6455 §7.4.2: 4000-4999 are private use). */
export const CLOSE = Object.freeze({
  OK: 1000,
  MESSAGE_TOO_BIG: 1009,
  SERVICE_RESTART: 1012,
  INTERNAL: 4000,
  TOKEN_INVALID: 4001,
  SESSION_EXPIRED: 4002,
  SESSION_USED: 4003,
  PROTOCOL_VIOLATION: 4004,
  SDP_INVALID: 4005,
  CONNECT_TIMEOUT: 4006,
  MEDIA_LOST: 4007,
  SERVER_OVERLOAD: 4008,
  CANCELLED: 4009,
  SESSION_DELETED: 4010,
  HELLO_TIMEOUT: 4011,
});

/** A text is no message of this protocol; it is never repeated. */
export class WireError extends Error {
  name = 'WireError';
}

/** A message of a type that this version does not know. */
export class UnknownType extends WireError {
  name = 'UnknownType';
}

/** @typedef {(value: unknown) => any} Rule  takes a decoded value, returns the field's or throws `WireError` */
/** @typedef {{rule: Rule, fallback?: unknown}} Field  without `fallback` the field is obligatory */
/** @typedef {Readonly<Record<string, Field>>} Fields */

/** @type {Rule} */
function unicode(value) {
  // JSON may spell a lone surrogate, which no UTF-8 text holds.
  return holds(typeof value === 'string' && /** @type {any} */ (value).isWellFormed(), value);
}

/** @type {(least?: number, most?: number) => Rule} */
const text = (least = 0, most = Infinity) => (value) => holds(within(unicode(value).length, least, most), value);

/** @type {(...allowed: string[]) => Rule} */
const oneOf = (...allowed) => (value) => holds(allowed.includes(/** @type {string} */ (value)), value);

/** JavaScript has one kind of number: `3.0` reads as the integer 3 here and is refused by Python.
 * @type {(least?: number, most?: number) => Rule} */
const integer = (least = -Infinity, most = Infinity) => (value) =>
  holds(Number.isSafeInteger(value) && within(value, least, most), value);

/** @type {(least?: number, most?: number) => Rule} */
const number = (least = -Infinity, most = Infinity) => (value) =>
  holds(Number.isFinite(value) && within(value, least, most), value);

/** @type {Rule} */
const colour = (value) => holds(typeof value === 'string' && /^#[0-9a-f]{6}$/.test(value), value);

/** @type {(item: Rule, least?: number, most?: number) => Rule} */
const array = (item, least = 0, most = Infinity) => (value) => {
  holds(Array.isArray(value) && within(value.length, least, most), value);
  return Object.freeze(/** @type {unknown[]} */ (value).map((each) => item(each)));
};

/** @type {(rule: Rule) => Rule} */
const nullable = (rule) => (value) => (value === null ? null : rule(value));

/** @type {(fields: Fields) => Rule} */
const record = (fields) => (value) => build(fields, value);

/** @type {(rule: Rule) => Field} */
const must = (rule) => ({ rule });

/** @type {(rule: Rule, fallback: unknown) => Field} */
const may = (rule, fallback) => ({ rule, fallback });

/** @type {readonly unknown[]} */
const NONE = Object.freeze([]);
const SECONDS = number(0, 10);

const ICE_SERVER = record({ urls: must(array(unicode)), username: may(text(), ''), credential: may(text(), '') });
const LIGHT_STEP = record({ colour: must(colour), duration_s: must(SECONDS), ramp_s: must(SECONDS) });

/** @type {Readonly<Record<string, Fields>>} */
export const SERVER_MESSAGES = Object.freeze({
  welcome: {
    session_id: must(text()),
    profile: must(text()),
    expires_in: must(number()),
    ice_servers: may(array(ICE_SERVER), NONE),
  },
  answer: { sdp: must(text()) },
  guidance: { code: must(text()), hold_s: may(number(0), 0) },
  challenge: {
    id: must(integer()),
    kind: must(text()),
    deadline_s: must(number()),
    step: must(integer()),
    steps: must(integer()),
  },
  progress: { id: must(integer()), outcome: must(oneOf('done', 'retry')) },
  light: { id: must(integer()), steps: must(array(LIGHT_STEP, 1, MAX_LIGHT_STEPS)) },
  verdict: { decision: must(oneOf('pass', 'fail', 'inconclusive')), hint: may(text(), ''), token: may(text(), '') },
  error: { code: must(integer()), reason: must(text()) },
});

/** @type {Readonly<Record<string, Fields>>} */
export const CLIENT_MESSAGES = Object.freeze({
  hello: {
    token: must(text(16, 256)),
    sdk: may(text(0, 64), ''),
    features: may(array(text(1, 32), 0, MAX_FEATURES), NONE),
  },
  offer: { sdp: must(text(1, MAX_SDP_CHARS)) },
  candidate: {
    candidate: may(nullable(text(0, MAX_CANDIDATE_CHARS)), null),
    sdp_mid: may(nullable(text(0, 16)), null),
    sdp_mline_index: may(nullable(integer(0, 8)), null),
  },
  cancel: {},
  light_shown: { id: must(integer()), shown_s: may(array(number(0, MAX_SHOWN_S), 0, MAX_LIGHT_STEPS), NONE) },
  stats: {
    fps: must(number(0, MAX_RATE)),
    width: must(integer(0, MAX_SIDE)),
    height: must(integer(0, MAX_SIDE)),
    bitrate_kbps: must(number(0, MAX_BITRATE_KBPS)),
    rtt_s: may(nullable(number(0, MAX_RTT_S)), null),
    dropped: may(nullable(integer(0, MAX_DROPPED)), null),
    quality_limit: may(nullable(oneOf('none', 'cpu', 'bandwidth', 'other')), null),
  },
});

/** Read one text frame from the server. Throws `WireError`, `UnknownType`. @param {string} frame @returns {ServerMessage} */
export function decodeServer(frame) {
  return decode(SERVER_MESSAGES, frame);
}

/** Read what a client wrote. Throws `WireError`, `UnknownType`. @param {string} frame @returns {ClientMessage} */
export function decodeClient(frame) {
  return decode(CLIENT_MESSAGES, frame, true);
}

/** Write a message, held to what the server takes. Throws `WireError`. @param {ClientMessage} message */
export function encode(message) {
  const frame = JSON.stringify(message);
  decodeClient(frame);
  return frame;
}

/** @param {Readonly<Record<string, Fields>>} messages @param {string} frame @param {boolean} [strict] @returns {any} */
function decode(messages, frame, strict = false) {
  const { type, ...rest } = object(parse(frame));
  const fields = messages[known(messages, type)] ?? {};
  if (strict) holds(Object.keys(rest).every((name) => Object.hasOwn(fields, name)), rest);
  return Object.freeze({ type, ...build(fields, rest) });
}

/** @type {(frame: string) => unknown} */
function parse(frame) {
  holds(typeof frame === 'string' && frame.length <= MAX_MESSAGE_BYTES, frame);
  try {
    return JSON.parse(frame);
  } catch {
    throw new WireError('not JSON');
  }
}

/** @type {(value: unknown) => Record<string, unknown>} */
function object(value) {
  return holds(typeof value === 'object' && value !== null && !Array.isArray(value), value);
}

/** @type {(messages: Readonly<Record<string, Fields>>, type: unknown) => string} */
function known(messages, type) {
  const name = unicode(type);
  if (!Object.hasOwn(messages, name)) throw new UnknownType('a message of an unknown type');
  return name;
}

/** @param {Fields} fields @param {unknown} value */
function build(fields, value) {
  const given = object(value);
  const entries = Object.entries(fields).map(([name, field]) => [name, read(name, field, given)]);
  return Object.freeze(Object.fromEntries(entries));
}

/** @type {(name: string, field: Field, given: Record<string, unknown>) => unknown} */
function read(name, { rule, fallback }, given) {
  if (Object.hasOwn(given, name)) return rule(given[name]);
  if (fallback === undefined) throw new WireError(`${name} is missing`);
  return fallback;
}

/** @type {(value: any, least: number, most: number) => boolean} */
function within(value, least, most) {
  return value >= least && value <= most;
}

/** @type {<T>(truth: boolean, value: T) => any} */
function holds(truth, value) {
  if (!truth) throw new WireError('a message is malformed');
  return value;
}
