/** `<face-liveness>`: the class alone; `define.js` registers it. */
import { Camera, TIMERS } from './camera.js';
import { Controller } from './controller.js';
import { Cues, cueOf } from './cues.js';
import { PROFILES, RESTING } from './machine.js';
import { LightMeter } from './meter.js';
import { load } from './strings/index.js';
import { dress } from './styles.js';
import { checkSupport } from './support.js';
import { View } from './view.js';

/**
 * @typedef {import('./typedefs.js').Model} Model
 * @typedef {import('./typedefs.js').Session} Session
 * @typedef {import('./typedefs.js').SessionRequest} SessionRequest
 * @typedef {(request: SessionRequest) => Promise<Session>} RequestSession
 */

/** Tells where the stream goes, so that the preview has it as long as the camera is open and no longer. */
class ShownCamera extends Camera {
  /** @type {(stream: MediaStream | null) => void} */
  onstream = () => {};

  /** @param {{deviceId?: string}} [wish] */
  async open(wish) {
    const opened = await super.open(wish);
    this.onstream(opened.stream);
    return opened;
  }

  close() {
    super.close();
    this.onstream(null);
  }
}

/**
 * Leads a person through a liveness check. It shows what the server asks for and decides nothing: only the token of
 * `passed`, verified by the host's own backend, says anything about the person.
 *
 * @tagname face-liveness
 *
 * @attr {string} signaling-url - WebSocket address of the session; with `client-token` for one attempt
 * @attr {string} client-token - the one-time token of that session
 * @attr {string} lang - language (BCP 47); else that of the nearest element around it, else the browser's
 * @attr {'standard'|'motion-free'|'extended-time'} profile - what is chosen at first; the person may choose another
 * @attr {boolean} light - offers coloured light, which the person may choose after reading the warning
 * @attr {boolean} sound - turns sounds on at first; the person may turn them off
 * @attr {'light'|'dark'} theme - in place of what the device prefers
 * @attr state - set by the element: the state it is in, to style by
 *
 * @event ready - the camera is open and the person may go on
 * @event guidance - `{code, holdS}`: what the person should change now
 * @event challenge - `{id, kind, step, steps, deadlineS}`: what the person is asked to do
 * @event progress - `{id, outcome, done}`: how that ended
 * @event passed - `{token}`: the server passed the person; the token is for your backend
 * @event failed - `{reason, canRetry}`: the server refused the person
 * @event inconclusive - `{reason, canRetry}`: the server could not tell
 * @event error - `{problem, canRetry}`: the attempt ended without a verdict
 * @event cancel - the person gave up
 * @event statechange - `{state, previous}`
 * @event sessionneeded - `{profile, light, jwk}`: an attempt needs a session and there is no `requestSession`; set
 *   `signaling-url` and `client-token` in answer, within the 20 seconds that connecting may take
 *
 * @slot idle - in place of the text before the start
 * @slot consent - in place of the text that the person agrees to
 * @slot preparing - in place of the text while the camera opens
 * @slot adjusting - more to say while the person gets ready
 * @slot connecting - more to say while connecting
 * @slot positioning - more to say while the face is placed
 * @slot challenging - more to say during the movements
 * @slot checking - more to say while the result is awaited
 * @slot passed - after the text of this ending
 * @slot failed - after the text of this ending
 * @slot inconclusive - after the text of this ending
 * @slot cancelled - after the text of this ending
 * @slot error - after the text of this ending
 * @slot help - beneath every page, but not while movements are asked for
 *
 * @csspart frame - everything
 * @csspart screen - each page; also `idle`, `consent`, `preparing`, `live` or `result`
 * @csspart heading - the heading of a page, and the prompt
 * @csspart text - the text of a page without a picture
 * @csspart prompt - the line above the picture, with its figure
 * @csspart detail - what is under it
 * @csspart hint - the longer wording of a movement
 * @csspart figure - the head that shows the movement
 * @csspart stage - around the picture
 * @csspart video - the picture
 * @csspart veil - what dims the picture around the oval
 * @csspart oval - the oval's edge
 * @csspart ring - the progress around the oval
 * @csspart ring-track - what the ring runs on
 * @csspart countdown - the seconds to hold still
 * @csspart steps - which movement of how many
 * @csspart meter - what the light meter says
 * @csspart camera - the choice of camera
 * @csspart options - the choices that can be folded
 * @csspart profile - the choice of profile
 * @csspart light-choice - the choice of coloured light, with its warning
 * @csspart cues - the choice of sounds, vibration and speech
 * @csspart actions - the row of buttons
 * @csspart button - each button; also `primary` or `secondary`, and `start`, `agree`, `decline`, `continue`, `cancel`,
 *   `retry` or `skip-light`
 * @csspart badge - the sign of a result
 * @csspart reason - why it ended so
 * @csspart advice - what to do about it
 * @csspart spinner - while the camera opens
 * @csspart light - the coloured light over the whole screen
 * @csspart help - around the slot `help`
 * @csspart live-polite - said when a screen reader is free
 * @csspart live-assertive - said at once
 *
 * @cssproperty --face-liveness-accent - the one accent colour; give `--face-liveness-on-accent` with it
 * @cssproperty --face-liveness-on-accent - text on the accent colour
 * @cssproperty --face-liveness-surface - background
 * @cssproperty --face-liveness-raised - background of what stands out a little
 * @cssproperty --face-liveness-text - text
 * @cssproperty --face-liveness-muted - text of less weight
 * @cssproperty --face-liveness-line - lines that only divide
 * @cssproperty --face-liveness-control - lines of buttons and fields
 * @cssproperty --face-liveness-good - what went well
 * @cssproperty --face-liveness-warn - what should change
 * @cssproperty --face-liveness-bad - what went wrong
 * @cssproperty --face-liveness-figure - the figure's face
 * @cssproperty --face-liveness-font - family of all text
 * @cssproperty --face-liveness-font-size - of plain text; everything grows with it
 * @cssproperty --face-liveness-radius - of the frame and the picture
 * @cssproperty --face-liveness-button-radius - of the buttons
 * @cssproperty --face-liveness-border - of the frame
 * @cssproperty --face-liveness-max-width - of the frame
 */
