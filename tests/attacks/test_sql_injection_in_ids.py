"""Attack: SQL in every text a caller controls (CWE-89)."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from liveness_server.errors import RemoteProtocolError
from liveness_server.types import ServerTime
from liveness_server.wire import CloseCode
from serving import BODY, START, Server

PAYLOADS = ["' OR '1'='1", "'; DROP TABLE sessions; --", "x' UNION SELECT * FROM api_keys --", "%' --", "\\'; --"]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_sql_in_a_path_or_a_token_finds_nothing(server: Server, bank: dict[str, str], payload: str) -> None:
    made = await server.create(bank)
    for method in ("GET", "DELETE"):
        response = await server.http.request(method, f"/v1/sessions/{quote(payload, safe='')}", headers=bank)
        assert response.status_code == 404
    with pytest.raises(RemoteProtocolError) as refused:
        await server.attempts.redeem(payload, ServerTime(START))
    assert refused.value.close_code is CloseCode.TOKEN_INVALID
    assert (await server.view(bank, made["session_id"]))["status"] == "created"


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_sql_in_members_is_only_text(server: Server, bank: dict[str, str], payload: str) -> None:
    body = BODY | {"subject": payload, "consent_id": payload, "nonce": payload + "-" * 8}
    created = await server.create(bank, **body)
    _, token = await server.attempt(created["client_token"])
    assert token
    assert (await server.view(bank, created["session_id"]))["subject"] == payload
    await server.services.audit.verify()


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_sql_in_headers_is_only_text(server: Server, bank: dict[str, str], payload: str) -> None:
    key = {"Idempotency-Key": payload.replace(" ", "+")}
    assert (await server.http.post("/v1/sessions", json=BODY, headers=bank | key)).status_code == 201
    response = await server.http.get("/v1/sessions/x", headers={"Authorization": f"Bearer lsk_{payload}_x"})
    assert response.status_code == 401
