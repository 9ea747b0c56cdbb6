// The element's README says what the element is: fresh tables, and no name in them or in the code without the other.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { EVENTS } from '../../web_demo/events.js';
import { TRANSITIONS } from '../../web_demo/machine.js';
import { COLOURS } from '../../web_demo/styles.js';
import { TABLES, classComment, members, readme, rendered, source, tags } from './readme-tables.js';

const FOLDER = new URL('../../web_demo/', import.meta.url);
const CODE = readdirSync(FOLDER).filter((name) => name.endsWith('.js')).map((name) => readFileSync(new URL(name, FOLDER), 'utf8')).join('\n');
const COMMENT = classComment(source());
const named = (tag) => tags(COMMENT, tag).map(({ name }) => name).sort();
const matches = (pattern, text = CODE) => [...new Set([...text.matchAll(pattern)].map(([, found]) => found))].sort();

test('its tables are fresh', () => {
  assert.equal(rendered(readme(), source()), readme(), 'run: node tests/web/readme-tables.js');
  for (const name of Object.keys(TABLES)) assert.ok(readme().includes(`<!-- table: ${name} -->`), name);
});

test('every event is documented, and no other', () => assert.deepEqual(named('event'), [...EVENTS].sort()));

test('every attribute the element follows is documented', () => {
  const followed = matches(/'([\w-]+)'/g, /observedAttributes = \[(.*?)\]/.exec(source())[1]);
  assert.deepEqual(followed.filter((name) => !named('attr').includes(name)), []);
});

test('every state has its slot, and every slot is one of a state or for help', () => {
  assert.deepEqual(named('slot'), [...Object.keys(TRANSITIONS), 'help'].sort());
});

test('every part in the code is documented, and every documented one is in the code', () => {
  const inCode = matches(/([\w-]+)/g, [...CODE.matchAll(/\bpart: '([^']+)'/g)].map(([, parts]) => parts).join(' '));
  const also = tags(COMMENT, 'csspart').flatMap(({ text }) => matches(/`([\w-]+)`/g, text));
  assert.deepEqual(inCode.filter((part) => ![...named('csspart'), ...also].includes(part)), []);
  assert.deepEqual([...named('csspart'), ...also].filter((part) => !new RegExp(`['\` ]${part}['\` ]`).test(CODE)), []);
});

test('every custom property in the code is documented, and no other', () => {
  const literal = matches(/var\(--face-liveness-([\w-]+)/g).filter((name) => !name.endsWith('-'));
  const expected = new Set([...literal, ...Object.keys(COLOURS)].map((name) => `--face-liveness-${name}`));
  assert.deepEqual(named('cssproperty'), [...expected].sort());
});

test('every public method is in the table', () => {
  const names = members(source()).map(({ name }) => name);
  for (const name of ['requestSession', 'start()', 'cancel()', 'checkSupport()']) assert.ok(names.includes(name), name);
});

test('every file and heading it points to is there', () => {
  for (const [, path, anchor] of readme().matchAll(/\]\(([^)#:]+)(?:#([^)]*))?\)/g)) {
    const text = readFileSync(new URL(path, FOLDER), 'utf8');
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'));
    assert.ok(!anchor || anchors.includes(anchor), `${path}#${anchor}`);
  }
});