export class FaceLiveness extends HTMLElement {
  static observedAttributes = ['lang', 'light', 'sound', 'client-token', 'signaling-url'];

  constructor() {
    super();
    this._root = this.attachShadow({ mode: 'open' });
    dress(this._root);
    this._cues = new Cues({ sound: this.hasAttribute('sound') });
    this._spentToken = '';
    /** @type {((session: Session) => void) | null} */
    this._awaited = null;
    /** Asks the host's backend for a session; needed for more than one attempt. It may have been set before the class
     * was there. @type {RequestSession | null} */
    this.requestSession = Reflect.get(this, 'requestSession') ?? null;
    /** @type {MediaStream | null} */
    this._stream = null;
    /** @type {LightMeter | null} */
    this._meter = null;
    this._onVisibility = () => this._send({ type: document.hidden ? 'hidden' : 'visible' });
    this._onLeave = () => this.cancel();
  }

  /** The state the element is in. */
  get state() {
    return this._controller?.model.state ?? 'idle';
  }

  /** Begins an attempt with the consent page; call it on a click, so that sounds may play. */
  start() {
    this._cues.unlock();
    const named = this.getAttribute('profile');
    const profile = PROFILES.find((known) => known === named);
    this._send({ type: 'start', renewable: this.requestSession !== null, ...(profile ? { profile } : {}) });
  }

  /** Ends the attempt and turns the camera off. Does nothing when none is running. */
  cancel() {
    this._send({ type: 'cancel' });
  }

  /** Whether a check can run here, before any session is spent on finding out. */
  checkSupport() {
    return checkSupport();
  }

