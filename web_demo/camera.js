/**
 * The camera: which one is opened, how it fails, when it is lost, and that nothing of it stays on.
 *
 * Errors are told apart by `error.name`, never by their text, which each browser words as it likes.
 */

/** @typedef {import('./typedefs.js').Problem} Problem */
/** @typedef {import('./typedefs.js').CameraInfo} CameraInfo */
/** @typedef {import('./typedefs.js').OpenCamera} OpenCamera */
/** @typedef {Pick<Storage, 'getItem'|'setItem'|'removeItem'>} Memory */
/** @typedef {Pick<import('./typedefs.js').Ports, 'setTimer'|'clearTimer'>} Timers */

/** Where the id of the camera that the person chose is kept; nothing else is. */
export const REMEMBERED = 'face-liveness.camera';

/** What is asked for: the server measures movement and pulse on 640x480 at 30 frames a second. */
const IDEAL = Object.freeze({ width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } });

/** Fewest pixels of the picture's long and short side, and frames a second: a blink lasts 0.1 to 0.4 s, so that 15
 * frames a second see it in two at least. As amplify-ui's. */
export const FLOOR = Object.freeze({ long: 320, short: 240, frameRate: 15 });

/** Milliseconds a camera may be mute before it counts as taken: browsers mute one for an instant when another tab opens
 * it. The server waits as long for a frame (`media_timeout`). A choice. */
export const MUTE_MS = 2000;

/** The browser's own. @type {Timers} */
export const TIMERS = Object.freeze({ setTimer: (run, ms) => setTimeout(run, ms), clearTimer: (handle) => clearTimeout(handle) });

/** Infrared and depth cameras, by their names in English and, where these differ, in the element's other languages. */
const AVOIDED = /\bIR\b|infra-?(r|vermelh)|\bdepth\b|\btiefen|\btof\b/i;

/** @type {Readonly<Record<string, Problem>>} */
const PROBLEM_OF_ERROR = Object.freeze({
  NotAllowedError: 'permission_denied',
  NotFoundError: 'no_camera',
  NotReadableError: 'camera_busy',
  AbortError: 'camera_busy',
  OverconstrainedError: 'no_camera', // all else is only wished for
  SecurityError: 'policy_blocked',
});

/** Why a camera could not be opened. */
export class CameraError extends Error {
  name = 'CameraError';

  /** @param {Problem} problem @param {unknown} [cause] */
  constructor(problem, cause) {
    super(problem, { cause });
    this.problem = problem;
  }
}

/** What an error of `getUserMedia` means to a person. @param {unknown} error @returns {Problem} */
export function problemOf(error) {
  if (error instanceof CameraError) return error.problem;
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  return PROBLEM_OF_ERROR[name] ?? 'internal';
}

/** @param {string} label */
export const isAvoided = (label) => AVOIDED.test(label);

/** Whether a picture is too small for a check. What is not said counts as enough. @param {MediaTrackSettings} settings */
export function tooSmall({ width = FLOOR.long, height = FLOOR.short, frameRate }) {
  // A phone held upright delivers 480x640.
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  return long < FLOOR.long || short < FLOOR.short || Boolean(frameRate && Math.round(frameRate) < FLOOR.frameRate);
}

/** One camera at a time. Listen for `lost`; whoever calls `open` must call `close`, after a failure as well. */
export class Camera extends EventTarget {
  /** @type {MediaStream | null} */ #stream = null;
  /** @type {AbortController | null} */ #watch = null;
  /** @type {any} */ #muteTimer = null;
  #turn = 0;
  #media;
  #memory;
  #timers;

  /** @param {MediaDevices | undefined} media @param {Memory | null} [memory] @param {Timers} [timers] */
  constructor(media, memory = null, timers = TIMERS) {
    super();
    this.#media = media;
    this.#memory = memory;
    this.#timers = timers;
  }

  /**
   * Open the camera that is wished for by its id, else the one that was chosen last, else the one facing the person.
   * Rejects with a `CameraError`; or with an `AbortError` when `close` or another `open` came first, and then nothing
   * of this call is on.
   * @param {{deviceId?: string}} [wish]
   * @returns {Promise<OpenCamera>}
   */
  async open({ deviceId } = {}) {
    this.close();
    const turn = this.#turn;
    const remembered = deviceId ? null : this.#kept((memory) => memory.getItem(REMEMBERED));
    try {
      const opened = await this.#choose(turn, wanted(deviceId, remembered), !deviceId && !remembered);
      if (deviceId) this.#kept((memory) => memory.setItem(REMEMBERED, deviceId));
      return opened;
    } catch (error) {
      throw this.#failure(turn, error);
    }
  }

