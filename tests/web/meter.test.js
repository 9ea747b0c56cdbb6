import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { BACKLIT, LIMITS, LightMeter, readLight } from '../../web_demo/meter.js';
import english from '../../web_demo/strings/en.js';
import { FakeTimers } from './fake-devices.js';

/** Somebody in front of a wall: a face of one grey, hair of 0.4 of it, a jacket, and what is behind them. */
function portrait({ face, behind = 120, jacket = 40, glare = 0, width = 48, height = 36 }) {
  const rgba = new Uint8ClampedArray(4 * width * height);
  const unit = Math.min(width, height) * 0.245;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [(x + 0.5 - width / 2) / unit, (y + 0.5 - height / 2) / (1.35 * unit)];
      const inside = Math.hypot(dx, dy) < 1;
      const shoulder = dy > 1.1 && Math.abs(dx) < 2.5;
      const skin = dy < -0.8 ? 0.4 * face : dx < -1 + 2 * glare ? 255 : face;
      rgba.set([0, 1, 2].map(() => (inside ? skin : shoulder ? jacket : behind)).concat(255), 4 * (y * width + x));
    }
  }
  return rgba;
}

const light = (scene) => readLight(portrait(scene), scene.width ?? 48, scene.height ?? 36).light;

const SCENES = [
  ['ok', 'a room', { face: 120 }],
  ['ok', 'dark skin before a white wall', { face: 70, behind: 230 }],
  ['ok', 'light skin before a dark wall', { face: 190, behind: 10 }],
  ['ok', 'a window behind a face that is lit all the same', { face: 130, behind: 255 }],
  ['ok', 'black clothes', { face: 120, jacket: 0 }],
  ['too_dark', 'a lamp that is off', { face: 30, behind: 30 }],
  ['too_dark', 'a dark face before a grey wall', { face: 40, behind: 200 }],
  ['too_bright', 'the sun', { face: 235, behind: 200 }],
  ['too_bright', 'half a face in the sun', { face: 120, glare: 0.5 }],
  ['backlit', 'a window behind', { face: 60, behind: 255 }],
  ['backlit', 'a silhouette', { face: 20, behind: 255 }],
];
for (const [expected, name, scene] of SCENES) {
  test(`${name}: ${expected}, lying and upright`, () => {
    assert.equal(light(scene), expected);
    assert.equal(light({ ...scene, width: 36, height: 48 }), expected);
  });
}

test('every verdict is reached above, and has a text', () => {
  const verdicts = ['ok', 'too_dark', 'too_bright', 'backlit'];
  assert.deepEqual([...new Set(SCENES.map(([verdict]) => verdict))].sort(), verdicts.sort());
  for (const verdict of verdicts) assert.ok(english[`meter.${verdict}`], verdict);
});

test('a picture of one grey: its luma, and nothing clipped', () => {
  const grey = readLight(new Uint8ClampedArray(4 * 48 * 36).fill(128), 48, 36);
  assert.ok(Math.abs(grey.mean - 128) < 1e-9);
  assert.equal(grey.clipped, 0);
  for (const end of [0, 255]) assert.equal(readLight(new Uint8Array(4 * 48 * 36).fill(end), 48, 36).clipped, 1);
});

test('colours weigh as the server weighs them', () => {
  const blue = Uint8ClampedArray.from({ length: 4 * 48 * 36 }, (_, i) => (i % 4 >= 2 ? 255 : 0));
  assert.ok(Math.abs(readLight(blue, 48, 36).mean - 0.114 * 255) < 1e-9);
});

test('the limits of a face are the server’s', () => {
  const source = (path) => readFileSync(new URL(`../../server/src/liveness_server/${path}`, import.meta.url), 'utf8');
  const limits = source('checks/limits.py');
  const number = (name) => Number(new RegExp(`${name}: float = ([\\d.]+)`).exec(limits)[1]);
  assert.deepEqual([LIMITS.dark, LIMITS.bright, LIMITS.clipped], ['min_luma', 'max_luma', 'max_clipped'].map(number));
  assert.match(source('vision/quality.py'), new RegExp(`DARK, BRIGHT = ${LIMITS.black}, ${LIMITS.white}\\n`));
  assert.ok(BACKLIT.luma > LIMITS.dark, 'else a face lit from behind would only ever be too dark');
});

/** A video whose pictures are drawn by the test. */
function screen(scenes, { videoWidth = 640, videoHeight = 480, readyState = 4 } = {}) {
  const drawn = [];
  const createElement = () => {
    const canvas = { getContext: (kind, { willReadFrequently }) => (assert.ok(willReadFrequently), {
      canvas,
      drawImage: (video, x, y, width, height) => drawn.push([width, height]),
      getImageData: (x, y, width, height) => ({ data: portrait({ ...(scenes.length > 1 ? scenes.shift() : scenes[0]), width, height }) }),
    }) };
    return canvas;
  };
  return { video: { videoWidth, videoHeight, readyState, ownerDocument: { createElement } }, drawn };
}

const ROOM = { face: 120 };
const NIGHT = { face: 20, behind: 20 };

function told(scenes, options) {
  const { video, drawn } = screen(scenes, options);
  const [timers, seen] = [new FakeTimers(), []];
  const meter = new LightMeter(video, (reading) => seen.push(reading.light), { timers });
  return { meter, video, drawn, timers, seen, pass: (times) => Array.from({ length: times }, () => timers.fire()) };
}

test('the first reading is told at once, then every change that stays', () => {
  const { meter, seen, pass } = told([ROOM, ROOM, NIGHT, ROOM, NIGHT, NIGHT, NIGHT, ROOM]);
  meter.start();
  pass(1);
  assert.deepEqual(seen, ['ok']);
  pass(4);
  assert.deepEqual(seen, ['ok'], 'a hand passed');
  pass(5);
  assert.deepEqual(seen, ['ok', 'too_dark', 'ok']);
});

test('four readings a second, of a tiny copy that keeps the orientation', () => {
  const lying = told([ROOM]);
  lying.meter.start();
  assert.deepEqual(lying.pass(2), [[250], [250]]);
  assert.deepEqual(lying.drawn, [[48, 36], [48, 36]]);
  lying.video.videoWidth = 480;
  lying.video.videoHeight = 640;
  lying.pass(1);
  assert.deepEqual(lying.drawn.at(-1), [36, 48]);
});

test('a video without a picture is waited for', () => {
  for (const options of [{ videoWidth: 0 }, { readyState: 1 }]) {
    const { meter, seen, drawn, pass, video } = told([ROOM], options);
    meter.start();
    pass(2);
    assert.deepEqual([seen, drawn], [[], []]);
    Object.assign(video, { videoWidth: 640, readyState: 4 });
    pass(1);
    assert.deepEqual(seen, ['ok']);
  }
});

test('stopped, it does nothing; started again, it tells anew; started twice, it runs once', () => {
  const { meter, seen, timers, pass } = told([ROOM]);
  meter.start();
  pass(1);
  meter.stop();
  meter.stop();
  assert.equal(timers.pending.size, 0);
  meter.start();
  meter.start();
  assert.equal(timers.pending.size, 1);
  pass(2);
  assert.deepEqual(seen, ['ok', 'ok']);
});
