/**
 * One attempt's way to the server: the WebSocket, the media connection, and what the browser says of what it sends.
 *
 * Reports as the machine's events. After `close` nothing is reported, whatever is still under way.
 */
import { Peer } from './peer.js';
import { CLOSE, SUBPROTOCOL, UnknownType, WireError, decodeServer, encode } from './wire.js';

/** @typedef {import('./typedefs.js').MachineEvent} MachineEvent */
/** @typedef {import('./typedefs.js').News} News */
/** @typedef {import('./typedefs.js').Ports} Ports */
/** @typedef {import('./typedefs.js').ServerMessage} ServerMessage */
/** @typedef {import('./typedefs.js').ClientMessage} ClientMessage */

/** Milliseconds between two `stats`: the server takes one a second. */
export const STATS_MS = 1000;

/** What this client calls itself. */
export const SDK = 'face-liveness/0.1.0';

export class Link {
  #ports;
  #session;
  #track;
  #report;
  #signaling;
  #closed = false;
  /** @type {Peer|null} */ #peer = null;
  /** @type {unknown} */ #timer = null;

  /**
   * @param {Pick<Ports, 'openSocket'|'createPeer'|'setTimer'|'clearTimer'>} ports
   * @param {import('./typedefs.js').Session} session
   * @param {MediaStreamTrack} track
   * @param {(event: MachineEvent) => void} report
   */
  constructor(ports, session, track, report) {
    this.#ports = ports;
    this.#session = session;
    this.#track = track;
    this.#report = report;
    this.#signaling = new Signaling(ports, session.signalingUrl);
    this.#signaling.listen((news) => this.#tell(eventOf(news)));
  }

  /** @param {boolean} light whether this person agreed to coloured light */
  hello(light) {
    const features = light ? ['stats', 'light'] : ['stats'];
    this.say({ type: 'hello', token: this.#session.clientToken, sdk: SDK, features });
  }

  /** @param {readonly import('./typedefs.js').IceServer[]} iceServers */
  async offer(iceServers) {
    const { createPeer } = this.#ports;
    const peer = (this.#peer = new Peer({ createPeer, iceServers, track: this.#track }));
    peer.addEventListener('up', () => this.#up());
    peer.addEventListener('lost', () => this.#tell({ type: 'mediaLost' }));
    peer.onCandidate = (candidate) => this.#mention({ type: 'candidate', ...candidate });
    this.say({ type: 'offer', sdp: await peer.offer() });
  }

  /** @param {string} sdp */
  async accept(sdp) {
    await this.#peer?.accept(sdp);
  }

  /** Send one message. Throws `WireError` when the server would refuse it. @param {ClientMessage} message */
  say(message) {
    if (!this.#closed) this.#signaling.send(message);
  }

  /** @param {number} [code] */
  close(code = CLOSE.OK) {
    this.#closed = true;
    this.#ports.clearTimer(this.#timer);
    this.#peer?.close();
    this.#signaling.close(code);
  }

  /** @param {MachineEvent} event */
  #tell(event) {
    if (!this.#closed) this.#report(event);
  }

  /** Say what the server can do without: what it would refuse is left out. @param {ClientMessage} message */
  #mention(message) {
    try {
      this.say(message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }

  #up() {
    this.#tell({ type: 'mediaUp' });
    if (this.#timer === null) this.#wait();
  }

  #wait() {
    if (!this.#closed) this.#timer = this.#ports.setTimer(() => void this.#measure(), STATS_MS);
  }

  async #measure() {
    const stats = await this.#peer?.stats().catch(() => null);
    if (stats && this.#signaling.takesStats) this.#mention(stats);
    this.#wait();
  }
}

/** @param {News} news @returns {MachineEvent} */
function eventOf(news) {
  if (news.type === 'open') return { type: 'socketOpen' };
  if (news.type !== 'message') return news;
  const { message } = news;
  if (message.type === 'welcome') return { type: 'welcome', welcome: message };
  return message.type === 'error' ? { type: 'closed', code: message.code } : message;
}

/** Longest handshake, in milliseconds: as in the Python client. */
export const HANDSHAKE_MS = 10_000;

/** RFC 6455, 7.1.5: there was no closing handshake. */
const ABNORMAL = 1006;

const OPEN = 1;

/**
 * The WebSocket of one attempt: subprotocol, time to connect, messages as data, and one end.
 *
 * Whatever arrives before `listen` is kept and handed over in order; after the end nothing is reported any more. A
 * browser cannot ping: that a server has gone quiet is noticed by the machine's own limits.
 */
export class Signaling {
  /** @type {News[]} */ #early = [];
  /** @type {((news: News) => void)|null} */ #listener = null;
  #over = false;
  /** @type {WebSocket|null} */ #socket = null;
  /** @type {unknown} */ #handshake = null;
  #ports;

  /** Whether the server takes the message `stats`: it came with the field `hold_s`, which is then always written. An
   * older server would close the socket. */
  takesStats = false;

  /** @param {Pick<Ports, 'openSocket'|'setTimer'|'clearTimer'>} ports @param {string} url */
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

  /** Close for a reason of ours; nothing is reported after it. @param {number} [code] */
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
