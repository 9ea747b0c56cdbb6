// Whole attempts, with scripted camera, WebSocket, RTCPeerConnection and clock; everything between them is the real thing.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Camera } from '../../web_demo/camera.js';
import { Controller } from '../../web_demo/controller.js';
import { SDK, STATS_MS } from '../../web_demo/link.js';
import * as machine from '../../web_demo/machine.js';
import { FakeMediaDevices, named, settled } from './fake-devices.js';
import { FakePeerConnection } from './fake-peer.js';
import { FakeClock, FakeSocket } from './fake-socket.js';

const SESSION = { signalingUrl: 'wss://liveness.example.test/v1/signaling', clientToken: '0123456789abcdef' };
const JWK = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
const WELCOME = { type: 'welcome', session_id: 's', profile: 'standard', expires_in: 90 };
const GUIDANCE = { type: 'guidance', code: 'too_far', hold_s: 0 };
const CHALLENGE = { type: 'challenge', id: 1, kind: 'turn_left', deadline_s: 5, step: 1, steps: 1 };
const PROGRESS = { type: 'progress', id: 1, outcome: 'done' };
const LIGHT = { type: 'light', id: 1, steps: [{ colour: '#00ba00', duration_s: 0.6, ramp_s: 0.15 }] };
const VERDICT = { type: 'verdict', decision: 'pass', token: 'a.b.c' };

class Rig {
  clock = new FakeClock();
  sockets = [];
  peers = [];
  told = [];
  requests = [];
  meter = { on: false, start: () => (this.meter.on = true), stop: () => (this.meter.on = false) };
  changes = 0;

  constructor({ cameras = [{}], settings, ...ports } = {}) {
    this.media = new FakeMediaDevices(cameras);
    this.camera = new Camera(this.media, null, this.clock);
    this.controller = new Controller(this.#ports(ports), settings ?? { renewable: true });
    this.controller.addEventListener('change', () => (this.changes += 1));
  }

  #ports(ports) {
    return {
      support: async () => ({ ok: true, items: [] }),
      camera: this.camera,
      meter: this.meter,
      openSocket: (url, protocol) => this.#keep(this.sockets, new FakeSocket(url, protocol)),
      createPeer: (config) => this.#keep(this.peers, new FakePeerConnection(config)),
      requestSession: async (request) => (this.requests.push(request), SESSION),
      senderKey: async () => ({ jwk: JWK, sign: async () => new Uint8Array() }),
      showLight: async () => [0.0204],
      setTimer: this.clock.setTimer,
      clearTimer: this.clock.clearTimer,
      emit: (name, detail) => this.told.push([name, detail]),
      ...ports,
    };
  }

  #keep(list, each) {
    list.push(each);
    return each;
  }

  get model() {
    return this.controller.model;
  }

  get socket() {
    return this.sockets.at(-1);
  }

  get peer() {
    return this.peers.at(-1);
  }

  async send(...types) {
    for (const type of types) this.controller.send(typeof type === 'string' ? { type } : type);
    await settled();
  }

  async receive(...messages) {
    for (const message of messages) this.socket.receive(message);
    await settled();
  }

  /** Go through an attempt up to this state. */
  async to(state) {
    for (const [name, step] of Object.entries(WAY)) {
      await step(this);
      await settled();
      if (name === state) break;
    }
    assert.equal(this.model.state, state);
    return this;
  }

  names(...wanted) {
    return this.told.map(([name]) => name).filter((name) => !wanted.length || wanted.includes(name));
  }

  assertFree() {
    assert.equal(this.media.on, 0, 'a camera is on');
    assert.equal(this.clock.pending.size, 0, 'a timer runs');
    assert.equal(this.meter.on, false, 'the meter runs');
    assert.ok(this.peers.every(({ closed }) => closed), 'a peer connection is open');
    assert.ok(this.sockets.every(({ readyState }) => readyState === 3), 'a socket is open');
  }
}

