"""Mistake and attack: a private JWK sent for binding must be refused, and must not come back in the answer."""

from __future__ import annotations

from serving import BODY, Server

PRIVATE = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"  # RFC 8037, Appendix A.1: a published test key


async def test_a_private_member_is_refused_and_not_echoed(server: Server, bank: dict[str, str]) -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": PRIVATE}
    response = await server.http.post("/v1/sessions", json=BODY | {"client_jwk": jwk}, headers=bank)
    assert response.status_code == 422
    assert PRIVATE not in response.text
