"""Attack: sign with HMAC, using the published key's bytes as the secret (RFC 8725 §2.1, CVE-2016-5431)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from forging import decoded, encoded, issued, verifier
from liveness_client.errors import VerificationError
from serving import Server


async def test_the_public_key_is_no_shared_secret(server: Server) -> None:
    header, payload, _ = (await issued(server)).split(".")
    stored = server.services.keys.signer(now=server.clock())
    jwk = stored.public_jwk()
    secrets = [json.dumps(jwk).encode(), jwk["x"].encode(), base64.urlsafe_b64decode(jwk["x"] + "=")]
    for secret in secrets:
        signed = f"{encoded(decoded(header) | {'alg': 'HS256'})}.{payload}"
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        forged = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        with pytest.raises(VerificationError):
            await verifier(server).verify(forged)
