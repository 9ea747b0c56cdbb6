// Every (state, event) pair of the capture page, by iterating its tables.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as machine from '../../web_demo/machine.js';
import { CLOSE } from '../../web_demo/wire.js';

const { initialModel, reduce, timeoutOf, TRANSITIONS, TIMEOUTS, TERMINAL, RESTING, STREAMING, STAY } = machine;

const WELCOME = { type: 'welcome', session_id: 's', profile: 'standard', expires_in: 90, ice_servers: [] };
const STEPS = [{ colour: '#00ba00', duration_s: 0.6, ramp_s: 0.15 }];
const SESSION = { signalingUrl: 'wss://example.test/v1/signaling', clientToken: '0123456789abcdef' };

// One of each event that there is; iterated against every state.
const EVENTS = {
  start: {}, consent: {}, decline: {}, proceed: {}, cancel: {}, retry: {},
  chooseCamera: { deviceId: 'b' }, chooseProfile: { profile: 'motion-free' }, chooseLight: { on: true },
  supported: {}, cameraReady: { cameras: [{ deviceId: 'a', label: 'A' }], cameraId: 'a' }, cameraFailed: { problem: 'no_camera' },
  cameraLost: {}, meter: { light: 'too_dark' }, sessionReady: { session: SESSION }, sessionFailed: { problem: 'session_refused' },
  socketOpen: {}, closed: { code: 1006 }, fault: { problem: 'internal' }, mediaUp: {}, mediaLost: {},
  welcome: { welcome: WELCOME }, answer: { sdp: 'v=0' }, guidance: { code: 'too_far', hold_s: 0 },
  challenge: { id: 2, kind: 'smile', deadline_s: 5, step: 2, steps: 3 }, progress: { id: 1, outcome: 'done' },
  light: { id: 1, steps: STEPS }, lightDone: { id: 1, shownS: [0.02] }, verdict: { decision: 'fail', hint: '', token: '' },
  hidden: {}, visible: {}, timeout: {}, expired: {}, hiddenTooLong: {}, mediaGone: {},
};
const event = (type, fields = {}) => ({ type, ...EVENTS[type], ...fields });

// The shortest way into each state.
const WAY = ['start', 'consent', 'supported', 'cameraReady', 'proceed'];
const ON_AIR = [...WAY, 'sessionReady', 'socketOpen', 'welcome', 'answer', 'mediaUp', event('guidance', { code: 'ok', hold_s: 0.8 })];
const PROMPT = event('challenge', { id: 1, kind: 'turn_left', step: 1, steps: 1 });
const PATHS = {
  idle: [],
  consent: WAY.slice(0, 1),
  preparing: WAY.slice(0, 2),
  adjusting: WAY.slice(0, 4),
  connecting: WAY,
  positioning: ON_AIR,
  challenging: [...ON_AIR, PROMPT],
  checking: [...ON_AIR, PROMPT, 'progress', 'light'],
  passed: [...ON_AIR, event('verdict', { decision: 'pass', token: 'a.b.c' })],
  failed: [...ON_AIR, 'verdict'],
  inconclusive: [...ON_AIR, event('verdict', { decision: 'inconclusive', hint: 'too_dark' })],
  cancelled: [...WAY, 'cancel'],
  error: [...ON_AIR, 'closed'],
};
const STATES = Object.keys(TRANSITIONS);
const IN = (state, settings = { renewable: true, lightWanted: true }) => run(initialModel(settings), PATHS[state]).model;

function run(model, events) {
  let effects = [];
  for (const each of events) ({ model, effects } = reduce(model, typeof each === 'string' ? event(each) : each));
  return { model, effects };
}

const types = (effects) => effects.map(({ type }) => type);
const told = (effects, name) => effects.filter((effect) => effect.type === 'emit' && effect.name === name).map(({ detail }) => detail);
const targetsOf = (state, type) => [TRANSITIONS[state][type] ?? []].flat().map((target) => (target === STAY ? state : target));

