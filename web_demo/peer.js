/**
 * The connection that carries the picture to the server: one video track, one way.
 *
 * The server keeps the right to choose: it puts VP8 first in its answer and writes into it where the bitrate starts.
 */
/** @typedef {import('./typedefs.js').IceServer} IceServer */
/** @typedef {import('./typedefs.js').StatsMessage} StatsMessage */
/** @typedef {Pick<import('./typedefs.js').Candidate, 'candidate'|'sdp_mid'|'sdp_mline_index'>} CandidateFields */
/** @typedef {(config: RTCConfiguration) => RTCPeerConnection} CreatePeer */
/** @typedef {import('./typedefs.js').Totals} Totals */

/** Ceiling of the bitrate as a multiple of where the answer lets it start: 2.5 Mbit/s by default, as the Python client.
 * Browsers by themselves stop at 1.7 for this size. A choice. */
const HEADROOM = 5 / 3;

/** Tells `up` and `lost`; a lost connection may come up again. Whoever makes one must `close` it. */
export class Peer extends EventTarget {
  #pc;
  #sender;
  #reader = new StatsReader();

  /** @type {((candidate: CandidateFields) => void) | null} called with each candidate, at last with `candidate: null` */
  onCandidate = null;

  /** @param {{createPeer: CreatePeer, iceServers: readonly IceServer[], track: MediaStreamTrack}} setup */
  constructor({ createPeer, iceServers, track }) {
    super();
    // With `detail`, a screen's, Chromium 156 sent 0.7 Mbit/s in place of 2.5, and a pulse came through 7 dB weaker.
    track.contentHint = 'motion';
    this.#pc = createPeer({ iceServers: iceServers.map(usable) });
    this.#pc.onconnectionstatechange = () => this.#report();
    this.#pc.onicecandidate = ({ candidate }) => this.#found(candidate);
    this.#sender = this.#pc.addTransceiver(track, { direction: 'sendonly' }).sender;
  }

  /** The offer to send. Candidates follow it through `onCandidate`, never before who awaits this has it. */
  async offer() {
    await this.#pc.setLocalDescription();
    return this.#pc.localDescription?.sdp ?? '';
  }

  /** Take the server's answer, and from it the bounds of what is sent. Rejects an unusable one. @param {string} sdp */
  async accept(sdp) {
    await this.#pc.setRemoteDescription({ type: 'answer', sdp });
    await this.#bound(maxBitrate(sdp)).catch(() => {}); // wishes: a browser that knows none of them still sends
  }

  /** What was sent since the last call; null for the first one and while nothing is sent. */
  async stats() {
    return this.#reader.read(await this.#pc.getStats());
  }

  /** The track stays as it is, and nothing is reported any more. */
  close() {
    this.#pc.onconnectionstatechange = this.#pc.onicecandidate = null;
    this.#pc.close();
  }

  /** @param {RTCIceCandidate | null} candidate */
  #found(candidate) {
    // An empty one marks the end of a section in some browsers; null, the end of all, follows it.
    if (candidate?.candidate !== '') this.onCandidate?.(fields(candidate));
  }

  #report() {
    const state = this.#pc.connectionState;
    if (state === 'connected') this.dispatchEvent(new Event('up'));
    if (state === 'disconnected' || state === 'failed') this.dispatchEvent(new Event('lost'));
  }

  /** @param {number | null} bitrate bit/s */
  async #bound(bitrate) {
    const parameters = this.#sender.getParameters();
    // Less sharp or less often, never smaller: the server measures in pixels of a face.
    parameters.degradationPreference = 'maintain-resolution';
    for (const encoding of parameters.encodings) if (bitrate) encoding.maxBitrate = bitrate;
    await this.#sender.setParameters(parameters);
  }
}

/**
 * The most to send, in bit/s: what the answer's `b=` line allows (RFC 8866, 5.8; RFC 3890), else what its start
 * bitrate lets expect, else null.
 * @param {string} answer
 */