const WAY = {
  consent: (rig) => rig.send('start'),
  adjusting: (rig) => rig.send('consent'),
  connecting: (rig) => rig.send('proceed'),
  positioning: async (rig) => {
    rig.socket.open();
    await rig.receive(WELCOME);
    await rig.receive({ type: 'answer', sdp: 'v=0 answer' });
    rig.peer.become('connected');
    await rig.receive(GUIDANCE);
  },
  challenging: (rig) => rig.receive({ ...GUIDANCE, code: 'ok', hold_s: 0.5 }, CHALLENGE),
  checking: (rig) => rig.receive(PROGRESS),
  passed: (rig) => rig.receive(VERDICT),
};
const RUNNING = Object.keys(WAY).filter((state) => state !== 'passed');
const ON_AIR = ['positioning', 'challenging', 'checking'];

test('an attempt from click to token', async () => {
  const rig = await new Rig().to('passed');
  assert.deepEqual(rig.names('ready', 'guidance', 'challenge', 'progress', 'passed'), ['ready', 'guidance', 'guidance', 'challenge', 'progress', 'passed']);
  assert.deepEqual(rig.told.at(-1), ['passed', { token: 'a.b.c' }]);
  const states = rig.told.filter(([name]) => name === 'statechange').map(([, { state }]) => state);
  assert.deepEqual(states, ['consent', 'preparing', ...Object.keys(WAY).slice(1)]);
  rig.assertFree();
});

test('what is said to host and server on the way', async () => {
  const rig = await new Rig({ settings: { profile: 'extended-time', lightWanted: true } }).to('positioning');
  assert.deepEqual(rig.requests, [{ profile: 'extended-time', light: true, jwk: JWK }]);
  const [hello, offer] = rig.socket.sent;
  assert.deepEqual(hello, { type: 'hello', token: SESSION.clientToken, sdk: SDK, features: ['stats', 'light'] });
  assert.deepEqual(offer, { type: 'offer', sdp: 'v=0 offer' });
  assert.equal(rig.peer.answer.sdp, 'v=0 answer');
  rig.peer.find({ candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 });
  rig.peer.find(null);
  assert.deepEqual(rig.socket.sent.slice(2), [
    { type: 'candidate', candidate: 'candidate:1', sdp_mid: '0', sdp_mline_index: 0 },
    { type: 'candidate', candidate: null },
  ]);
});

test('the light is announced only for who wants it', async () => {
  const rig = await new Rig().to('positioning');
  assert.deepEqual(rig.socket.sent[0].features, ['stats']);
});

for (const state of RUNNING) {
  test(`cancel in ${state} frees everything`, async () => {
    const rig = await new Rig().to(state);
    await rig.send('cancel');
    assert.equal(rig.model.state, 'cancelled');
    rig.assertFree();
    assert.deepEqual(rig.names('cancel'), ['cancel']);
    if (ON_AIR.includes(state)) assert.equal(rig.socket.types.at(-1), 'cancel');
  });

  test(`${state} ends by itself, and frees everything`, async () => {
    const rig = await new Rig().to(state);
    rig.clock.pass(1000 * machine.timeoutOf(rig.model));
    await settled();
    assert.equal(rig.model.state, 'error');
    rig.assertFree();
  });

  test(`an element taken away in ${state} frees everything and stays silent`, async () => {
    const rig = await new Rig().to(state);
    rig.controller.dispose();
    const told = rig.told.length;
    await rig.send('hidden', 'start', 'retry');
    rig.assertFree();
    assert.equal(rig.told.length, told);
  });
}

for (const state of [...ON_AIR, 'connecting']) {
  test(`a server that goes away in ${state} is noticed`, async () => {
    const rig = await new Rig().to(state);
    rig.socket.drop(1006);
    assert.equal(rig.model.problem, 'server_gone');
    rig.assertFree();
  });

  test(`a camera lost in ${state} is noticed`, async () => {
    const rig = await new Rig().to(state);
    rig.media.tracks[0].happen('ended');
    assert.equal(rig.model.problem, 'camera_lost');
    rig.assertFree();
  });

  test(`a page hidden in ${state} for too long gives up, and tells the server`, async () => {
    const rig = await new Rig().to(state);
    await rig.send('hidden');
    rig.clock.pass(1000 * machine.HIDDEN_S - 1);
    assert.equal(rig.model.hidden, true);
    assert.equal(rig.model.state, state);
    rig.clock.pass(1);
    assert.equal(rig.model.problem, 'interrupted');
    if (state !== 'connecting') assert.equal(rig.socket.types.at(-1), 'cancel');
    rig.assertFree();
  });
}