test('every state is reached, and every event there is known to the tables', () => {
  for (const state of STATES) assert.equal(IN(state).state, state);
  const named = new Set(STATES.flatMap((state) => Object.keys(TRANSITIONS[state])));
  assert.deepEqual(named, new Set(Object.keys(EVENTS)));
});

for (const state of STATES) {
  for (const type of Object.keys(EVENTS)) {
    if (TRANSITIONS[state][type] === undefined) {
      test(`${state} ignores ${type}`, () => {
        const model = IN(state);
        assert.deepEqual(reduce(model, event(type)), { model, effects: [] });
        assert.equal(reduce(model, event(type)).model, model);
      });
    } else {
      test(`${state} takes ${type}`, () => {
        const before = IN(state);
        const { model, effects } = reduce(before, event(type));
        assert.ok([...targetsOf(state, type), before.state].includes(model.state));
        assert.ok(Object.isFrozen(model));
        if (model.state !== before.state) assertMoved(before, model, effects);
      });
    }
  }

  test(`${state} ignores an event that does not exist`, () => {
    for (const type of ['nonsense', 'constructor', '__proto__', 'toString']) {
      const model = IN(state);
      assert.deepEqual(reduce(model, { type }), { model, effects: [] });
    }
  });
}

function assertMoved(before, model, effects) {
  if (TERMINAL.includes(model.state)) assertOver(model);
  assert.deepEqual(told(effects, 'statechange'), [{ state: model.state, previous: before.state }]);
  if (TERMINAL.includes(model.state)) assertFreed(effects);
  else assertTimed(model, effects);
}

function assertOver(model) {
  for (const key of ['guidance', 'hold', 'challenge', 'outcome', 'light']) assert.equal(model[key], null, key);
  assert.equal(model.cameraOpen, false);
}

function assertFreed(effects) {
  for (const needed of ['closeCamera', 'stopMeter', 'disconnect', 'clearTimer']) assert.ok(types(effects).includes(needed), needed);
  assert.ok(effects.some((effect) => effect.type === 'clearTimer' && effect.timer === 'all'));
  const asks = ['setTimer', 'openCamera', 'startMeter', 'requestSession', 'connect', 'showLight'];
  assert.deepEqual(types(effects).filter((type) => asks.includes(type)), []);
  assert.ok(types(effects).indexOf('emit') > types(effects).indexOf('closeCamera'), 'free before anyone is told');
}

function assertTimed(model, effects) {
  const timers = effects.filter((effect) => effect.type === 'setTimer' && effect.timer === 'state');
  assert.deepEqual(timers.map(({ seconds }) => seconds), [timeoutOf(model)]);
}

test('every state is resting, or has a longest stay and takes cancel, timeout and fault', () => {
  for (const state of STATES) {
    const resting = RESTING.includes(state);
    assert.equal(TIMEOUTS[state] === undefined, resting, state);
    assert.equal(machine.PROBLEM_OF_TIMEOUT[state] === undefined, resting, state);
    for (const [type, target] of [['cancel', 'cancelled'], ['timeout', 'error'], ['fault', 'error']]) {
      assert.equal(TRANSITIONS[state][type], resting ? undefined : target, `${state} ${type}`);
    }
  }
});

test('no state but a resting one is without a way to every ending of its own', () => {
  for (const state of STATES) assert.ok(reaches(state, 'error') || RESTING.includes(state), state);
  for (const state of STREAMING) for (const end of TERMINAL) assert.ok(reaches(state, end), `${state} -> ${end}`);
});

function reaches(from, to, seen = new Set()) {
  if (from === to) return true;
  seen.add(from);
  const onward = Object.keys(TRANSITIONS[from]).flatMap((type) => targetsOf(from, type));
  return onward.some((state) => !seen.has(state) && reaches(state, to, seen));
}

test('whatever follows whatever, a camera that was opened is closed in every resting state', () => {
  const random = lcg(20261122);
  for (let walk = 0; walk < 400; walk += 1) assertWalk(initialModel({ renewable: true, lightWanted: walk % 2 === 0 }), random);
});

