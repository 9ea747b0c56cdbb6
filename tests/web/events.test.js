// The element's event names: documented, typed and sent, the same ones.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { EVENT, EVENTS } from '../../web_demo/events.js';

const source = (name) => readFileSync(new URL(`../../web_demo/${name}.js`, import.meta.url), 'utf8');

test('names are unique, lower case, and frozen', () => {
  assert.equal(new Set(EVENTS).size, EVENTS.length);
  for (const name of EVENTS) assert.match(name, /^[a-z]+$/);
  assert.ok(Object.isFrozen(EVENT) && Object.isFrozen(EVENTS));
});

test('every event has a typed detail, and no other has', () => {
  const details = source('typedefs').split('@typedef {object} EventDetails')[1].split('Messages of')[0];
  const named = [...details.matchAll(/@property \{.*\} ([a-z]+)$/gm)].map(([, name]) => name);
  assert.deepEqual(new Set(named), new Set(EVENTS));
});

test('every event the machine sends is one of these', () => {
  const sent = [...source('machine').matchAll(/emit\('([a-z]+)'/g)].map(([, name]) => name);
  for (const name of sent) assert.ok(EVENTS.includes(name), name);
  // The element itself sends the one that remains.
  assert.deepEqual(EVENTS.filter((name) => !sent.includes(name)), ['sessionneeded']);
});