export function maxBitrate(answer) {
  const allowed = number(answer, /^b=TIAS:(\d+)/m) ?? kilo(number(answer, /^b=AS:(\d+)/m));
  const start = number(answer, /x-google-start-bitrate=(\d+)/);
  return allowed ?? (start ? Math.round(1000 * start * HEADROOM) : null);
}

/** @param {string} text @param {RegExp} pattern */
function number(text, pattern) {
  const found = pattern.exec(text);
  return found ? Number(found[1]) : null;
}

/** @param {number | null} value */
const kilo = (value) => (value === null ? null : 1000 * value);

/** STUN has no credentials, and a browser refuses a TURN server with empty ones. @param {IceServer} server */
function usable({ urls, username, credential }) {
  return { urls: [...urls], ...(username ? { username, credential } : {}) };
}

/** @param {RTCIceCandidate | null} candidate @returns {CandidateFields} */
function fields(candidate) {
  if (!candidate) return { candidate: null };
  return { candidate: candidate.candidate, sdp_mid: candidate.sdpMid, sdp_mline_index: candidate.sdpMLineIndex };
}

/** Turns the reports of one connection into messages `stats`, one after the other; rates are those since the last one. */
export class StatsReader {
  /** @type {Totals | null} */ #first = null;
  /** @type {Totals | null} */ #before = null;

  /** Null for the first report, and as long as nothing is sent. @param {RTCStatsReport} report @returns {StatsMessage | null} */
  read(report) {
    const entries = [...report.values()];
    const outbound = entries.find(({ type, kind }) => type === 'outbound-rtp' && kind === 'video');
    const source = entries.find(({ type, kind }) => type === 'media-source' && kind === 'video');
    const before = this.#before;
    const now = outbound ? totals(outbound, source) : null;
    this.#before = now;
    this.#first ??= now; // what was captured before anything was sent is nobody's loss
    if (!now || !before || !this.#first || now.at <= before.at) return null;
    return { ...rates(now, before), ...dropped(now, this.#first), ...shape(outbound, source), ...health(entries, outbound) };
  }
}

/** @param {any} outbound @param {any} source @returns {Totals} */
function totals(outbound, source) {
  const sent = outbound.framesSent ?? outbound.framesEncoded ?? 0;
  return { at: outbound.timestamp, bytes: outbound.bytesSent ?? 0, sent, unsent: source?.frames - sent };
}

/** @param {Totals} now @param {Totals} before */
function rates(now, before) {
  const ms = now.at - before.at;
  return {
    type: /** @type {const} */ ('stats'),
    fps: rounded((1000 * (now.sent - before.sent)) / ms, 1),
    bitrate_kbps: rounded((8 * (now.bytes - before.bytes)) / ms, 0),
  };
}

/** @param {Totals} now @param {Totals} first */
function dropped(now, first) {
  const frames = now.unsent - first.unsent;
  return Number.isFinite(frames) ? { dropped: Math.max(0, frames) } : {};
}

/** @param {any} outbound @param {any} source */
function shape(outbound, source) {
  return { width: outbound.frameWidth ?? source?.width ?? 0, height: outbound.frameHeight ?? source?.height ?? 0 };
}

/** @param {any[]} entries @param {any} outbound */
function health(entries, outbound) {
  const rtt = roundTrip(entries);
  const limit = outbound.qualityLimitationReason;
  return { ...(rtt === undefined ? {} : { rtt_s: rounded(rtt, 3) }), ...(limit ? { quality_limit: limit } : {}) };
}

/** The receiver's own report where there is one, else the connectivity checks of the pair in use; seconds.
 * @param {any[]} entries */
function roundTrip(entries) {
  const heard = entries.find(({ type, kind }) => type === 'remote-inbound-rtp' && kind === 'video');
  const pair = entries.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
  return heard?.roundTripTime ?? pair?.currentRoundTripTime;
}

/** @param {number} value @param {number} digits */
function rounded(value, digits) {
  return Number(value.toFixed(digits));
}
