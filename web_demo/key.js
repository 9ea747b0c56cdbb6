/**
 * The key a token is bound to: made for one attempt or many, never extractable, gone with the page.
 *
 * Its public half travels with the request for a session to the host's backend (`client_jwk`), which lets the server
 * name it in the token (`cnf.jkt`, RFC 7800). A token stolen on its way is then of no use to who cannot sign.
 */

/** ECDSA with P-256 rather than Ed25519: every browser of the last ten years has it. */
const MAKE = Object.freeze({ name: 'ECDSA', namedCurve: 'P-256' });
const SIGN = Object.freeze({ name: 'ECDSA', hash: 'SHA-256' });

/**
 * Make a key pair whose private half no script can read, this one included. `sign` answers ES256 (RFC 7518, 3.4): r
 * and s, 64 bytes.
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<import('./typedefs.js').Signer>}
 */
export async function senderKey(subtle = crypto.subtle) {
  const { privateKey, publicKey } = await subtle.generateKey(MAKE, false, ['sign']);
  // `ext` and `key_ops` are this browser's business.
  const { crv, kty, x, y } = await subtle.exportKey('jwk', publicKey);
  return {
    jwk: /** @type {JsonWebKey} */ ({ crv, kty, x, y }),
    sign: async (bytes) => new Uint8Array(await subtle.sign(SIGN, privateKey, bytes)),
  };
}
