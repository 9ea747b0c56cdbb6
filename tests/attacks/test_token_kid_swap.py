"""Attack: sign with an own key under the server's `kid`, or plant an own key under the server's name."""

from __future__ import annotations

import jwt
import pytest

from forging import decoded, issued, verifier
from liveness_client.errors import VerificationError
from liveness_server.errors import ConfigError
from liveness_server.tokens import Algorithm, SigningKey
from serving import Server


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("extra", [{}, {"jwk": True}, {"jku": "https://evil.example/jwks.json"}], ids=str)
async def test_a_foreign_signature_under_our_kid_is_refused(
    server: Server, algorithm: Algorithm, extra: dict[str, object]
) -> None:
    header, payload, _ = (await issued(server)).split(".")
    attacker = SigningKey.generate(algorithm)
    headers = {"typ": "liveness+jwt", "kid": decoded(header)["kid"]} | extra
    if "jwk" in extra:
        headers["jwk"] = attacker.public_jwk()
    forged = jwt.encode(decoded(payload), attacker.private, algorithm=algorithm.value, headers=headers)
    with pytest.raises(VerificationError):
        await verifier(server).verify(forged)


@pytest.mark.parametrize("kid", ["", "../../dev/null", "' OR 1=1 --", "x" * 4096])
async def test_a_made_up_kid_finds_no_key(server: Server, kid: str) -> None:
    _, payload, _ = (await issued(server)).split(".")
    attacker = SigningKey.generate(Algorithm.EDDSA)
    headers = {"typ": "liveness+jwt", "kid": kid}
    forged = jwt.encode(decoded(payload), attacker.private, algorithm="EdDSA", headers=headers)
    with pytest.raises(VerificationError):
        await verifier(server).verify(forged)


async def test_a_key_file_with_another_key_inside_is_refused(server: Server) -> None:
    (file,) = server.services.keys.directory.iterdir()
    file.write_bytes(SigningKey.generate(Algorithm.EDDSA).to_pem())
    with pytest.raises(ConfigError, match="another key than its name says"):
        server.services.keys.reload(now=server.clock())
