"""Attack: use one kind of credential where another is expected (RFC 8725 §3.12)."""

from __future__ import annotations

import pytest

from forging import issued, verifier
from liveness_client.errors import VerificationError
from liveness_server.errors import RemoteProtocolError
from liveness_server.types import ServerTime
from liveness_server.wire import CloseCode
from serving import Server


async def test_no_credential_is_accepted_as_another(server: Server, bank: dict[str, str]) -> None:
    token = await issued(server)
    client_token = (await server.create(bank))["client_token"]
    api_key = bank["Authorization"].removeprefix("Bearer ")
    for text in (token, client_token):
        response = await server.http.get("/v1/sessions/x", headers={"Authorization": f"Bearer {text}"})
        assert response.status_code == 401
    for text in (token, api_key):
        with pytest.raises(RemoteProtocolError) as refused:
            await server.attempts.redeem(text, ServerTime(server.clock()))
        assert refused.value.close_code is CloseCode.TOKEN_INVALID
    for text in (api_key, client_token):
        with pytest.raises(VerificationError):
            await verifier(server).verify(text)
