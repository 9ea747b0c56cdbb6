// The page reads and writes every golden vector as Python does (tests/contract/*.json).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as wire from '../../web_demo/wire.js';

const read = (name) => JSON.parse(readFileSync(new URL(`../contract/${name}.json`, import.meta.url), 'utf8'));
const DIRECTIONS = {
  client: { vectors: read('client_messages'), decode: wire.decodeClient, known: wire.CLIENT_MESSAGES },
  server: { vectors: read('server_messages'), decode: wire.decodeServer, known: wire.SERVER_MESSAGES },
};
const textOf = ({ text, message, field, chars }) => text ?? JSON.stringify({ ...message, [field]: 'x'.repeat(chars) });

// JSON.parse reads 3.0 and 3 as the same number: of these vectors alone the page sees nothing wrong.
const ONE_KIND_OF_NUMBER = new Set(['challenge id is a float', 'line index is a float']);
const refused = ({ malformed, oversize }) => [...malformed, ...oversize].filter(({ name }) => !ONE_KIND_OF_NUMBER.has(name));
const lenient = ({ malformed }) => malformed.filter(({ name }) => ONE_KIND_OF_NUMBER.has(name));


for (const [direction, { vectors, decode, known }] of Object.entries(DIRECTIONS)) {
  for (const vector of vectors.valid) {
    test(`${direction}: reads ${vector.name}`, () => {
      assert.deepEqual(decode(vector.text), vector.means);
    });
  }

  for (const vector of refused(vectors)) {
    test(`${direction}: refuses ${vector.name}`, () => assert.throws(() => decode(textOf(vector)), wire.WireError));
  }

  for (const { name, text } of lenient(vectors)) {
    test(`${direction}: reads a whole number where ${name}`, () => assert.deepEqual(decode(text), decode(text.replace('.0', ''))));
  }

  test(`${direction}: the vectors hold every message there is, and no other`, () => {
    assert.deepEqual(new Set(vectors.valid.map(({ means }) => means.type)), new Set(Object.keys(known)));
  });
}

for (const vector of DIRECTIONS.client.vectors.valid) {
  test(`writes ${vector.name}`, () => {
    assert.deepEqual(wire.decodeClient(wire.encode(vector.means)), vector.means);
  });
}

test('writes only what was given, so that an older server refuses nothing', () => {
  assert.equal(wire.encode({ type: 'light_shown', id: 1 }), '{"type":"light_shown","id":1}');
});

test('never writes what the server would refuse', () => {
  for (const message of [{ type: 'hello', token: 'short' }, { type: 'offer', sdp: '' }, { type: 'shout' }, { type: 'cancel', why: 1 }]) {
    assert.throws(() => wire.encode(message), wire.WireError);
  }
});

test('close codes are those of the contract', () => assert.deepEqual(wire.CLOSE, read('close_codes').codes));

test('an unknown type is an error of its own, a message that is none is not', () => {
  assert.throws(() => wire.decodeServer('{"type":"weather","rain":true}'), wire.UnknownType);
  for (const text of ['{}', '{"type":1}', '[]', '{"type":"guidance"}']) {
    assert.throws(() => wire.decodeServer(text), (error) => !(error instanceof wire.UnknownType) && error instanceof wire.WireError);
  }
});

test('names of the prototype are no message types', () => {
  for (const type of ['__proto__', 'constructor', 'toString']) {
    assert.throws(() => wire.decodeServer(JSON.stringify({ type })), wire.UnknownType);
  }
});

test('a field of the prototype does not stand in for one that is missing', () => {
  assert.throws(() => wire.decodeServer('{"type":"guidance","__proto__":{"code":"ok"}}'), wire.WireError);
});

test('a frame above the cap is refused unread', () => {
  const text = JSON.stringify({ type: 'guidance', code: 'ok', filler: 'x'.repeat(wire.MAX_MESSAGE_BYTES) });
  assert.throws(() => wire.decodeServer(text), wire.WireError);
});

test('no error repeats the message', () => {
  for (const vector of refused(DIRECTIONS.server.vectors).filter(({ text }) => text)) {
    assert.throws(() => wire.decodeServer(vector.text), (error) => !error.message.includes(vector.text));
  }
});

test("limits are the Python client's, which are the server's", () => {
  const source = readFileSync(new URL('../../client_sdk/src/liveness_client/_wire.py', import.meta.url), 'utf8');
  const python = [...source.matchAll(/^(MAX_\w+) = ([\d_.* ]+)$/gm)].map(([, name, value]) => [name, product(value)]);
  const ours = Object.entries(wire).filter(([name]) => name.startsWith('MAX_'));
  assert.ok(python.length > 5);
  assert.deepEqual(Object.fromEntries(ours), Object.fromEntries(python));
});

const product = (text) => text.replaceAll('_', '').split('*').reduce((value, factor) => value * Number(factor), 1);

test('what was read is frozen', () => {
  const { ice_servers: servers } = wire.decodeServer(
    '{"type":"welcome","session_id":"s","profile":"standard","expires_in":1,"ice_servers":[{"urls":["stun:x"]}]}',
  );
  assert.ok(Object.isFrozen(servers) && Object.isFrozen(servers[0]) && Object.isFrozen(servers[0].urls));
});
