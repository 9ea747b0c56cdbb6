import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { STREAMING, initialModel } from '../../web_demo/machine.js';
import { FIGURES, lineOf } from '../../web_demo/overlay.js';
import english from '../../web_demo/strings/en.js';
import { CSS } from '../../web_demo/styles.js';

const PROTOCOL = readFileSync(new URL('../../server/docs/protocol.md', import.meta.url), 'utf8');
const table = (name) => PROTOCOL.split(`<!-- table: ${name} -->`)[1].split('<!-- end -->')[0];
const KINDS = [...table('challenges').matchAll(/^\| `(\w+)`/gm)].map(([, kind]) => kind);
const CODES = [...table('guidance').matchAll(/`(\w+)`/g)].map(([, code]) => code);

const model = (patch) => ({ ...initialModel(), ...patch });
const challenge = { id: 1, kind: 'smile', step: 1, steps: 3, deadlineS: 5 };
const said = ({ key, detail }) => [key, detail].filter(Boolean).forEach((name) => assert.ok(name in english, name));

test('every challenge of the protocol is asked for in words, with a figure', () => {
  assert.ok(KINDS.length >= 11);
  for (const kind of KINDS) {
    const line = lineOf(model({ state: 'challenging', challenge: { ...challenge, kind } }));
    assert.deepEqual([line.key, line.tone, line.figure], [`prompt.${kind}`, 'ask', kind]);
    said(line);
    assert.ok(FIGURES.includes(kind));
  }
});

test('every figure moves', () => {
  for (const kind of FIGURES) {
    const rules = CSS.split('\n').filter((rule) => rule.includes(`[data-kind=${kind}]`) || (kind.startsWith('blink') && rule.includes('[data-kind^=blink]')));
    assert.ok(rules.some((rule) => rule.includes('--pose')), kind);
  }
});

test('a challenge without a figure is still asked for in words', () => {
  assert.equal(lineOf(model({ state: 'challenging', challenge: { ...challenge, kind: 'wave' } })).figure, null);
});

test('every guidance code is said while positioning, between challenges and while checking', () => {
  assert.ok(CODES.length >= 14);
  const places = [{ state: 'positioning' }, { state: 'challenging', challenge, outcome: 'done' }, { state: 'checking' }];
  for (const guidance of CODES.filter((code) => code !== 'ok')) {
    for (const place of places) {
      const line = lineOf(model({ ...place, guidance }));
      assert.deepEqual([line.key, line.tone], [`guidance.${guidance}`, 'warn']);
      said(line);
    }
  }
});

test('guidance never hides what the person is asked to do', () => {
  const line = lineOf(model({ state: 'challenging', challenge, outcome: null, guidance: 'hold_still' }));
  assert.equal(line.key, 'prompt.smile');
});

test('a good position is told as good', () => {
  assert.deepEqual(lineOf(model({ state: 'positioning', guidance: 'ok' })).tone, 'good');
  assert.deepEqual(lineOf(model({ state: 'positioning' })).key, 'state.positioning');
});

test('how a challenge ended is told until the next one', () => {
  const line = (outcome) => lineOf(model({ state: 'challenging', challenge, outcome, guidance: 'ok' }));
  assert.deepEqual([line('done').key, line('done').tone], ['progress.done', 'good']);
  assert.equal(line('retry').key, 'progress.retry');
  for (const outcome of ['done', 'retry']) said(line(outcome));
});

test('every state has a line', () => {
  for (const state of ['idle', 'consent', 'preparing', 'adjusting', 'connecting', 'positioning', 'challenging', 'checking']) {
    said(lineOf(model({ state })));
  }
});

test('who left the page is called back, for as long as a session runs', () => {
  for (const state of STREAMING) assert.equal(lineOf(model({ state, hidden: true, challenge })).key, 'state.hidden');
  assert.notEqual(lineOf(model({ state: 'adjusting', hidden: true })).key, 'state.hidden');
});
