// The WebSocket's shell against a scripted socket and clock.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { HANDSHAKE_MS, Signaling } from '../../web_demo/link.js';
import { WireError } from '../../web_demo/wire.js';
import { FakeClock, FakeSocket } from './fake-socket.js';

const URL_ = 'wss://liveness.example.test/v1/signaling';
const CODES = Object.values(JSON.parse(readFileSync(new URL('../contract/close_codes.json', import.meta.url), 'utf8')).codes);
const GUIDANCE = { type: 'guidance', code: 'ok', hold_s: 0 };

function rig({ listening = true } = {}) {
  const clock = new FakeClock();
  const news = [];
  let socket = null;
  const openSocket = (url, protocol) => (socket = new FakeSocket(url, protocol));
  const signaling = new Signaling({ openSocket, setTimer: clock.setTimer, clearTimer: clock.clearTimer }, URL_);
  if (listening) signaling.listen((each) => news.push(each));
  return { clock, news, socket, signaling };
}

test('opens one socket to the address given, with the subprotocol', () => {
  const { socket, news } = rig();
  assert.deepEqual([socket.url, socket.offered], [URL_, 'liveness.v1']);
  socket.open();
  assert.deepEqual(news, [{ type: 'open' }]);
});

test('a server that does not speak the subprotocol is not spoken to', () => {
  const { socket, news, clock } = rig();
  socket.open('chat');
  assert.deepEqual(news, [{ type: 'fault', problem: 'internal' }]);
  assert.equal(socket.closedWith, 1000);
  assert.equal(clock.pending.size, 0);
});

test('an address that cannot be opened is an error, not an exception', () => {
  const news = [];
  const openSocket = () => {
    throw new DOMException('bad', 'SyntaxError');
  };
  const clock = new FakeClock();
  new Signaling({ openSocket, setTimer: clock.setTimer, clearTimer: clock.clearTimer }, 'ftp:x').listen((each) => news.push(each));
  assert.deepEqual(news, [{ type: 'fault', problem: 'internal' }]);
});

test('a handshake that takes too long is given up', () => {
  const { socket, news, clock } = rig();
  clock.pass(HANDSHAKE_MS - 1);
  assert.deepEqual(news, []);
  clock.pass(1);
  assert.deepEqual(news, [{ type: 'fault', problem: 'connect_timeout' }]);
  assert.equal(socket.closedWith, 1000);
  socket.open();
  assert.equal(news.length, 1);
});

test('once open, the clock of the handshake stands', () => {
  const { socket, news, clock } = rig();
  socket.open();
  clock.pass(10 * HANDSHAKE_MS);
  assert.deepEqual(news, [{ type: 'open' }]);
});

test('what arrives before anyone listens is kept, in order, the end included', () => {
  const { socket, signaling } = rig({ listening: false });
  socket.open();
  socket.receive(GUIDANCE);
  socket.receive({ type: 'verdict', decision: 'fail' });
  socket.drop(1000);
  const news = [];
  signaling.listen((each) => news.push(each.message?.type ?? each.type));
  assert.deepEqual(news, ['open', 'guidance', 'verdict', 'closed']);
});

test('a message of an unknown type is passed over', () => {
  const { socket, news } = rig();
  socket.open();
  socket.receive({ type: 'weather', rain: true });
  socket.receive(GUIDANCE);
  assert.deepEqual(news.map(({ type }) => type), ['open', 'message']);
  assert.equal(socket.closedWith, null);
});

for (const frame of ['hello', '{"type":"guidance"}', '[]', new ArrayBuffer(4), '{"type":"verdict","decision":"maybe"}']) {
  test(`a malformed message ends it: ${frame}`, () => {
    const { socket, news } = rig();
    socket.open();
    socket.onmessage({ data: frame });
    socket.drop(1006);
    assert.deepEqual(news, [{ type: 'open' }, { type: 'fault', problem: 'internal' }]);
    assert.equal(socket.closedWith, 4004);
  });
}

for (const code of [...CODES, 1001, 1006, 1011]) {
  test(`a socket closed with ${code} says so, once`, () => {
    const { socket, news } = rig();
    socket.open();
    const { onclose } = socket;
    socket.drop(code);
    onclose({ code: 1006 });
    assert.deepEqual(news.slice(1), [{ type: 'closed', code }]);
  });
}

test('the reason sent before the close counts, and the close after it does not', () => {
  const { socket, news } = rig();
  socket.open();
  socket.receive({ type: 'error', code: 4003, reason: 'used' });
  socket.drop(1006);
  assert.deepEqual(news.slice(1), [{ type: 'closed', code: 4003 }]);
});

test('a close without a code is an abnormal one', () => {
  const { socket, news } = rig();
  socket.drop(0);
  assert.deepEqual(news, [{ type: 'closed', code: 1006 }]);
});

test('sends what the server takes, while the socket is open', () => {
  const { socket, signaling } = rig();
  signaling.send({ type: 'cancel' });
  socket.open();
  signaling.send({ type: 'cancel' });
  socket.readyState = 2;
  signaling.send({ type: 'cancel' });
  assert.deepEqual(socket.sent, [{ type: 'cancel' }]);
  assert.throws(() => signaling.send({ type: 'hello', token: 'short' }), WireError);
});

test('after a close of ours nothing is sent or reported, not even what came before', () => {
  const { socket, signaling, clock } = rig({ listening: false });
  socket.open();
  const { onmessage, onclose } = socket;
  signaling.close(4009);
  signaling.close();
  onmessage({ data: JSON.stringify(GUIDANCE) });
  onclose({ code: 1000 });
  signaling.send({ type: 'cancel' });
  signaling.listen(() => assert.fail('nothing is reported'));
  assert.deepEqual([socket.closedWith, socket.sent.length, clock.pending.size], [4009, 0, 0]);
});

test('a server that writes hold_s takes statistics, an older one does not', () => {
  const { socket, signaling } = rig();
  socket.open();
  socket.receive({ type: 'guidance', code: 'ok' });
  assert.equal(signaling.takesStats, false);
  socket.receive(GUIDANCE);
  assert.equal(signaling.takesStats, true);
});