test('a page that comes back in time goes on', async () => {
  const rig = await new Rig().to('challenging');
  await rig.send('hidden');
  rig.clock.pass(1000 * machine.HIDDEN_S - 1);
  await rig.send('visible');
  rig.clock.pass(2000);
  assert.deepEqual([rig.model.state, rig.model.hidden], ['challenging', false]);
});

test('missing support ends it before a camera is opened, and says what is missing first', async () => {
  const items = [{ name: 'secure_context', ok: true, problem: null }, { name: 'policy', ok: false, problem: 'policy_blocked' }, { name: 'camera', ok: false, problem: 'no_camera' }];
  const rig = new Rig({ support: async () => ({ ok: false, items }) });
  await rig.send('start', 'consent');
  assert.deepEqual([rig.model.problem, rig.model.canRetry, rig.media.asked.length], ['policy_blocked', false, 0]);
  rig.assertFree();
});

test('a support check that breaks is an error of ours', async () => {
  const rig = new Rig({ support: () => Promise.reject(new Error('x')) });
  await rig.send('start', 'consent');
  assert.equal(rig.model.problem, 'internal');
});

for (const [error, problem] of [['NotAllowedError', 'permission_denied'], ['NotFoundError', 'no_camera'], ['NotReadableError', 'camera_busy']]) {
  test(`${error} is ${problem}, and a retry opens the camera after all`, async () => {
    const rig = new Rig({ cameras: [named(error), {}] });
    await rig.send('start', 'consent');
    assert.deepEqual([rig.model.problem, rig.model.canRetry], [problem, true]);
    rig.assertFree();
    await rig.send('retry');
    assert.equal(rig.model.state, 'adjusting');
    assert.equal(rig.media.on, 1);
  });
}

test('the light is measured as soon as the camera is open', async () => {
  assert.equal((await new Rig().to('adjusting')).meter.on, true);
});

test('a camera that opens after the person left is turned off', async () => {
  let answer;
  const rig = new Rig({ cameras: [new Promise((resolve) => (answer = resolve))] });
  await rig.send('start', 'consent');
  await rig.send('cancel');
  answer({});
  await settled();
  assert.equal(rig.media.tracks.length, 1);
  rig.assertFree();
});

test('a camera port that forgets to is helped to turn off', async () => {
  let answer;
  const camera = Object.assign(new EventTarget(), { open: () => new Promise((resolve) => (answer = resolve)), close() {} });
  const rig = new Rig({ camera });
  await rig.send('start', 'consent');
  await rig.send('cancel');
  const tracks = [{ stopped: false, stop() { this.stopped = true; } }];
  answer({ stream: { getTracks: () => tracks }, settings: {}, cameras: [] });
  await settled();
  assert.deepEqual([tracks[0].stopped, rig.model.state], [true, 'cancelled']);
});

test('another camera takes the place of the first', async () => {
  const rig = await new Rig({ cameras: [{}, { deviceId: 'back' }] }).to('adjusting');
  await rig.send({ type: 'chooseCamera', deviceId: 'back' });
  assert.deepEqual([rig.model.cameraId, rig.model.cameraOpen, rig.media.on, rig.meter.on], ['back', true, 1, true]);
  assert.deepEqual(rig.media.asked[1].deviceId, { exact: 'back' });
});

test('of two cameras chosen one after the other the last one counts', async () => {
  let first;
  const rig = await new Rig({ cameras: [{}, new Promise((resolve) => (first = resolve)), { deviceId: 'c' }] }).to('adjusting');
  await rig.send({ type: 'chooseCamera', deviceId: 'b' }, { type: 'chooseCamera', deviceId: 'c' });
  first({ deviceId: 'b' });
  await settled();
  assert.deepEqual([rig.model.cameraId, rig.model.state, rig.media.on], ['c', 'adjusting', 1]);
});

