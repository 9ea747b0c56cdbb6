/**
 * The key a token is bound to: made for one attempt or many, never extractable, gone with the page.
 *
 * Its public half travels with the request for a session to the host's backend (`client_jwk`), which lets the server
 * name it in the token (`cnf.jkt`, RFC 7800). A token stolen on its way is then of no use to who cannot sign.
 */

/** ECDSA with P-256 rather than Ed25519: every browser of the last ten years has it. */
const MAKE = Object.freeze({ name: 'ECDSA', namedCurve: 'P-256' });
const SIGN = Object.freeze({ name: 'ECDSA', hash: 'SHA-256' });

/** Members that a thumbprint covers, in the order that counts: RFC 7638, 3.2, and RFC 8037, 2.
 * @type {Readonly<Record<string, readonly (keyof JsonWebKey)[]>>} */
const MEMBERS = Object.freeze({ EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'], RSA: ['e', 'kty', 'n'] });

/**
 * `sign` answers ES256 (RFC 7518, 3.4): r and s, 64 bytes.
 * @typedef {{jwk: JsonWebKey, thumbprint: string, sign(bytes: BufferSource): Promise<Uint8Array>}} SenderKey
 */

/**
 * Make a key pair whose private half no script can read, this one included.
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<SenderKey>}
 */
export async function senderKey(subtle = crypto.subtle) {
  const { privateKey, publicKey } = await subtle.generateKey(MAKE, false, ['sign']);
  const jwk = bare(await subtle.exportKey('jwk', publicKey));
  return {
    jwk,
    thumbprint: await thumbprint(jwk, subtle),
    sign: async (bytes) => new Uint8Array(await subtle.sign(SIGN, privateKey, bytes)),
  };
}

/**
 * The thumbprint of a public key (RFC 7638) with SHA-256, base64url.
 * @param {JsonWebKey} jwk
 * @param {SubtleCrypto} [subtle]
 */
export async function thumbprint(jwk, subtle = crypto.subtle) {
  // No white space, and the members of a stringified object keep their order.
  const canonical = new TextEncoder().encode(JSON.stringify(bare(jwk)));
  return base64url(new Uint8Array(await subtle.digest('SHA-256', canonical)));
}

/**
 * Only what makes the key: `ext` and `key_ops` are this browser's business.
 * @param {JsonWebKey} jwk
 * @returns {JsonWebKey}
 */
function bare(jwk) {
  const members = MEMBERS[jwk.kty ?? ''];
  if (!members) throw new TypeError(`a thumbprint needs a key of type ${Object.keys(MEMBERS).join(', ')}`);
  return Object.fromEntries(members.map((name) => [name, jwk[name]]));
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (sign) => ({ '+': '-', '/': '_' })[sign] ?? '');
}
