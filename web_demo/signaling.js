/**
 * The WebSocket of one attempt: subprotocol, time to connect, messages as data, and one end.
 *
 * Whatever arrives before `listen` is kept and handed over in order; after the end nothing is reported any more. A
 * browser cannot ping: that a server has gone quiet is noticed by the machine's own limits.
 */
import { CLOSE, SUBPROTOCOL, UnknownType, WireError, decodeServer, encode } from './wire.js';

/** @typedef {import('./typedefs.js').ServerMessage} ServerMessage */
/** @typedef {import('./typedefs.js').ClientMessage} ClientMessage */

/**
 * What a socket tells; the last is always `closed` or `fault`.
 * @typedef {{type: 'open'} | {type: 'message', message: ServerMessage} | {type: 'closed', code: number}
 *   | {type: 'fault', problem: import('./typedefs.js').Problem}} News
 */

/** Longest handshake, in milliseconds: as in the Python client. */
export const HANDSHAKE_MS = 10_000;

/** RFC 6455, 7.1.5: the connection went without a closing handshake. */
export const ABNORMAL = 1006;

const OPEN = 1;

export class Signaling {
  /** @type {News[]} */ #early = [];
  /** @type {((news: News) => void)|null} */ #listener = null;
  #over = false;
  /** @type {WebSocket|null} */ #socket = null;
  /** @type {unknown} */ #handshake = null;
  #ports;

  /** Whether the server is new enough to take the message `stats`: it came with the field `hold_s`, which a server that
   * knows it always writes. An older one would close the socket. */
  takesStats = false;

  /** @param {Pick<import('./typedefs.js').Ports, 'openSocket'|'setTimer'|'clearTimer'>} ports @param {string} url */
  constructor(ports, url) {
    this.#ports = ports;
    try {
      this.#follow(ports.openSocket(url, SUBPROTOCOL));
    } catch {
      // Not a WebSocket address, or one that this page may not open (`ws:` from a page with TLS).
      this.#end({ type: 'fault', problem: 'internal' });
    }
  }

  /** @param {(news: News) => void} listener */
  listen(listener) {
    this.#listener = listener;
    for (const news of this.#early.splice(0)) listener(news);
  }

  /**
   * Send one message; a socket that is not open takes nothing, which `closed` reports. Throws `WireError`.
   * @param {ClientMessage} message
   */
  send(message) {
    const frame = encode(message);
    if (!this.#over && this.#socket?.readyState === OPEN) this.#socket.send(frame);
  }

  /**
   * Close for a reason of ours; nothing is reported after it.
   * @param {number} [code]
   */
  close(code = CLOSE.OK) {
    this.#early.length = 0;
    this.#release(code);
  }

  /** @param {WebSocket} socket */
  #follow(socket) {
    this.#socket = socket;
    const giveUp = () => this.#end({ type: 'fault', problem: 'connect_timeout' });
    this.#handshake = this.#ports.setTimer(giveUp, HANDSHAKE_MS);
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = ({ code }) => this.#end({ type: 'closed', code: code || ABNORMAL });
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    this.#ports.clearTimer(this.#handshake);
    if (socket.protocol === SUBPROTOCOL) this.#tell({ type: 'open' });
    else this.#end({ type: 'fault', problem: 'internal' });
  }

  /** @param {unknown} frame */
  #take(frame) {
    const message = this.#read(frame);
    if (message === null) return;
    // The server says why before it closes; a browser may lose the code on the way.
    if (message.type === 'error') this.#end({ type: 'closed', code: message.code });
    else this.#tell({ type: 'message', message });
  }

  /** @param {unknown} frame @returns {ServerMessage|null} */
  #read(frame) {
    try {
      const message = decodeServer(/** @type {string} */ (frame));
      this.takesStats ||= message.type === 'guidance' && String(frame).includes('"hold_s"');
      return message;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (!(error instanceof UnknownType)) this.#end({ type: 'fault', problem: 'internal' }, CLOSE.PROTOCOL_VIOLATION);
      return null;
    }
  }

  /** @param {News} news */
  #tell(news) {
    if (!this.#over) this.#deliver(news);
  }

  /** @param {News} last @param {number} [code] */
  #end(last, code = CLOSE.OK) {
    if (this.#over) return;
    this.#release(code);
    this.#deliver(last);
  }

  /** @param {News} news */
  #deliver(news) {
    if (this.#listener) this.#listener(news);
    else this.#early.push(news);
  }

  /** @param {number} code */
  #release(code) {
    this.#over = true;
    this.#ports.clearTimer(this.#handshake);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }
}