function assertWalk(model, random) {
  const open = { camera: false, meter: false, socket: false, timers: new Set() };
  for (let step = 0; step < 80; step += 1) {
    const names = Object.keys(TRANSITIONS[model.state]).filter((name) => random() < 0.2 || !['cancel', 'timeout', 'fault'].includes(name));
    const type = names[Math.floor(random() * names.length)];
    const result = reduce(model, type === 'progress' ? event(type, { id: model.challenge?.id }) : event(type));
    result.effects.forEach((effect) => follow(open, effect));
    model = result.model;
    const nothing = !open.camera && !open.meter && !open.socket && open.timers.size === 0;
    if (RESTING.includes(model.state)) assert.ok(nothing, `${model.state} after ${type}: ${JSON.stringify(open)}`);
    else assert.ok(open.timers.has('state'), `${model.state} after ${type} has no timer`);
  }
}

function follow(open, { type, timer }) {
  if (type === 'openCamera') open.camera = true;
  if (type === 'closeCamera') open.camera = false;
  if (type === 'startMeter') open.meter = true;
  if (type === 'stopMeter') open.meter = false;
  if (type === 'connect') open.socket = true;
  if (type === 'disconnect') open.socket = false;
  if (type === 'setTimer') open.timers.add(timer);
  if (type === 'clearTimer') timer === 'all' ? open.timers.clear() : open.timers.delete(timer);
}

// Numerical Recipes' generator: the same walks every time.
function lcg(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

for (const state of Object.keys(TIMEOUTS)) {
  test(`the time of ${state} runs out into an error that says why`, () => {
    const { model, effects } = reduce(IN(state), event('timeout'));
    assert.equal(model.problem, machine.PROBLEM_OF_TIMEOUT[state]);
    assert.deepEqual(told(effects, 'error'), [{ problem: model.problem, canRetry: true }]);
  });
}

test('extended-time gives a person ten times as long, and a machine no longer', () => {
  for (const state of Object.keys(TIMEOUTS)) {
    const factor = state === 'connecting' ? 1 : 10;
    assert.equal(timeoutOf({ ...IN(state), profile: 'extended-time', sessionProfile: null }), TIMEOUTS[state] * factor, state);
    assert.equal(timeoutOf(IN(state)), TIMEOUTS[state]);
  }
});

test('the server says which profile it really is', () => {
  const model = run(IN('connecting'), ['sessionReady', 'socketOpen']).model;
  const after = (profile) => reduce(model, event('welcome', { welcome: { ...WELCOME, profile } })).model;
  for (const [profile, said] of [['extended-time', 'extended-time'], ['profile-of-the-future', null]]) {
    assert.deepEqual([after(profile).profile, after(profile).sessionProfile], ['standard', said]);
  }
  assert.equal(timeoutOf({ ...after('extended-time'), state: 'positioning' }), 10 * TIMEOUTS.positioning);
  assert.equal(timeoutOf({ ...after('standard'), profile: 'extended-time', state: 'positioning' }), TIMEOUTS.positioning);
});

test('whoever is still choosing has all the time again', () => {
  for (const type of ['chooseProfile', 'chooseLight', 'chooseCamera']) {
    for (const state of STATES.filter((each) => TRANSITIONS[each][type])) assert.ok(machine.RENEWS[state].includes(type), state);
  }
});

test('signs of life give a state its time anew, guidance does not', () => {
  for (const [state, type] of [['challenging', 'challenge'], ['challenging', 'progress'], ['checking', 'light']]) {
    assert.ok(machine.RENEWS[state].includes(type));
  }
  for (const [state, names] of Object.entries(machine.RENEWS)) {
    for (const type of names) assertTimed(IN(state), reduce(IN(state), event(type, type === 'progress' ? { outcome: 'retry' } : {})).effects);
  }
  for (const state of ['positioning', 'challenging', 'checking']) {
    assert.ok(!types(reduce(IN(state), event('guidance')).effects).includes('setTimer'));
  }
});

test('every close code of the protocol has a problem, and any other one too', () => {
  assert.deepEqual(new Set(Object.keys(machine.PROBLEM_OF_CLOSE).map(Number)), new Set(Object.values(CLOSE)));
  for (const code of [...Object.values(CLOSE), 1001, 1005, 1006, 1011, 3000, 4999]) {
    const { model } = reduce(IN('positioning'), event('closed', { code }));
    assert.equal(model.problem, machine.PROBLEM_OF_CLOSE[code] ?? 'server_gone');
    assert.ok(Object.hasOwn(machine.PROBLEMS, model.problem));
  }
});

test('every problem that a table names exists, and the type lists no other', () => {
  const named = [...Object.values(machine.PROBLEM_OF_TIMEOUT), ...Object.values(machine.PROBLEM_OF_CLOSE), machine.PROBLEM_OF_OTHER_CLOSE];
  for (const problem of named) assert.ok(Object.hasOwn(machine.PROBLEMS, problem), problem);
  const source = readFileSync(new URL('../../web_demo/typedefs.js', import.meta.url), 'utf8');
  const listed = source.match(/@typedef \{([^}]*)\} Problem/)[1].match(/[a-z_]+/g);
  assert.deepEqual(new Set(Object.keys(machine.PROBLEMS)), new Set(listed));
});

