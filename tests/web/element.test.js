import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { EVENTS } from '../../web_demo/events.js';
import { TRANSITIONS } from '../../web_demo/machine.js';

const FOLDER = new URL('../../web_demo/', import.meta.url);
const read = (name) => readFileSync(new URL(name, FOLDER), 'utf8');
const MINE = readdirSync(FOLDER).filter((name) => /^(view|overlay|prompts|announcer|flash|icons|dom|cues|styles|face-liveness|define).*\.js$/.test(name));
const SOURCE = Object.fromEntries(MINE.map((name) => [name, read(name)]));
const ALL = Object.values(SOURCE).join('\n');
const DOCS = SOURCE['face-liveness.js'];
const documented = (tag) => [...DOCS.matchAll(new RegExp(`^ \\* @${tag} (?:\\{[^}]*\\} )?([\\w-]+)`, 'gm'))].map(([, name]) => name);

// Enough of a browser to load the modules in; the element itself runs in Chromium (tests/browser).
globalThis.HTMLElement ??= class {};
const defined = new Map();
globalThis.customElements ??= { get: (name) => defined.get(name), define: (name, value) => (assert.ok(!defined.has(name)), defined.set(name, value)) };

test('it is registered once, however often it is imported', async () => {
  const { FaceLiveness } = await import('../../web_demo/define.js');
  await import('../../web_demo/define.js?again');
  assert.equal(defined.get('face-liveness'), FaceLiveness);
});

test('every event it sends is documented, and no other', () => {
  assert.deepEqual(documented('event').toSorted(), EVENTS.toSorted());
});

test('every observed attribute is documented', async () => {
  const { FaceLiveness } = await import('../../web_demo/define.js');
  for (const name of FaceLiveness.observedAttributes) assert.ok(documented('attr').includes(name), name);
});

test('every state has a slot', () => {
  assert.deepEqual(documented('slot').toSorted(), [...Object.keys(TRANSITIONS), 'help'].toSorted());
});

test('every part is documented, and every documented part exists', () => {
  const literal = [...ALL.matchAll(/part: '([^']+)'/g)].flatMap(([, names]) => names.split(' '));
  const known = documented('csspart');
  for (const name of literal) assert.ok(DOCS.includes(`@csspart ${name} `) || DOCS.includes(`\`${name}\``), name);
  for (const name of known) assert.ok(literal.includes(name) || ['screen', 'button'].includes(name), name);
});

test('every custom property is documented, and every documented one is used', () => {
  const used = new Set([...ALL.matchAll(/var\((--face-liveness-[a-z-]*[a-z])/g)].map(([, name]) => name));
  const names = new Set(documented('cssproperty'));
  for (const name of used) assert.ok(names.has(name), name);
  const colours = [...SOURCE['styles.js'].matchAll(/^ {2}'?([\w-]+)'?: \['#/gm)].map(([, name]) => `--face-liveness-${name}`);
  assert.deepEqual([...new Set([...used, ...colours])].toSorted(), [...names].toSorted());
});

test('no markup is parsed, no inline style is written, nothing is logged', () => {
  for (const [name, text] of Object.entries(SOURCE)) {
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|console\./, name);
    assert.doesNotMatch(text, /['"]style['"]|cssText|[{,] style: /, name);
    assert.doesNotMatch(text, /https?:\/\/(?!www\.w3\.org\/2000\/svg)/, name);
  }
});

test('modules stay small', () => {
  for (const [name, text] of Object.entries(SOURCE)) assert.ok(text.split('\n').length <= 360, name);
});
