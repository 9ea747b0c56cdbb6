import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';

import { senderKey } from '../../web_demo/controller.js';

test('only the four public members leave', async () => {
  const { jwk } = await senderKey();
  assert.deepEqual(Object.keys(jwk).sort(), ['crv', 'kty', 'x', 'y']);
});

test('nobody can take the private key out', async () => {
  const made = [];
  const subtle = Object.assign(Object.create(webcrypto.subtle), {
    generateKey: async (...wish) => (made.push(await webcrypto.subtle.generateKey(...wish)), made[0]),
    exportKey: (...wish) => webcrypto.subtle.exportKey(...wish),
  });
  await senderKey(subtle);
  assert.equal(made[0].privateKey.extractable, false);
  for (const format of ['jwk', 'pkcs8'])
    await assert.rejects(webcrypto.subtle.exportKey(format, made[0].privateKey), { name: /^InvalidAccess/ });
});

test('what it signs is verified with its public key as ES256, and nothing else is', async () => {
  const { jwk, sign } = await senderKey();
  const bytes = new TextEncoder().encode('nonce');
  const signature = await sign(bytes);
  const key = await webcrypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
  const holds = (data) => webcrypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, data);
  assert.equal(signature.length, 64);
  assert.equal(await holds(bytes), true);
  assert.equal(await holds(new TextEncoder().encode('another')), false);
});

test('each key is a new one', async () => {
  assert.notEqual((await senderKey()).jwk.x, (await senderKey()).jwk.x);
});