test('a retry is offered where it may help and a session can be had', () => {
  for (const [problem, worthIt] of Object.entries(machine.PROBLEMS)) {
    const offered = (settings) => reduce(IN('preparing', settings), event('cameraFailed', { problem })).model.canRetry;
    assert.equal(offered({ renewable: true }), worthIt, problem);
    assert.equal(offered({ renewable: false }), worthIt, `${problem}: the session was not used yet`);
  }
  for (const state of ['failed', 'inconclusive', 'error']) {
    assert.equal(IN(state, { renewable: true }).canRetry, true, state);
    assert.equal(IN(state, { renewable: false }).canRetry, false, `${state}: the session is used up`);
  }
  assert.equal(IN('passed').canRetry, false);
});

test('only what lies in the browser or the page is not worth another attempt', () => {
  const hopeless = Object.keys(machine.PROBLEMS).filter((problem) => !machine.PROBLEMS[problem]);
  assert.deepEqual(hopeless, ['unsupported', 'insecure', 'policy_blocked']);
});

test('start takes over what the host wishes, and a session that was not used', () => {
  const { model } = reduce(IN('failed', { renewable: false }), event('start', { profile: 'motion-free', lightWanted: true }));
  assert.deepEqual([model.profile, model.lightWanted, model.renewable, model.spent], ['motion-free', true, false, false]);
  assert.equal(reduce(IN('idle'), event('start', { renewable: false })).model.renewable, false);
});

test('retry is ignored where it is not offered', () => {
  const model = IN('failed', { renewable: false });
  assert.deepEqual(reduce(model, event('retry')), { model, effects: [] });
});

test('retry and start forget the attempt, and keep what the person chose', () => {
  const { model: failed } = run(IN('challenging'), ['progress', event('verdict', { decision: 'inconclusive', hint: 'too_dark' })]);
  for (const [type, state] of [['retry', 'preparing'], ['start', 'consent']]) {
    const { model } = reduce({ ...failed, profile: 'extended-time' }, event(type));
    const forgotten = { challenge: null, outcome: null, done: 0, guidance: null, hold: null, light: null, problem: null, reason: null, token: null };
    const kept = { profile: 'extended-time', lightWanted: true, cameraId: 'a', state, canRetry: false, cameraOpen: false };
    for (const [key, value] of Object.entries({ ...forgotten, ...kept })) assert.deepEqual(model[key], value, `${type}: ${key}`);
  }
});

test('a retry opens the camera that was chosen, or any when that one failed', () => {
  const opens = (model) => run(model, ['retry', 'supported']).effects[0];
  assert.deepEqual(opens(IN('error')), { type: 'openCamera', deviceId: 'a' });
  for (const type of ['cameraLost', 'cameraFailed']) {
    assert.deepEqual(opens(reduce(IN('adjusting'), event(type)).model), { type: 'openCamera', deviceId: null });
  }
});

