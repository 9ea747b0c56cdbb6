import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Peer, maxBitrate } from '../../web_demo/peer.js';
import { FakeTrack } from './fake-devices.js';
import { FakePeerConnection } from './fake-peer.js';

const ANSWER = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1500\r\n';
const HOST = { candidate: 'candidate:1 1 udp 1 10.0.0.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 };

function made(iceServers = []) {
  const track = new FakeTrack();
  let pc;
  const peer = new Peer({ createPeer: (config) => (pc = new FakePeerConnection(config)), iceServers, track });
  const seen = [];
  for (const name of ['up', 'lost']) peer.addEventListener(name, () => seen.push(name));
  peer.onCandidate = (candidate) => seen.push(candidate);
  return { peer, pc, track, seen };
}

test('one video track, one way, and not of a screen', () => {
  const { pc, track } = made();
  assert.equal(track.contentHint, 'motion');
  assert.deepEqual(pc.transceivers, [{ track, direction: 'sendonly' }]);
});

test('the servers of the welcome: credentials only where there are any, and no server means none', () => {
  const turn = { urls: ['turns:turn.example:443'], username: '1:s', credential: 'c' };
  const { pc } = made([{ urls: ['stun:stun.example'], username: '', credential: '' }, turn]);
  assert.deepEqual(pc.config, { iceServers: [{ urls: ['stun:stun.example'] }, turn] });
  assert.deepEqual(made().pc.config, { iceServers: [] });
});

test('the offer is the local description; candidates follow as the wire names them', async () => {
  const { peer, pc, seen } = made();
  assert.equal(await peer.offer(), 'v=0 offer');
  for (const candidate of [HOST, { candidate: '', sdpMid: '0', sdpMLineIndex: 0 }, null]) pc.find(candidate);
  assert.deepEqual(seen, [{ candidate: HOST.candidate, sdp_mid: '0', sdp_mline_index: 0 }, { candidate: null }]);
});

test('nobody need listen for candidates', () => {
  const { peer, pc } = made();
  peer.onCandidate = null;
  pc.find(HOST);
});

test('the answer bounds what is sent, and never makes it smaller', async () => {
  const { peer, pc } = made();
  await peer.accept(ANSWER);
  assert.deepEqual(pc.answer, { type: 'answer', sdp: ANSWER });
  assert.deepEqual(pc.set, { transactionId: '1', encodings: [{ active: true, maxBitrate: 2_500_000 }], degradationPreference: 'maintain-resolution' });
});

test('an answer that says nothing of bitrates bounds nothing', async () => {
  const { peer, pc } = made();
  await peer.accept('v=0\r\n');
  assert.deepEqual(pc.set.encodings, [{ active: true }]);
});

test('a browser that refuses the wishes sends all the same; an answer it refuses is an error', async () => {
  const { peer, pc } = made();
  pc.refusesParameters = true;
  await peer.accept(ANSWER);
  pc.refusal = new DOMException('no', 'InvalidAccessError');
  await assert.rejects(peer.accept(ANSWER), { name: 'InvalidAccessError' });
});

test('bitrates an answer may name', () => {
  for (const [lines, expected] of [
    [ANSWER, 2_500_000],
    ['a=fmtp:97 level-asymmetry-allowed=1;x-google-start-bitrate=300\r\n', 500_000],
    [`${ANSWER}b=AS:800\r\n`, 800_000],
    [`b=AS:800\r\nb=TIAS:750000\r\n`, 750_000],
    [`x=b=AS:800\r\n`, null],
    ['', null],
  ]) assert.equal(maxBitrate(lines), expected, lines);
});

test('up and lost follow the connection, which may come back', () => {
  const { pc, seen } = made();
  for (const state of ['connecting', 'connected', 'disconnected', 'connected', 'failed']) pc.become(state);
  assert.deepEqual(seen, ['up', 'lost', 'up', 'lost']);
});

test('nothing is said after the end, and the track is left to its owner', () => {
  const { peer, pc, track, seen } = made();
  peer.close();
  pc.become('failed');
  pc.find(HOST);
  assert.equal(pc.closed, true);
  assert.deepEqual(seen, []);
  assert.equal(track.readyState, 'live');
});

test('stats: the first reading starts, the second tells', async () => {
  const { peer, pc } = made();
  const at = (timestamp) => new Map([['o', { type: 'outbound-rtp', kind: 'video', timestamp, bytesSent: timestamp, framesSent: timestamp / 100 }]]);
  pc.reports = [at(1000), at(2000)];
  assert.equal(await peer.stats(), null);
  assert.equal((await peer.stats()).fps, 10);
});
