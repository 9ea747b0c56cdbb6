/** What the browser says of the stream it sends, as the message `stats`; rates are those since the last reading. */

/** @typedef {import('./typedefs.js').StatsMessage} StatsMessage */
/**
 * Running totals; `at` is the browser's own time of them in milliseconds, `unsent` the frames that were captured and not
 * sent: the encoder was too slow, or the line too narrow. Not every browser counts what it captures.
 * @typedef {{at: number, bytes: number, sent: number, unsent: number}} Totals
 */

/** Turns the reports of one connection into messages, one after the other. */
export class StatsReader {
  /** @type {Totals | null} */ #first = null;
  /** @type {Totals | null} */ #before = null;

  /**
   * The message for this report; null for the first one, which only starts the measurement, and as long as nothing is sent.
   * @param {RTCStatsReport} report
   * @returns {StatsMessage | null}
   */
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
  return {
    width: outbound.frameWidth ?? source?.width ?? 0,
    height: outbound.frameHeight ?? source?.height ?? 0,
  };
}

/** @param {any[]} entries @param {any} outbound */
function health(entries, outbound) {
  const rtt = roundTrip(entries);
  const limit = outbound.qualityLimitationReason;
  return { ...(rtt === undefined ? {} : { rtt_s: rounded(rtt, 3) }), ...(limit ? { quality_limit: limit } : {}) };
}

/** The receiver's own report where there is one, else the connectivity checks of the pair in use; seconds.
 * @param {any[]} entries
 * @returns {number | undefined} */
function roundTrip(entries) {
  const heard = entries.find(({ type, kind }) => type === 'remote-inbound-rtp' && kind === 'video');
  const pair = entries.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
  return heard?.roundTripTime ?? pair?.currentRoundTripTime;
}

/** @param {number} value @param {number} digits */
function rounded(value, digits) {
  return Number(value.toFixed(digits));
}