test('the person may go on once the camera is open, and not while another is being opened', () => {
  const { model, effects } = reduce(IN('adjusting'), event('chooseCamera', { deviceId: 'b' }));
  assert.deepEqual(effects.slice(0, 2), [{ type: 'stopMeter' }, { type: 'openCamera', deviceId: 'b' }]);
  assert.equal(model.meter.light, null);
  assert.deepEqual(reduce(model, event('proceed')), { model, effects: [] });
  const opened = reduce(model, event('cameraReady', { cameraId: 'b' }));
  assert.deepEqual(types(opened.effects), ['startMeter']);
  assert.equal(reduce(opened.model, event('proceed')).model.state, 'connecting');
});

test('the same reading of the light changes nothing', () => {
  const { model } = reduce(IN('adjusting'), event('meter'));
  assert.equal(model.meter.light, 'too_dark');
  assert.equal(reduce(model, event('meter')).model, model);
});

test('the session is asked for with what the person chose', () => {
  const { effects } = run(IN('adjusting', {}), ['chooseProfile', 'chooseLight', 'proceed']);
  assert.deepEqual(effects.find(({ type }) => type === 'requestSession'), { type: 'requestSession', profile: 'motion-free', light: true });
});

test('an attempt ends at the latest when the session does, with some grace, and never after a quarter of an hour', () => {
  const model = run(IN('connecting'), ['sessionReady', 'socketOpen']).model;
  for (const [expires_in, seconds] of [[90, 95], [1e9, machine.MAX_ATTEMPT_S]]) {
    const { effects } = reduce(model, event('welcome', { welcome: { ...WELCOME, expires_in } }));
    assert.deepEqual(effects.find(({ timer }) => timer === 'attempt'), { type: 'setTimer', timer: 'attempt', seconds });
  }
  for (const state of STREAMING) assert.equal(reduce(IN(state), event('expired')).model.problem, 'session_expired');
});

test('media or the first word about the face is the end of connecting', () => {
  for (const type of ['mediaUp', 'guidance']) assert.equal(reduce(IN('connecting'), event(type)).model.state, 'positioning');
  assert.equal(reduce(IN('connecting'), event('mediaLost')).model.problem, 'connect_timeout');
});

test('guidance carries the countdown that the server announced', () => {
  const held = reduce(IN('positioning'), event('guidance', { code: 'ok', hold_s: 0.6 }));
  assert.deepEqual([held.model.guidance, held.model.hold], ['ok', { seconds: 0.6 }]);
  assert.deepEqual(told(held.effects, 'guidance'), [{ code: 'ok', holdS: 0.6 }]);
  const older = reduce(held.model, { type: 'guidance', code: 'ok' });
  assert.equal(older.model.hold, null);
});

test('a challenge replaces the guidance, and its outcome counts once', () => {
  const prompted = reduce(IN('positioning'), event('challenge', { id: 1, step: 1, steps: 3 }));
  assert.deepEqual(prompted.model.challenge, { id: 1, kind: 'smile', step: 1, steps: 3, deadlineS: 5 });
  assert.equal(prompted.model.guidance, null);
  const done = reduce(prompted.model, event('progress', { id: 1 }));
  assert.deepEqual([done.model.state, done.model.outcome, done.model.done], ['challenging', 'done', 1]);
  assert.deepEqual(told(done.effects, 'progress'), [{ id: 1, outcome: 'done', done: 1 }]);
  for (const id of [1, 7]) assert.deepEqual(reduce(done.model, event('progress', { id })), { model: done.model, effects: [] });
});

test('the last challenge done leads to checking, a retry does not, and one more challenge leads back', () => {
  const last = reduce(IN('positioning'), event('challenge', { id: 4, step: 3, steps: 3 })).model;
  assert.equal(reduce(last, event('progress', { id: 4, outcome: 'retry' })).model.state, 'challenging');
  const checking = reduce(last, event('progress', { id: 4 })).model;
  assert.equal(checking.state, 'checking');
  assert.equal(reduce(checking, event('challenge', { id: 5 })).model.state, 'challenging');
});