  connectedCallback() {
    document.addEventListener('visibilitychange', this._onVisibility);
    window.addEventListener('pagehide', this._onLeave);
    if (this._controller) return; // it was only moved
    this._controller = this._control();
    void this._speakLanguage();
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this._onVisibility);
    window.removeEventListener('pagehide', this._onLeave);
    queueMicrotask(() => this.isConnected || this._dispose());
  }

  /** @param {string} name @param {string | null} _ @param {string | null} value */
  attributeChangedCallback(name, _, value) {
    if (name === 'sound') this._cues.settings = { ...this._cues.settings, sound: value !== null };
    else if (name === 'lang' || name === 'light') void this._speakLanguage();
    else this._answer();
  }

  _dispose() {
    this._controller?.dispose();
    this._controller = this._view = undefined;
    this._cues.dispose();
  }

  _control() {
    const camera = new ShownCamera(navigator.mediaDevices, storage());
    camera.onstream = (stream) => this._preview(stream);
    const controller = new Controller({
      camera,
      support: () => checkSupport(),
      meter: { start: () => this._startMeter(), stop: () => this._meter?.stop() },
      openSocket: (url, protocol) => new WebSocket(url, protocol),
      createPeer: (config) => new RTCPeerConnection(config),
      requestSession: (request) => this._session(request),
      showLight: (steps, signal) => this._shine(steps, signal),
      ...TIMERS,
      emit: (name, detail) => this._emit(name, detail),
    });
    this._model = controller.model;
    controller.addEventListener('change', () => this._changed(controller.model));
    return controller;
  }

  /** @param {import('./typedefs.js').MachineEvent} event */
  _send(event) {
    this._controller?.send(event);
  }

  /** @param {string} name @param {unknown} detail */
  _emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /** @param {Model} model */
  _changed(model) {
    const before = this._model ?? model;
    this._model = model;
    if (before.state !== model.state) this.setAttribute('state', model.state);
    this._view?.render(model);
    if (model.lightWanted) void coloured();
    const cue = cueOf(before, model);
    if (cue) this._cues.give(cue);
    if (RESTING.includes(model.state)) this._awaited = null;
  }

  /** Builds the view anew, in the language and with the choices that hold now. */
  async _speakLanguage() {
    const words = await load(this._language());
    if (!this._controller || words.lang === this._words?.lang && this._view?.offersLight === this.hasAttribute('light')) return;
    this._words = words;
    this._view = new View(this._root, words, {
      start: () => this.start(),
      send: (event) => this._send(event),
      choose: (name, on) => this._cues.choose(name, on),
      settings: () => this._cues.settings,
      speak: (text) => this._cues.speak(text, words.lang),
      cues: this._cues.available,
      offersLight: this.hasAttribute('light'),
    });
    this._preview(this._stream);
    this.setAttribute('state', this.state);
    this._view.render(this._controller.model);
  }

  _language() {
    return this.closest('[lang]')?.getAttribute('lang') || navigator.language;
  }

  /** @param {MediaStream | null} stream */
  _preview(stream) {
    this._stream = stream;
    if (this._view && this._view.video.srcObject !== stream) this._view.video.srcObject = stream;
  }

  _startMeter() {
    this._meter?.stop();
    if (!this._view) return;
    this._meter = new LightMeter(this._view.video, ({ light }) => this._send({ type: 'meter', light }));
    this._meter.start();
  }

  /**
   * From the host's function; else from the attributes, once; else from those that the host sets when it is asked.
   * @param {SessionRequest} request
   * @returns {Promise<Session>}
   */
  async _session(request) {
    if (this.requestSession) return this.requestSession(request);
    const session = new Promise((/** @type {(session: Session) => void} */ resolve) => (this._awaited = resolve));
    this._answer();
    if (this._awaited) this._emit('sessionneeded', request);
    return session;
  }

  /** Hands the attributes' session to who waits for it, if it is an unused one. */
  _answer() {
    const [signalingUrl, clientToken] = [this.getAttribute('signaling-url'), this.getAttribute('client-token')];
    if (!this._awaited || !signalingUrl || !clientToken || clientToken === this._spentToken) return;
    this._spentToken = clientToken;
    this._awaited({ signalingUrl, clientToken });
    this._awaited = null;
  }

  /** @param {readonly import('./typedefs.js').LightStep[]} steps @param {AbortSignal} [signal] */
  async _shine(steps, signal) {
    const flash = await coloured();
    if (!flash || !this._words || !this._view) return []; // as if it was skipped
    return flash.showLight(this._root, steps, { words: this._words, before: this._view.background, signal });
  }
}

/** What few people ask for is fetched when they do: at the choice, so that it is there when the server wants it. */
const coloured = () => import('./flash.js').catch(() => null);

/** A page may be denied its storage; the camera is then not remembered. */
function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