  close() {
    this.#turn += 1;
    this.#watch?.abort();
    this.#calm();
    if (this.#stream) stop(this.#stream);
    this.#watch = this.#stream = null;
  }

  /**
   * @param {number} turn @param {MediaTrackConstraints} constraints
   * @param {boolean} free whether nobody chose: an infrared camera then gives way to another one
   * @returns {Promise<OpenCamera>}
   */
  async #choose(turn, constraints, free) {
    const track = await this.#start(turn, constraints);
    const cameras = await this.#list(track);
    this.#current(turn);
    const better = free && isAvoided(track.label) ? cameras.find(({ label }) => !isAvoided(label)) : undefined;
    if (better) return this.#choose(turn, wanted(better.deviceId), false);
    const settings = track.getSettings();
    if (tooSmall(settings)) throw new CameraError('camera_too_small');
    this.#follow(track);
    return { stream: /** @type {MediaStream} */ (this.#stream), track, settings, cameras };
  }

  /** @param {number} turn @param {MediaTrackConstraints} video */
  async #start(turn, video) {
    if (!this.#media?.getUserMedia) throw new CameraError('unsupported');
    if (this.#stream) stop(this.#stream); // phones refuse a second camera while one is on
    this.#stream = null;
    const stream = await this.#media.getUserMedia({ audio: false, video });
    if (turn !== this.#turn) stop(stream); // the person left while the browser was asking
    this.#current(turn);
    this.#stream = stream;
    return stream.getVideoTracks()[0];
  }

  /** @param {number} turn */
  #current(turn) {
    if (turn !== this.#turn) throw superseded();
  }

  /** @param {number} turn @param {unknown} error @returns {Error} */
  #failure(turn, error) {
    if (turn !== this.#turn) return superseded();
    this.close();
    const problem = problemOf(error);
    // Else a remembered camera that cannot be used would be opened by every retry, too.
    if (problem !== 'permission_denied') this.#kept((memory) => memory.removeItem(REMEMBERED));
    return error instanceof CameraError ? error : new CameraError(problem, error);
  }

  /** The cameras to choose from, infrared ones last. @param {MediaStreamTrack} open @returns {Promise<CameraInfo[]>} */
  async #list(open) {
    const cameras = (await this.#videoInputs()) ?? [];
    const named = cameras.filter(({ deviceId }) => deviceId).map(({ deviceId, label }) => ({ deviceId, label }));
    if (!named.length) return [{ deviceId: open.getSettings().deviceId ?? '', label: open.label }];
    return named.sort((a, b) => Number(isAvoided(a.label)) - Number(isAvoided(b.label)));
  }

  async #videoInputs() {
    try {
      const devices = await this.#media?.enumerateDevices();
      return devices?.filter(({ kind }) => kind === 'videoinput');
    } catch {
      return undefined; // a list is a comfort; the open camera is what counts
    }
  }

  /** @param {MediaStreamTrack} track */
  #follow(track) {
    const { signal } = (this.#watch = new AbortController());
    track.addEventListener('ended', () => this.#lose(), { signal });
    track.addEventListener('mute', () => this.#doubt(), { signal });
    track.addEventListener('unmute', () => this.#calm(), { signal });
    this.#media?.addEventListener('devicechange', () => void this.#recount(track, signal), { signal });
    if (track.muted) this.#doubt();
    if (track.readyState === 'ended') throw new CameraError('camera_lost');
  }

  #doubt() {
    this.#muteTimer ??= this.#timers.setTimer(() => this.#lose(), MUTE_MS);
  }

  #calm() {
    if (this.#muteTimer !== null) this.#timers.clearTimer(this.#muteTimer);
    this.#muteTimer = null;
  }

  /** Some systems unplug a camera without ending its track. @param {MediaStreamTrack} track @param {AbortSignal} signal */
  async #recount(track, signal) {
    const { deviceId } = track.getSettings();
    const cameras = await this.#videoInputs();
    // Without ids any of them may be it, and a list that cannot be read proves nothing.
    const there = !cameras || cameras.some((camera) => !deviceId || !camera.deviceId || camera.deviceId === deviceId);
    if (!signal.aborted && !there) this.#lose();
  }

  #lose() {
    this.close();
    this.dispatchEvent(new Event('lost'));
  }

  /**
   * A page without storage (a sandboxed frame, a private window) throws: the camera is then simply not remembered.
   * @template T
   * @param {(memory: Memory) => T} use
   */
  #kept(use) {
    try {
      return this.#memory && use(this.#memory);
    } catch {
      return null;
    }
  }
}

/**
 * `exact` for a camera that was chosen just now, which must not turn out another one; `ideal` for one that was chosen
 * some other day and may be gone: browsers change ids, and people unplug.
 * @param {string | undefined} chosen @param {string | null} [remembered]
 * @returns {MediaTrackConstraints}
 */
function wanted(chosen, remembered) {
  if (chosen) return { ...IDEAL, deviceId: { exact: chosen } };
  return { ...IDEAL, ...(remembered ? { deviceId: { ideal: remembered } } : { facingMode: { ideal: 'user' } }) };
}

/** @param {MediaStream} stream */
function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}

const superseded = () => new DOMException('the camera is no longer wanted', 'AbortError');