test('coloured light is shown to whom agreed, and answered with nothing for anybody else', () => {
  const asked = reduce(IN('challenging'), event('light'));
  assert.deepEqual(asked.model.light, { id: 1, steps: STEPS });
  assert.ok(types(asked.effects).includes('showLight'));
  const done = reduce(asked.model, event('lightDone'));
  assert.deepEqual(done.effects, [{ type: 'sendLightShown', id: 1, shownS: [0.02] }]);
  assert.equal(done.model.light, null);
  assert.deepEqual(reduce(asked.model, event('lightDone', { id: 7 })), { model: asked.model, effects: [] });
  const unasked = reduce(IN('challenging', {}), event('light'));
  assert.equal(unasked.model.light, null);
  assert.deepEqual(unasked.effects[0], { type: 'sendLightShown', id: 1, shownS: [] });
});

for (const [decision, state, hint, reason] of [
  ['pass', 'passed', '', null], ['fail', 'failed', '', 'not_verified'], ['fail', 'failed', 'too_slow', 'too_slow'],
  ['inconclusive', 'inconclusive', '', 'try_again'], ['inconclusive', 'inconclusive', 'too_dark', 'too_dark'],
]) {
  test(`verdict ${decision} with hint "${hint}" is shown as ${state}: ${reason}`, () => {
    const { model, effects } = reduce(IN('checking'), event('verdict', { decision, hint, token: 'a.b.c' }));
    assert.deepEqual([model.state, model.reason, model.token], [state, reason, decision === 'pass' ? 'a.b.c' : null]);
    assert.equal(told(effects, state).length, 1);
  });
}

test('a decision of the future is no verdict', () => {
  const model = IN('checking');
  assert.deepEqual(reduce(model, event('verdict', { decision: 'maybe' })), { model, effects: [] });
});

test('only a pass has a token', () => {
  for (const state of STATES) assert.equal(IN(state).token, state === 'passed' ? 'a.b.c' : null);
});

test('a page hidden while a session runs has a few seconds to come back', () => {
  for (const state of STATES) {
    const { model, effects } = reduce(IN(state), event('hidden'));
    assert.equal(model.hidden, true);
    const timers = effects.filter(({ timer }) => timer === 'hidden');
    assert.deepEqual(timers, STREAMING.includes(state) ? [{ type: 'setTimer', timer: 'hidden', seconds: machine.HIDDEN_S }] : []);
    assert.equal(reduce(model, event('visible')).model.hidden, false);
  }
  for (const state of STREAMING) assert.equal(reduce(IN(state), event('hiddenTooLong')).model.problem, 'interrupted');
});

test('a lost connection may return before it counts', () => {
  const lost = reduce(IN('challenging'), event('mediaLost'));
  assert.deepEqual(lost.effects, [{ type: 'setTimer', timer: 'media', seconds: machine.MEDIA_LOST_S }]);
  assert.deepEqual(reduce(lost.model, event('mediaUp')).effects, [{ type: 'clearTimer', timer: 'media' }]);
  assert.equal(reduce(lost.model, event('mediaGone')).model.problem, 'media_lost');
});

test('who leaves a running session says so before the socket closes', () => {
  for (const state of STREAMING) {
    for (const type of ['cancel', 'hiddenTooLong', 'cameraLost']) {
      const done = types(reduce(IN(state), event(type)).effects);
      assert.ok(done.indexOf('sendCancel') >= 0 && done.indexOf('sendCancel') < done.indexOf('disconnect'), `${state} ${type}`);
    }
  }
  assert.ok(!types(reduce(IN('adjusting'), event('cancel')).effects).includes('sendCancel'));
});

test('start does nothing while an attempt runs', () => {
  for (const state of STATES.filter((each) => !RESTING.includes(each))) assert.equal(reduce(IN(state), event('start')).effects.length, 0);
});