test('a chosen camera that cannot be opened is an error, and the first one is off', async () => {
  const rig = await new Rig({ cameras: [{}, named('NotReadableError')] }).to('adjusting');
  await rig.send({ type: 'chooseCamera', deviceId: 'b' });
  assert.equal(rig.model.problem, 'camera_busy');
  rig.assertFree();
});

for (const [what, answer, problem] of [
  ['refuses', () => Promise.reject(new Error('503')), 'session_refused'],
  ['says why', () => Promise.reject(Object.assign(new Error('x'), { problem: 'overload' })), 'overload'],
  ['says a why that nobody knows', () => Promise.reject(Object.assign(new Error('x'), { problem: 'constructor' })), 'session_refused'],
  ['throws at once', () => { throw new Error('x'); }, 'session_refused'],
  ['answers nothing', async () => undefined, 'session_refused'],
  ['answers half', async () => ({ signalingUrl: 'wss://x' }), 'session_refused'],
]) {
  test(`a host that ${what}: ${problem}`, async () => {
    const rig = await new Rig({ requestSession: answer }).to('adjusting');
    await rig.send('proceed');
    assert.deepEqual([rig.model.problem, rig.model.canRetry, rig.sockets.length], [problem, true, 0]);
    rig.assertFree();
  });
}

test('a session that comes after the person left is not used', async () => {
  let answer;
  const rig = await new Rig({ requestSession: () => new Promise((resolve) => (answer = resolve)) }).to('connecting');
  await rig.send('cancel');
  answer(SESSION);
  await settled();
  assert.deepEqual([rig.model.state, rig.sockets.length], ['cancelled', 0]);
});

test('a session of the attempt before is not used by the next', async () => {
  const answers = [];
  const requestSession = () => new Promise((resolve) => answers.push(resolve));
  const rig = await new Rig({ cameras: [{}, {}], requestSession }).to('connecting');
  await rig.send('cancel', 'retry');
  await rig.send('proceed');
  answers[0]({ ...SESSION, clientToken: 'of-the-first-one' });
  await settled();
  assert.equal(rig.sockets.length, 0);
  answers[1](SESSION);
  await settled();
  rig.socket.open();
  assert.equal(rig.socket.sent[0].token, SESSION.clientToken);
});

test('every attempt is bound to the same key, which is a real one by default', async () => {
  const rig = await new Rig({ cameras: [{}, {}], senderKey: undefined }).to('adjusting');
  await rig.send('proceed');
  while (!rig.requests.length) await settled(); // as long as it takes to make one
  await rig.send('cancel', 'retry');
  await rig.send('proceed');
  assert.equal(rig.requests.length, 2);
  assert.deepEqual(Object.keys(rig.requests[0].jwk).sort(), ['crv', 'kty', 'x', 'y']);
  assert.deepEqual(rig.requests[0].jwk, rig.requests[1].jwk);
});

test('an attempt without a key is none', async () => {
  const rig = await new Rig({ senderKey: () => Promise.reject(new Error('x')) }).to('adjusting');
  await rig.send('proceed');
  assert.deepEqual([rig.model.problem, rig.requests.length], ['session_refused', 0]);
});

test('a second attempt on the same page, with a session of its own', async () => {
  const rig = await new Rig({ cameras: [{}, {}] }).to('challenging');
  await rig.receive({ type: 'verdict', decision: 'inconclusive', hint: 'too_dark' });
  assert.deepEqual([rig.model.reason, rig.model.canRetry], ['too_dark', true]);
  rig.assertFree();
  await rig.send('retry');
  for (const state of ['connecting', 'positioning', 'challenging', 'checking', 'passed']) {
    await WAY[state](rig);
    await settled();
  }
  assert.equal(rig.model.state, 'passed');
  assert.deepEqual([rig.sockets.length, rig.peers.length, rig.requests.length], [2, 2, 2]);
  rig.assertFree();
});

test('everything at once, as a fast server sends it, is taken in order', async () => {
  const rig = await new Rig().to('connecting');
  rig.socket.open();
  await rig.receive(WELCOME, { type: 'answer', sdp: 'v=0' }, GUIDANCE, CHALLENGE, PROGRESS, VERDICT);
  assert.equal(rig.model.state, 'passed');
  rig.assertFree();
});

