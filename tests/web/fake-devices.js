/** Scripted doubles at the lowest seam: what a browser gives a page. Nothing of ours is replaced. */

/** A track that notes whether it was stopped. */
export class FakeTrack extends EventTarget {
  kind = 'video';
  readyState = 'live';
  contentHint = '';

  constructor({ label = 'FaceTime HD Camera', muted = false, ...settings } = {}) {
    super();
    Object.assign(this, { label, muted });
    this.settings = { deviceId: 'front', width: 640, height: 480, frameRate: 30, ...settings };
  }

  getSettings() {
    return this.settings;
  }

  stop() {
    this.readyState = 'ended';
  }

  happen(type) {
    if (type === 'ended') this.readyState = 'ended';
    this.dispatchEvent(new Event(type));
  }
}

/** A stream of one track. */
export class FakeStream {
  constructor(track) {
    this.track = track;
  }

  getTracks() {
    return [this.track];
  }

  getVideoTracks() {
    return [this.track];
  }
}

/** `navigator.mediaDevices`: each `getUserMedia` takes the next of `answers`, a track's settings or an error. */
export class FakeMediaDevices extends EventTarget {
  asked = [];
  tracks = [];

  constructor(answers, devices = [{ deviceId: 'front', label: 'FaceTime HD Camera' }]) {
    super();
    this.answers = [...answers];
    this.devices = devices;
  }

  async getUserMedia(constraints) {
    this.asked.push(constraints.video);
    const answer = await this.answers.shift();
    if (answer instanceof Error) throw answer;
    const track = new FakeTrack(answer);
    this.tracks.push(track);
    return new FakeStream(track);
  }

  async enumerateDevices() {
    if (this.devices instanceof Error) throw this.devices;
    return [{ kind: 'audioinput', deviceId: 'mic', label: 'Microphone' }, ...this.devices.map((device) => ({ kind: 'videoinput', ...device }))];
  }

  /** The devices are these from now on. */
  change(devices) {
    this.devices = devices;
    this.dispatchEvent(new Event('devicechange'));
  }

  get on() {
    return this.tracks.filter(({ readyState }) => readyState === 'live').length;
  }
}

/** Timers that run when they are told to. */
export class FakeTimers {
  pending = new Map();
  #next = 1;

  setTimer = (callback, ms) => {
    this.pending.set(this.#next, { callback, ms });
    return this.#next++;
  };

  clearTimer = (handle) => void this.pending.delete(handle);

  /** Run what is due now, and only that. Returns the delays. */
  fire() {
    const due = [...this.pending.values()];
    this.pending.clear();
    for (const { callback } of due) callback();
    return due.map(({ ms }) => ms);
  }
}

/** `localStorage` as a map; `broken` throws as it does in a sandboxed frame. */
export function storage(entries = {}, { broken = false } = {}) {
  const map = new Map(Object.entries(entries));
  const guarded = (act) => (...args) => {
    if (broken) throw new DOMException('denied', 'SecurityError');
    return act(...args);
  };
  return {
    map,
    getItem: guarded((key) => map.get(key) ?? null),
    setItem: guarded((key, value) => void map.set(key, value)),
    removeItem: guarded((key) => void map.delete(key)),
  };
}

/** An error as a browser names it, with a text that says something else. */
export const named = (name) => new DOMException('15 fps permission NotAllowedError', name);

/** Everything that was promised so far has happened. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
