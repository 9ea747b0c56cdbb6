import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cssColour, dueTimes, lightAt, linearLight, play } from '../../web_demo/flash.js';

const HZ = 120;
const SOURCE = new URL('../../server/src/liveness_server/', import.meta.url);
const read = (path) => readFileSync(new URL(path, SOURCE), 'utf8');
/** What the server draws from, out of its own source. */
const PALETTE = [...read('signal/palette.py').match(/^PALETTE.*$/m)[0].matchAll(/#[0-9a-f]{6}/g)].map(String);
const LIGHT = read('engine/light.py');
const number = (name) => Number(LIGHT.match(new RegExp(`^${name}.*= ([\\d.]+)$`, 'm'))[1]);
const STEPS = number('STEPS');
const RAMP_S = number('RAMP_S');
const SHORTEST_S = Number(LIGHT.match(/^DURATION_S.*\(([\d.]+),/m)[1]);

/** Relative luminance of linear red, green and blue (WCAG 2.2). */
const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** Relative luminance of the screen, 0 to 1, from the first step to the last one's end. */
function luminanceTrace(steps, hz, before) {
  const length = Math.floor(dueTimes(steps).at(-1) * hz);
  return Array.from({ length }, (_, i) => luminance(lightAt(steps, i / hz, before)));
}

/** All orders of two colours in a row occur in these; the shortest steps flash most. */
function sequences() {
  const all = [];
  for (let first = 0; first < PALETTE.length; first++) {
    for (let stride = 1; stride < PALETTE.length; stride++) {
      all.push(Array.from({ length: STEPS }, (_, i) => PALETTE[(first + stride * i + (stride === 2 ? i >> 1 : 0)) % PALETTE.length]));
    }
  }
  return all.map((colours) => colours.map((colour) => ({ colour, duration_s: SHORTEST_S, ramp_s: RAMP_S })));
}

/** General flashes (WCAG 2.2, 2.3.1): pairs of opposing changes of 10 % or more, the darker side below 0.8. */
function flashesPerSecond(trace) {
  const at = [];
  let [low, high, direction] = [trace[0], trace[0], 0];
  trace.forEach((y, i) => {
    [low, high] = [Math.min(low, y), Math.max(high, y)];
    const rose = direction <= 0 && y - low >= 0.1 && low < 0.8;
    const fell = direction >= 0 && high - y >= 0.1 && y < 0.8;
    if (!rose && !fell) return;
    at.push(i);
    direction = rose ? 1 : -1;
    low = high = y;
  });
  return Math.max(0, ...at.map((first) => at.filter((later) => later >= first && later < first + HZ).length >> 1));
}

test('the palette is the server’s', () => {
  assert.equal(PALETTE.length, 4);
  assert.ok(STEPS >= 2 && RAMP_S > 0 && SHORTEST_S > RAMP_S);
});

test('the counter counts flashes', () => {
  const blink = Array.from({ length: HZ }, (_, i) => Math.floor(i / 10) % 2);
  assert.ok(flashesPerSecond(blink) >= 5);
  assert.equal(flashesPerSecond(blink.map((y) => 0.05 * y)), 0);
});

test('no sequence flashes, from a white page and from a dark one', () => {
  for (const steps of sequences()) {
    for (const before of ['#ffffff', '#000000', '#12161c']) {
      const trace = luminanceTrace(steps, HZ, before);
      assert.ok(flashesPerSecond(trace) <= 1, 'at most the way in and out');
      const calm = trace.slice(Math.ceil(RAMP_S * HZ) + 1);
      assert.ok(Math.max(...calm) - Math.min(...calm) < 0.01, 'one luminance throughout');
    }
  }
});

test('the same sequence with a real change of luminance is caught', () => {
  const steps = sequences()[0].map((step, i) => ({ ...step, duration_s: 0.15, ramp_s: 0.02, colour: i % 2 ? '#ffffff' : '#000000' }));
  assert.ok(flashesPerSecond(luminanceTrace(steps, HZ)) > 2);
});

test('red is never saturated', () => {
  for (const steps of sequences()) {
    for (let t = 0; t < STEPS * SHORTEST_S; t += 1 / HZ) {
      const rgb = lightAt(steps, t);
      assert.ok(rgb[0] < 0.8 * (rgb[0] + rgb[1] + rgb[2]));
    }
  }
});

test('black text can be read on every colour', () => {
  for (const colour of PALETTE) {
    assert.ok((luminance(linearLight(colour)) + 0.05) / 0.05 >= 7);
  }
});

test('fades are in proportion of light', () => {
  const steps = [{ colour: '#000000', duration_s: 1, ramp_s: 1 }];
  assert.ok(Math.abs(lightAt(steps, 0.5)[0] - 0.5) < 1e-9);
  assert.equal(cssColour(linearLight('#ff737c')), 'rgb(255.00 115.00 124.00)');
});

/** A clock that gives a picture every `ms`. */
function pictures(ms) {
  let now = 5000;
  return { now: () => now, frame: (draw) => queueMicrotask(() => draw((now += ms))) };
}

test('the times told are those of the first picture of each colour', async () => {
  const steps = sequences()[0];
  const shown = await play(steps, () => {}, pictures(16));
  const due = dueTimes(steps);
  assert.equal(shown.length, steps.length);
  shown.forEach((s, i) => assert.ok(s >= due[i] && s < due[i] + 0.017, `${s} for ${due[i]}`));
  assert.equal(shown[0], 0);
});

test('who skips it reports nothing', async () => {
  let pictured = 0;
  const shown = await play(sequences()[0], () => pictured++, pictures(16), { skipped: () => pictured > 20 });
  assert.deepEqual(shown, []);
});
