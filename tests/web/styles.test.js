import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linearLight } from '../../web_demo/flash.js';
import { COLOURS, CSS } from '../../web_demo/styles.js';

const luminance = (rgb) => 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
const contrast = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const channels = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
const hex = (rgb) => `#${rgb.map((v) => Math.round(v).toString(16).padStart(2, '0')).join('')}`;
const over = (top, share, bottom) => hex(channels(top).map((v, i) => share * v + (1 - share) * channels(bottom)[i]));

const TEXT = [
  ['text', 'surface'], ['text', 'raised'], ['muted', 'surface'], ['muted', 'raised'], ['on-accent', 'accent'], ['warn', 'surface'],
];
const SIGNS = [
  ['control', 'surface'], ['accent', 'surface'], ['accent', 'raised'], ['good', 'surface'], ['warn', 'surface'], ['bad', 'surface'],
  ['good', 'raised'], ['warn', 'raised'], ['text', 'figure'],
];

for (const [scheme, i] of [['light', 0], ['dark', 1]]) {
  const of = (name) => COLOURS[name][i];
  const between = (a, b) => contrast(linearLight(of(a)), linearLight(of(b)));

  test(`text can be read, ${scheme} (WCAG 2.2, 1.4.3)`, () => {
    for (const [a, b] of TEXT) assert.ok(between(a, b) >= 4.5, `${a} on ${b}: ${between(a, b)}`);
  });

  test(`controls and signs can be seen, ${scheme} (1.4.11)`, () => {
    for (const [a, b] of SIGNS) assert.ok(between(a, b) >= 3, `${a} on ${b}: ${between(a, b)}`);
  });

  test(`the ring can be seen over any picture, ${scheme}`, () => {
    const veil = Number(CSS.match(/\.veil \{[^}]*fill-opacity: ([.\d]+)/)[1]);
    for (const picture of ['#000000', '#ffffff']) {
      for (const name of ['accent', 'warn', 'good']) {
        const seen = contrast(linearLight(of(name)), linearLight(over(of('surface'), veil, picture)));
        assert.ok(seen >= 3, `${name} over ${picture}: ${seen}`);
      }
    }
  });
}

test('a host that shrinks its root element does not shrink the texts', () => {
  assert.doesNotMatch(CSS, /[\d.]rem\b/);
});

test('every colour has a custom property', () => {
  for (const name of Object.keys(COLOURS)) assert.ok(CSS.includes(`--${name}: var(--face-liveness-${name},`));
});

test('what moves, moves only for who did not ask for less', () => {
  const still = CSS.replace(/@keyframes[^{]+\{(?:[^{}]|\{[^}]*\})*\}/g, '').replace(/@media \(prefers-reduced-motion: no-preference\) \{(?:[^{}]|\{[^}]*\})*\}/g, '');
  assert.doesNotMatch(still, /animation:|transition:/);
});

test('nothing is laid out by left and right where a language may turn it around', () => {
  assert.doesNotMatch(CSS, /(margin|padding|border|inset)-(left|right)|text-align: (left|right)|float:/);
});

test('no orientation is asked for, and nothing comes from elsewhere', () => {
  assert.doesNotMatch(CSS, /url\(|@import|@font-face|\(orientation/);
});

// Controls have a smaller font of their own, of which an em would be, where they do not inherit one.
test('buttons are 44 pixels high at least, boxes 24 (WCAG 2.2, 2.5.8)', () => {
  assert.ok(16 * Number(CSS.match(/\.button \{[^}]*min-block-size: ([.\d]+)em/)[1]) >= 44);
  assert.ok(16 * Number(CSS.match(/select \{[^}]*min-block-size: ([.\d]+)em/)[1]) >= 44);
  assert.ok(16 * Number(CSS.match(/\.choice input \{ font: inherit; inline-size: ([.\d]+)em/)[1]) >= 24);
});
