import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { test } from 'node:test';

import { senderKey, thumbprint } from '../../web_demo/key.js';

// RFC 7638, 3.1.
const RSA = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB', alg: 'RS256', kid: '2011-04-29',
};
// RFC 8037, A.3.
const ED25519 = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

test('thumbprints of the RFCs', async () => {
  assert.equal(await thumbprint(RSA), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  assert.equal(await thumbprint(ED25519), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

test('the thumbprint of a P-256 key by another hand, whatever else the key says and in whichever order', async () => {
  const { jwk, thumbprint: ours } = await senderKey();
  const text = `{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`;
  assert.equal(ours, createHash('sha256').update(text).digest('base64url'));
  assert.equal(await thumbprint({ y: jwk.y, ext: true, x: jwk.x, key_ops: [], kty: 'EC', kid: '1', crv: 'P-256' }), ours);
});

test('a key of an unknown type has no thumbprint', async () => {
  await assert.rejects(thumbprint({ kty: 'oct', k: 'AQAB' }), /a thumbprint needs a key of type EC, OKP, RSA/);
});

test('only the four public members leave', async () => {
  const { jwk } = await senderKey();
  assert.deepEqual(Object.keys(jwk).sort(), ['crv', 'kty', 'x', 'y']);
});

test('nobody can take the private key out', async () => {
  const made = [];
  const subtle = Object.assign(Object.create(webcrypto.subtle), {
    generateKey: async (...wish) => (made.push(await webcrypto.subtle.generateKey(...wish)), made[0]),
    exportKey: (...wish) => webcrypto.subtle.exportKey(...wish),
    digest: (...wish) => webcrypto.subtle.digest(...wish),
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
  assert.notEqual((await senderKey()).thumbprint, (await senderKey()).thumbprint);
});
