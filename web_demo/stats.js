/** What the browser says of the stream it sends, as the message `stats`: rates are those since the last reading. */

/** @typedef {import('./typedefs.js').StatsMessage} StatsMessage */
/**
 * Running totals of the outbound stream; `at` is the browser's own time of them, in milliseconds.
 * @typedef {{at: number, bytes: number, sent: number, captured: number}} Totals
 */

/** Turns the reports of one connection into messages, one after the other. */
export class StatsReader {
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
    if (!now || !before || now.at <= before.at) return null;
    return { ...rates(now, before), ...shape(outbound, source), ...health(entries, outbound) };
  }
}

/** @param {any} outbound @param {any} source @returns {Totals} */
function totals(outbound, source) {
  const sent = outbound.framesSent ?? outbound.framesEncoded ?? 0;
  return { at: outbound.timestamp, bytes: outbound.bytesSent ?? 0, sent, captured: source?.frames ?? NaN };
}

/** @param {Totals} now @param {Totals} before */
function rates(now, before) {
  const ms = now.at - before.at;
  const sent = now.sent - before.sent;
  // Captured, and not sent: the encoder was too slow, or the line too narrow. Not every browser counts what it captures.
  const dropped = now.captured - before.captured - sent;
  return {
    type: /** @type {const} */ ('stats'),
    fps: rounded((1000 * sent) / ms, 1),
    bitrate_kbps: rounded((8 * (now.bytes - before.bytes)) / ms, 0),
    ...(Number.isFinite(dropped) ? { dropped: Math.max(0, dropped) } : {}),
  };
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
