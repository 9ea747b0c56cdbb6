/**
 * Runs what the machine asks for, and tells it what came of that. Everything outside is a port, so that a test can
 * script the lowest of it: WebSocket, RTCPeerConnection, camera, timers.
 *
 * An answer that comes after its attempt is over is dropped, and a camera that opens too late is stopped.
 */
import { Link } from './link.js';
import { PROBLEMS, RESTING, initialModel, reduce } from './machine.js';
import { MAX_SHOWN_S } from './wire.js';

/** @typedef {import('./typedefs.js').Effect} Effect */
/** @typedef {import('./typedefs.js').MachineEvent} MachineEvent */
/** @typedef {import('./typedefs.js').Model} Model */
/** @typedef {import('./typedefs.js').Problem} Problem */
/** @typedef {import('./typedefs.js').Session} Session */
/** @typedef {import('./typedefs.js').TimerName} TimerName */

/** What a timer that runs out means.
 * @type {Readonly<Record<TimerName, MachineEvent>>} */
const RUN_OUT = Object.freeze({
  state: { type: 'timeout' },
  attempt: { type: 'expired' },
  hidden: { type: 'hiddenTooLong' },
  media: { type: 'mediaGone' },
});

/** ECDSA with P-256 rather than Ed25519: every browser of the last ten years has it. */
const MAKE = Object.freeze({ name: 'ECDSA', namedCurve: 'P-256' });
const SIGN = Object.freeze({ name: 'ECDSA', hash: 'SHA-256' });

/**
 * The key a token is bound to, whose private half no script can read, this one included. Its public half travels with
 * the request for a session to the host's backend (`client_jwk`), which lets the server name it in the token
 * (`cnf.jkt`, RFC 7800): stolen on its way, that is then of no use to who cannot sign. `sign` answers ES256, 64 bytes.
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<import('./typedefs.js').Signer>}
 */
export async function senderKey(subtle = crypto.subtle) {
  const { privateKey, publicKey } = await subtle.generateKey(MAKE, false, ['sign']);
  // `ext` and `key_ops` are this browser's business.
  const { crv, kty, x, y } = await subtle.exportKey('jwk', publicKey);
  return {
    jwk: /** @type {JsonWebKey} */ ({ crv, kty, x, y }),
    sign: async (bytes) => new Uint8Array(await subtle.sign(SIGN, privateKey, bytes)),
  };
}

/** Dispatches `change` when `model` is another one. */
export class Controller extends EventTarget {
  #ports;
  #model;
  #busy = false;
  #disposed = false;
  #openings = 0;
  /** Ends with the attempt. */ #scope = new AbortController();
  /** @type {MachineEvent[]} */ #queue = [];
  /** @type {Map<TimerName, unknown>} */ #timers = new Map();
  /** @type {import('./typedefs.js').OpenCamera|null} */ #opened = null;
  /** @type {Link|null} */ #link = null;
  /** What the token of every attempt is bound to. @type {Promise<import('./typedefs.js').Signer>|null} */ #key = null;

  /** @param {import('./typedefs.js').Ports} ports @param {import('./typedefs.js').Settings} [settings] */
  constructor(ports, settings) {
    super();
    this.#ports = ports;
    this.#model = initialModel(settings);
    ports.camera.addEventListener('lost', () => this.send({ type: 'cameraLost' }));
  }

  /** What to show. @returns {Model} */
  get model() {
    return this.#model;
  }