test('a browser that cannot make an offer is an error', async () => {
  const rig = new Rig({
    createPeer: (config) => {
      const peer = new FakePeerConnection(config);
      peer.setLocalDescription = () => Promise.reject(named('OperationError'));
      rig.peers.push(peer);
      return peer;
    },
  });
  await rig.to('connecting');
  rig.socket.open();
  await rig.receive(WELCOME);
  assert.equal(rig.model.problem, 'internal');
  rig.assertFree();
});

test('an answer that cannot be used is an error', async () => {
  const rig = await new Rig().to('connecting');
  rig.socket.open();
  await rig.receive(WELCOME);
  rig.peer.refusal = named('InvalidAccessError');
  await rig.receive({ type: 'answer', sdp: 'nonsense' });
  assert.equal(rig.model.problem, 'internal');
  rig.assertFree();
});

test('media that never come up end the attempt', async () => {
  const rig = await new Rig().to('connecting');
  rig.socket.open();
  await rig.receive(WELCOME, { type: 'answer', sdp: 'v=0' });
  rig.peer.become('failed');
  assert.equal(rig.model.problem, 'connect_timeout');
  rig.assertFree();
});

test('a connection that returns goes on, one that does not ends the attempt', async () => {
  const rig = await new Rig().to('challenging');
  rig.peer.become('disconnected');
  rig.clock.pass(1000 * machine.MEDIA_LOST_S - 1);
  rig.peer.become('connected');
  rig.clock.pass(2);
  assert.equal(rig.model.state, 'challenging');
  rig.peer.become('failed');
  rig.clock.pass(1000 * machine.MEDIA_LOST_S);
  assert.equal(rig.model.problem, 'media_lost');
  rig.assertFree();
});

test('the verdict of a server that closes its media first still counts', async () => {
  const rig = await new Rig().to('checking');
  rig.peer.become('failed');
  await rig.receive(VERDICT);
  assert.equal(rig.model.state, 'passed');
  rig.assertFree();
});

test('a session that is over is over, whatever the server still says', async () => {
  const rig = await new Rig().to('challenging');
  for (let second = 0; second < 100 && rig.model.state !== 'error'; second += 5) {
    rig.clock.pass(5000);
    await rig.receive({ ...CHALLENGE, id: second, steps: 99 });
  }
  assert.equal(rig.model.problem, 'session_expired');
  rig.assertFree();
});

test('a server that talks nonsense is left', async () => {
  const rig = await new Rig().to('positioning');
  await rig.receive({ type: 'horoscope' });
  assert.equal(rig.model.state, 'positioning');
  await rig.receive('{"type":"guidance"');
  assert.deepEqual([rig.model.problem, rig.socket.closedWith], ['internal', 4004]);
  rig.assertFree();
});

test('coloured light is shown, and its times are reported as the wire takes them', async () => {
  const rig = await new Rig({ settings: { lightWanted: true }, showLight: async () => [-0.01, 0.02049, 99] }).to('checking');
  await rig.receive(LIGHT);
  assert.deepEqual(rig.socket.sent.at(-1), { type: 'light_shown', id: 1, shown_s: [0, 0.02, 60] });
});

test('light that could not be shown, or that nobody agreed to, was not shown', async () => {
  for (const options of [{ settings: { lightWanted: true }, showLight: () => Promise.reject(new Error('x')) }, {}]) {
    const rig = await new Rig(options).to('checking');
    await rig.receive(LIGHT);
    assert.deepEqual(rig.socket.sent.at(-1), { type: 'light_shown', id: 1, shown_s: [] });
  }
});

test('light still being shown when the attempt ends is told to end', async () => {
  let given;
  const showLight = (steps, signal) => new Promise((resolve) => (given = { signal, resolve }));
  const rig = await new Rig({ settings: { lightWanted: true }, showLight }).to('checking');
  await rig.receive(LIGHT);
  assert.equal(given.signal.aborted, false);
  await rig.send('cancel');
  assert.equal(given.signal.aborted, true);
  given.resolve([0.1]);
  await settled();
  assert.deepEqual([rig.model.light, rig.socket.types.includes('light_shown')], [null, false]);
});

