/**
 * Cues besides the picture: short sounds, vibration and spoken prompts. Each is off until the person (or, for sounds,
 * the host) turns it on; vibration is on where the device has it. Nothing here says what only a cue would say.
 */

/** @typedef {import('./typedefs.js').Model} Model */
/** @typedef {import('./typedefs.js').Cue} Cue */
/** @typedef {import('./typedefs.js').CueSettings} CueSettings */

/** Notes of each cue: hertz and seconds.
 * @type {Readonly<Record<Cue, readonly (readonly [number, number])[]>>} */
export const NOTES = Object.freeze({
  ask: [[587, 0.14]],
  good: [[659, 0.1], [880, 0.16]],
  again: [[494, 0.14], [440, 0.16]],
  pass: [[587, 0.12], [740, 0.12], [880, 0.24]],
  end: [[440, 0.2]],
});

/** Milliseconds of vibration and of the pauses between: told apart by feel.
 * @type {Readonly<Record<Cue, readonly number[]>>} */
export const PULSES = Object.freeze({
  ask: [70],
  good: [30, 60, 30],
  again: [30, 60, 30, 60, 30],
  pass: [40, 60, 120],
  end: [150],
});

/** Loudest a note gets, of 1: heard beside a screen reader, not over it. */
const GAIN = 0.12;
/** Seconds a note takes to rise and fall, so that it does not click. */
const EDGE_S = 0.02;

/** @type {Partial<Record<import('./typedefs.js').State, Cue>>} */
const ENDINGS = { passed: 'pass', failed: 'end', inconclusive: 'end', error: 'end' };

/** Which cue a change of the model gives, if any. @param {Model} before @param {Model} after @returns {Cue|null} */
export function cueOf(before, after) {
  if (before.state !== after.state && ENDINGS[after.state]) return ENDINGS[after.state] ?? null;
  if (after.challenge && after.challenge.id !== before.challenge?.id) return 'ask';
  if (after.outcome !== before.outcome && after.outcome) return after.outcome === 'done' ? 'good' : 'again';
  return null;
}

/** Gives cues with what the device has; a device that lacks one stays silent. */
export class Cues {
  /** @param {Partial<CueSettings>} [settings] @param {Window & typeof globalThis} [env] */
  constructor(settings = {}, env = globalThis.window) {
    /** @type {CueSettings} */
    this.settings = { sound: false, vibration: true, speech: false, ...settings };
    this._env = env;
    /** @type {AudioContext|null} */
    this._audio = null;
  }

  /** Which settings this device can follow. @returns {(keyof CueSettings)[]} */
  get available() {
    const has = { sound: 'AudioContext' in this._env, speech: 'speechSynthesis' in this._env, vibration: 'vibrate' in this._env.navigator };
    return /** @type {(keyof CueSettings)[]} */ (Object.keys(has)).filter((name) => has[name]);
  }

  /**
   * Call it while a click is handled: browsers let a page sound only after one.
   * @param {keyof CueSettings} name @param {boolean} on
   */
  choose(name, on) {
    this.settings = { ...this.settings, [name]: on };
    this.unlock();
    if (name === 'speech' && !on) this.hush();
    if (on && name !== 'speech') this.give('ask');
  }

  /** Gets the sound ready where it is wanted. */
  unlock() {
    if (this.settings.sound && this.available.includes('sound')) this._audio ??= new this._env.AudioContext();
    this._audio?.resume().catch(() => {}); // refused before a click; the next one asks again
  }

  /** @param {Cue} cue */
  give(cue) {
    if (this.settings.sound && this._audio) this._play(this._audio, NOTES[cue]);
    if (this.settings.vibration && this.available.includes('vibration')) this._env.navigator.vibrate([...PULSES[cue]]);
  }

  /** Says a text, in place of what is being said. @param {string} text @param {string} lang */
  speak(text, lang) {
    if (!this.settings.speech || !this.available.includes('speech') || !text) return;
    this.hush();
    this._env.speechSynthesis.speak(Object.assign(new this._env.SpeechSynthesisUtterance(text), { lang }));
  }

  hush() {
    if (this.available.includes('speech')) this._env.speechSynthesis.cancel();
  }

  /** Gives the audio device back. */
  dispose() {
    if (this.settings.speech) this.hush();
    this._audio?.close().catch(() => {});
    this._audio = null;
  }

  /** @param {AudioContext} audio @param {readonly (readonly [number, number])[]} notes */
  _play(audio, notes) {
    let at = audio.currentTime + EDGE_S;
    for (const [hertz, seconds] of notes) {
      note(audio, hertz, at, seconds);
      at += seconds;
    }
  }
}

/** @param {AudioContext} audio @param {number} hertz @param {number} at @param {number} seconds */
function note(audio, hertz, at, seconds) {
  const [tone, volume] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(GAIN, at + EDGE_S);
  volume.gain.setValueAtTime(GAIN, at + seconds - EDGE_S);
  volume.gain.linearRampToValueAtTime(0, at + seconds);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + seconds);
}
