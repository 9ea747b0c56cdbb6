import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StatsReader } from '../../web_demo/peer.js';

const report = (...entries) => new Map(entries.map((entry, index) => [`id${index}`, entry]));
const outbound = (fields) => ({
  type: 'outbound-rtp', kind: 'video', timestamp: 0, bytesSent: 0, framesSent: 0, frameWidth: 640, frameHeight: 480, ...fields,
});
const source = (fields) => ({ type: 'media-source', kind: 'video', frames: 0, width: 640, height: 480, ...fields });

function second(first, next) {
  const reader = new StatsReader();
  assert.equal(reader.read(first), null);
  return reader.read(next);
}

test('rates are those between two readings', () => {
  const message = second(
    report(outbound({ timestamp: 5000, bytesSent: 1000, framesSent: 10, framesEncoded: 11 }), source({ frames: 12 })),
    report(outbound({ timestamp: 6500, bytesSent: 301_000, framesSent: 54, framesEncoded: 55, qualityLimitationReason: 'none' }), source({ frames: 57 })),
  );
  assert.deepEqual(message, {
    type: 'stats', fps: 29.3, bitrate_kbps: 1600, dropped: 1, width: 640, height: 480, quality_limit: 'none',
  });
});

test('a browser that says little: what it does not count is not made up', () => {
  const bare = (fields) => report({ type: 'outbound-rtp', kind: 'video', ...fields });
  assert.deepEqual(second(bare({ timestamp: 0, framesEncoded: 0 }), bare({ timestamp: 1000, framesEncoded: 30 })), {
    type: 'stats', fps: 30, bitrate_kbps: 0, width: 0, height: 0,
  });
});

test('the picture is as large as it is sent, not as it is captured', () => {
  const shrunk = [outbound({ timestamp: 1 }), outbound({ timestamp: 1001, frameWidth: 320, frameHeight: 240, qualityLimitationReason: 'bandwidth' })];
  const { width, height, quality_limit: limit } = second(...shrunk.map((entry) => report(entry, source())));
  assert.deepEqual([width, height, limit], [320, 240, 'bandwidth']);
});

test('round trip: the receiver first, then the pair in use', () => {
  const pair = (fields) => ({ type: 'candidate-pair', state: 'succeeded', nominated: true, currentRoundTripTime: 0.04321, ...fields });
  const heard = { type: 'remote-inbound-rtp', kind: 'video', roundTripTime: 0.0314159 };
  const rtt = (...entries) => second(report(outbound({ timestamp: 1 })), report(outbound({ timestamp: 2 }), ...entries)).rtt_s;
  assert.equal(rtt(pair(), heard), 0.031);
  assert.equal(rtt(pair(), { type: 'remote-inbound-rtp', kind: 'video' }), 0.043);
  assert.equal(rtt(pair({ nominated: false }), pair({ state: 'failed' })), undefined);
});

test('dropped frames are counted from the first reading on', () => {
  const reader = new StatsReader();
  const at = (timestamp, framesSent, frames) => reader.read(report(outbound({ timestamp, framesSent }), source({ frames })))?.dropped;
  assert.deepEqual([at(1, 0, 40), at(1000, 28, 70), at(2000, 58, 100), at(3000, 87, 130)], [undefined, 2, 2, 3]);
});

test('never fewer than none dropped: a frame may be sent after it was counted', () => {
  assert.equal(second(report(outbound({ timestamp: 1 }), source()), report(outbound({ timestamp: 2, framesSent: 3 }), source({ frames: 2 }))).dropped, 0);
});

test('nothing without a video stream, and a measurement that starts anew after it', () => {
  const reader = new StatsReader();
  const audio = { type: 'outbound-rtp', kind: 'audio', timestamp: 1 };
  for (const silent of [report(), report(audio), report(outbound({ timestamp: 1 })), report(outbound({ timestamp: 1 }))])
    assert.equal(reader.read(silent), null);
  assert.equal(reader.read(report(outbound({ timestamp: 2 }))).fps, 0);
});
