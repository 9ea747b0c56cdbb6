"""Attack: reuse an Idempotency-Key to get at another request's session, or to smuggle another body under it."""

from __future__ import annotations

import pytest

from serving import BODY, Server, picture

KEY = {"Idempotency-Key": "order-4711"}


@pytest.mark.parametrize(
    "change",
    [{"subject": "somebody-else"}, {"audience": "https://evil.example"}, {"reference_image": picture("bob")}],
    ids=lambda change: next(iter(change)),
)
async def test_another_body_under_the_same_key_is_refused(
    server: Server, bank: dict[str, str], change: dict[str, str]
) -> None:
    first = await server.http.post("/v1/sessions", json=BODY, headers=bank | KEY)
    response = await server.http.post("/v1/sessions", json=BODY | change, headers=bank | KEY)
    assert (response.status_code, response.json()["type"]) == (422, "urn:liveness:problem:idempotency-key-reused")
    assert first.json()["client_token"] not in response.text


async def test_another_party_does_not_get_the_session_with_the_same_key_and_body(
    server: Server, bank: dict[str, str]
) -> None:
    first = await server.http.post("/v1/sessions", json=BODY, headers=bank | KEY)
    other = await server.http.post("/v1/sessions", json=BODY, headers=await server.api_key() | KEY)
    assert other.json()["client_token"] != first.json()["client_token"]


async def test_the_same_body_after_the_attempt_does_not_open_a_second_one(server: Server, bank: dict[str, str]) -> None:
    first = await server.http.post("/v1/sessions", json=BODY, headers=bank | KEY)
    await server.attempt(first.json()["client_token"])
    again = await server.http.post("/v1/sessions", json=BODY, headers=bank | KEY)
    assert again.content == first.content
    assert (await server.view(bank, again.json()["session_id"]))["status"] == "completed"