  /** Let something have happened. What the model's state does not take is ignored. @param {MachineEvent} event */
  send(event) {
    if (this.#disposed) return;
    this.#queue.push(event);
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#step(next);
    this.#busy = false;
  }

  /** Cancel what runs, free everything, and never do anything again. */
  dispose() {
    this.#queue.length = 0;
    if (!RESTING.includes(this.#model.state)) this.send({ type: 'cancel' });
    this.#disposed = true;
  }

  /** @param {MachineEvent} event */
  #step(event) {
    const { model, effects } = reduce(this.#model, event);
    const changed = model !== this.#model;
    this.#model = model;
    if (changed) this.dispatchEvent(new Event('change'));
    for (const effect of effects) this.#run(effect);
  }

  /** @param {Effect} effect */
  #run(effect) {
    try {
      /** @type {(controller: Controller, effect: any) => unknown} */ (Controller.#RUN[effect.type])(this, effect);
    } catch {
      // One failing must not keep the next from freeing what it frees.
      this.send({ type: 'fault', problem: 'internal' });
    }
  }

  /** How each effect is done.
   * @type {{[T in Effect['type']]: (controller: Controller, effect: Extract<Effect, {type: T}>) => unknown}} */
  static #RUN = {
    checkSupport: (controller) => controller.#checkSupport(),
    openCamera: (controller, { deviceId }) => controller.#openCamera(deviceId),
    closeCamera: (controller) => controller.#closeCamera(),
    startMeter: (controller) => controller.#ports.meter.start(),
    stopMeter: (controller) => controller.#ports.meter.stop(),
    requestSession: (controller, { profile, light }) => controller.#requestSession(profile, light),
    connect: (controller, { session }) => controller.#connect(session),
    disconnect: (controller, { code }) => controller.#disconnect(code),
    sendHello: (controller, { light }) => controller.#link?.hello(light),
    sendOffer: (controller, { iceServers }) => controller.#answered(async () => controller.#link?.offer(iceServers)),
    acceptAnswer: (controller, { sdp }) => controller.#answered(async () => controller.#link?.accept(sdp)),
    sendCancel: (controller) => controller.#link?.say({ type: 'cancel' }),
    showLight: (controller, { id, steps }) => controller.#showLight(id, steps),
    sendLightShown: (controller, { id, shownS }) =>
      controller.#link?.say({ type: 'light_shown', id, shown_s: shownS.map(reportable) }),
    setTimer: (controller, { timer, seconds }) => controller.#setTimer(timer, seconds),
    clearTimer: (controller, { timer }) => controller.#clearTimer(timer),
    emit: (controller, { name, detail }) => controller.#ports.emit(name, /** @type {any} */ (detail)),
  };

  #checkSupport() {
    return this.#answered(async () => verdictOf(await this.#ports.support()));
  }

  /** @param {string|null} deviceId */
  async #openCamera(deviceId) {
    const opening = (this.#openings += 1);
    const event = await this.#open(opening, deviceId).catch((error) => cameraFailed(problemOf(error, 'internal')));
    if (opening === this.#openings) this.send(event);
  }

  /** @param {number} opening @param {string|null} deviceId @returns {Promise<MachineEvent>} */
  async #open(opening, deviceId) {
    const opened = await this.#ports.camera.open(deviceId ? { deviceId } : {});
    const { stream, settings, cameras } = opened;
    if (opening === this.#openings) this.#opened = opened;
    else for (const track of stream.getTracks()) track.stop();
    return { type: 'cameraReady', cameras, cameraId: settings.deviceId ?? null };
  }

  #closeCamera() {
    this.#openings += 1;
    this.#opened = null;
    this.#ports.camera.close();
  }

  /** @param {import('./typedefs.js').Profile} profile @param {boolean} light */
  #requestSession(profile, light) {
    const { senderKey: makeKey = senderKey, requestSession } = this.#ports;
    const key = (this.#key ??= makeKey());
    return this.#answered(
      async () => {
        const { jwk } = await key;
        return { type: 'sessionReady', session: session(await requestSession({ profile, light, jwk })) };
      },
      (error) => ({ type: 'sessionFailed', problem: problemOf(error, 'session_refused') }),
    );
  }

  /** @param {Session} given */
  #connect(given) {
    const { signal } = this.#scope;
    const track = this.#opened?.track;
    if (!track) throw new Error('the camera is open as long as a session is');
    this.#link = new Link(this.#ports, given, track, (event) => signal.aborted || this.send(event));
  }

  /** @param {number} code */
  #disconnect(code) {
    this.#scope.abort();
    this.#scope = new AbortController();
    this.#link?.close(code);
    this.#link = null;
  }

  /** @param {number} id @param {readonly import('./typedefs.js').LightStep[]} steps */
  #showLight(id, steps) {
    const { signal } = this.#scope;
    return this.#answered(
      async () => ({ type: 'lightDone', id, shownS: await this.#ports.showLight(steps, signal) }),
      () => ({ type: 'lightDone', id, shownS: [] }),
    );
  }

  /** Do something, and send the event it answers with, unless the attempt is over by then.
   * @param {() => Promise<MachineEvent|void>} work
   * @param {(error: unknown) => MachineEvent} [failed]
   */
  async #answered(work, failed = (error) => ({ type: 'fault', problem: problemOf(error, 'internal') })) {
    const { signal } = this.#scope;
    const event = await work().catch(failed);
    if (event && !signal.aborted) this.send(event);
  }

  /** @param {TimerName} timer @param {number} seconds */
  #setTimer(timer, seconds) {
    this.#clearTimer(timer);
    const handle = this.#ports.setTimer(() => this.send(RUN_OUT[timer]), 1000 * seconds);
    this.#timers.set(timer, handle);
  }

  /** @param {TimerName|'all'} timer */
  #clearTimer(timer) {
    for (const name of timer === 'all' ? [...this.#timers.keys()] : [timer]) {
      if (this.#timers.has(name)) this.#ports.clearTimer(this.#timers.get(name));
      this.#timers.delete(name);
    }
  }
}

/** @param {import('./typedefs.js').SupportReport} report @returns {MachineEvent} */
function verdictOf({ ok, items }) {
  if (ok) return { type: 'supported' };
  return cameraFailed(items.find((item) => !item.ok)?.problem ?? 'unsupported');
}

/** @param {Problem} problem @returns {MachineEvent} */
function cameraFailed(problem) {
  return { type: 'cameraFailed', problem };
}

/** What an error says of itself, where we know it. @param {unknown} error @param {Problem} otherwise @returns {Problem} */
function problemOf(error, otherwise) {
  const problem = /** @type {{problem?: unknown}} */ (error)?.problem;
  return typeof problem === 'string' && Object.hasOwn(PROBLEMS, problem) ? /** @type {Problem} */ (problem) : otherwise;
}

/** The host's answer comes from outside. Throws where it is no session. @param {Session} answer @returns {Session} */
function session({ signalingUrl, clientToken }) {
  if (typeof signalingUrl !== 'string' || typeof clientToken !== 'string') throw new TypeError('no session');
  return { signalingUrl, clientToken };
}

/** Seconds as the wire takes them. @param {number} seconds */
function reportable(seconds) {
  return Math.min(MAX_SHOWN_S, Math.max(0, Math.round(1000 * seconds) / 1000));
}