const outbound = (at, framesSent, bytesSent) => ({ type: 'outbound-rtp', kind: 'video', timestamp: at, framesSent, bytesSent, frameWidth: 640, frameHeight: 480 });
const reports = (...all) => all.map((each) => new Map([['o', each]]));

test('statistics are sent once a second, from the second reading on', async () => {
  const rig = await new Rig().to('positioning');
  rig.peer.reports = reports(outbound(0, 0, 0), outbound(1000, 30, 187_500), outbound(2000, 60, 375_000));
  for (let second = 0; second < 3; second += 1) {
    rig.clock.pass(STATS_MS);
    await settled();
    rig.clock.pass(0);
  }
  const sent = rig.socket.sent.filter(({ type }) => type === 'stats');
  assert.deepEqual(sent, Array(2).fill({ type: 'stats', fps: 30, bitrate_kbps: 1500, width: 640, height: 480 }));
  await rig.send('cancel');
  rig.assertFree();
});

test('an older server is spared the statistics, which it would take for a violation', async () => {
  const rig = await new Rig().to('connecting');
  rig.socket.open();
  await rig.receive(WELCOME, { type: 'answer', sdp: 'v=0' });
  rig.peer.become('connected');
  await rig.receive({ type: 'guidance', code: 'ok' });
  rig.peer.reports = reports(outbound(0, 0, 0), outbound(1000, 30, 187_500));
  for (let second = 0; second < 2; second += 1) {
    rig.clock.pass(STATS_MS);
    await settled();
  }
  assert.ok(!rig.socket.types.includes('stats'));
});

test('statistics that the server would refuse, or that cannot be had, are left out and end nothing', async () => {
  const rig = await new Rig().to('positioning');
  rig.peer.reports = reports(outbound(0, 0, 0), outbound(1000, 99_999, 0));
  for (let second = 0; second < 2; second += 1) {
    rig.clock.pass(STATS_MS);
    await settled();
  }
  rig.peer.getStats = () => Promise.reject(named('InvalidStateError'));
  rig.clock.pass(STATS_MS);
  await settled();
  assert.deepEqual([rig.model.state, rig.socket.types.includes('stats')], ['positioning', false]);
});

test('a candidate that the server would refuse is left out and ends nothing', async () => {
  const rig = await new Rig().to('positioning');
  rig.peer.find({ candidate: 'x'.repeat(2000), sdpMid: '0', sdpMLineIndex: 0 });
  assert.deepEqual([rig.model.state, rig.socket.types.includes('candidate')], ['positioning', false]);
});

test('a host that answers an event at once does not get between two steps', async () => {
  const rig = new Rig({
    emit: (name, detail) => {
      rig.told.push([name, rig.model.state]);
      if (detail.state === 'adjusting') rig.controller.send({ type: 'cancel' });
    },
  });
  await rig.send('start', 'consent');
  const expected = [['statechange', 'adjusting'], ['ready', 'adjusting'], ['statechange', 'cancelled'], ['cancel', 'cancelled']];
  assert.deepEqual(rig.told.slice(-4), expected);
  rig.assertFree();
});

test('a host that removes the element in answer to an event leaves nothing open', async () => {
  for (const removal of ['consent', 'preparing', 'adjusting', 'connecting']) {
    const rig = new Rig({ emit: (name, detail) => name === 'statechange' && detail.state === removal && rig.controller.dispose() });
    await rig.send('start', 'consent');
    await rig.send('proceed');
    rig.assertFree();
  }
});

test('a port that throws ends the attempt, and keeps nothing else from being freed', async () => {
  const rig = await new Rig().to('adjusting');
  rig.meter.stop = () => {
    rig.meter.on = false;
    throw new Error('x');
  };
  await rig.send('cancel');
  assert.equal(rig.model.state, 'cancelled');
  rig.assertFree();
});

test('change is dispatched when something changed, and only then', async () => {
  const rig = await new Rig().to('adjusting');
  const before = rig.changes;
  await rig.send({ type: 'meter', light: 'ok' });
  assert.equal(rig.changes, before + 1);
  await rig.send({ type: 'meter', light: 'ok' }, 'consent', 'verdict');
  assert.equal(rig.changes, before + 1);
});
