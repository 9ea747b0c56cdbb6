import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cues, NOTES, PULSES, cueOf } from '../../web_demo/cues.js';
import { initialModel } from '../../web_demo/machine.js';

const model = (patch) => ({ ...initialModel(), state: 'challenging', ...patch });
const asked = (id) => ({ challenge: { id, kind: 'smile', step: id, steps: 3, deadlineS: 5 } });

/** A window whose devices write down what they are told. */
function device() {
  const log = [];
  const param = { setValueAtTime() {}, linearRampToValueAtTime() {} };
  class AudioContext {
    currentTime = 0;
    destination = {};
    constructor() { log.push('audio'); }
    resume() { return Promise.resolve(); }
    close() { log.push('closed'); return Promise.resolve(); }
    createOscillator() { return { frequency: {}, connect: (to) => to, start: (at) => log.push(['note', at]), stop() {} }; }
    createGain() { return { gain: param, connect: (to) => to }; }
  }
  const navigator = { vibrate: (pulses) => log.push(['vibrate', ...pulses]) };
  const speechSynthesis = { speak: ({ text, lang }) => log.push(['say', text, lang]), cancel: () => log.push('hush') };
  class SpeechSynthesisUtterance { constructor(text) { this.text = text; } }
  return { log, env: { AudioContext, navigator, speechSynthesis, SpeechSynthesisUtterance } };
}

test('a new challenge, its end and the result each give one cue', () => {
  const changes = [
    [model(), model(asked(1)), 'ask'],
    [model(asked(1)), model({ ...asked(1), outcome: 'done' }), 'good'],
    [model(asked(1)), model({ ...asked(1), outcome: 'retry' }), 'again'],
    [model({ ...asked(1), outcome: 'done' }), model(asked(2)), 'ask'],
    [model(asked(1)), model({ ...asked(1), guidance: 'ok' }), null],
    [model({ state: 'checking' }), model({ state: 'passed' }), 'pass'],
    [model({ state: 'checking' }), model({ state: 'inconclusive' }), 'end'],
    [model(), model({ state: 'cancelled' }), null],
    [model({ state: 'failed' }), model({ state: 'failed', hidden: true }), null],
  ];
  for (const [before, after, cue] of changes) assert.equal(cueOf(before, after), cue);
});

test('every cue can be told from the others by ear and by feel', () => {
  for (const table of [NOTES, PULSES]) {
    const shapes = Object.values(table).map((entry) => JSON.stringify(entry));
    assert.equal(new Set(shapes).size, shapes.length);
  }
});

test('sound and speech are off until they are chosen, and no audio device is opened before', () => {
  const { log, env } = device();
  const cues = new Cues({}, env);
  cues.unlock();
  cues.give('good');
  cues.speak('Smile', 'en');
  assert.deepEqual(log, [['vibrate', ...PULSES.good]]);
});

test('a sound plays each of its notes, one after the other', () => {
  const { log, env } = device();
  const cues = new Cues({ vibration: false }, env);
  cues.choose('sound', true);
  log.length = 0;
  cues.give('pass');
  assert.deepEqual(log.map(([kind]) => kind), ['note', 'note', 'note']);
  const starts = log.map(([, at]) => at);
  assert.deepEqual(starts, starts.toSorted((a, b) => a - b));
  cues.dispose();
  assert.equal(log.at(-1), 'closed');
});

test('speech says the newest text in its language, and stops when it is turned off', () => {
  const { log, env } = device();
  const cues = new Cues({}, env);
  cues.choose('speech', true);
  cues.speak('Sonríe', 'es');
  assert.deepEqual(log, ['hush', ['say', 'Sonríe', 'es']]);
  cues.choose('speech', false);
  assert.equal(log.at(-1), 'hush');
});

test('a device without any of it stays silent', () => {
  const cues = new Cues({ sound: true, vibration: true, speech: true }, { navigator: {} });
  assert.deepEqual(cues.available, []);
  cues.choose('sound', true);
  cues.give('ask');
  cues.speak('Smile', 'en');
  cues.dispose();
});
