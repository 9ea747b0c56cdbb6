/**
 * One attempt's way to the server: the WebSocket, the media connection, and what the browser says of what it sends.
 *
 * Reports as the machine's events. After `close` nothing is reported, whatever is still under way.
 */
import { Peer } from './peer.js';
import { Signaling } from './signaling.js';
import { CLOSE, WireError } from './wire.js';

/** @typedef {import('./typedefs.js').MachineEvent} MachineEvent */
/** @typedef {import('./typedefs.js').Ports} Ports */

/** Between two readings of the sender's statistics, in milliseconds: the server takes one a second. */
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

  /**
   * Send one message. Throws `WireError` when the server would refuse it.
   * @param {import('./typedefs.js').ClientMessage} message
   */
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

  /**
   * Say what the server can do without: what it would refuse is left out.
   * @param {import('./typedefs.js').ClientMessage} message
   */
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

/** @param {import('./signaling.js').News} news @returns {MachineEvent} */
function eventOf(news) {
  if (news.type === 'open') return { type: 'socketOpen' };
  if (news.type !== 'message') return news;
  const { message } = news;
  if (message.type === 'welcome') return { type: 'welcome', welcome: message };
  return message.type === 'error' ? { type: 'closed', code: message.code } : message;
}
