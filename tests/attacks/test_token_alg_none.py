"""Attack: strip a genuine token's signature and say `alg: none` (RFC 8725 §2.1; CVE-2015-9235 and its kin)."""

from __future__ import annotations

import pytest

from forging import decoded, encoded, issued, verifier
from liveness_client.errors import VerificationError
from serving import Server


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("keep_signature", [True, False])
async def test_an_unsigned_token_is_refused(server: Server, alg: str, keep_signature: bool) -> None:
    token = await issued(server)
    header, payload, signature = token.split(".")
    forged = ".".join([encoded(decoded(header) | {"alg": alg}), payload, signature if keep_signature else ""])
    assert (await verifier(server).verify(token)).subject == "customer-17"
    with pytest.raises(VerificationError):
        await verifier(server).verify(forged)
