"""Rate limits per API key and subject."""

from __future__ import annotations

from pathlib import Path

import pytest

from liveness_server.app.limits import SessionLimits
from liveness_server.app.problems import RateLimited
from serving import BODY, Server, serving


async def test_the_eleventh_session_in_a_minute_is_refused(server: Server, bank: dict[str, str]) -> None:
    for _ in range(10):
        await server.create(bank)
    response = await server.http.post("/v1/sessions", json=BODY, headers=bank)
    assert (response.status_code, response.json()["type"]) == (429, "urn:liveness:problem:rate-limited")
    assert 1 <= int(response.headers["retry-after"]) <= 60
    await server.create(bank, subject="customer-18")
    await server.create(await server.api_key())


async def test_repeats_of_one_request_cost_nothing(server: Server, bank: dict[str, str]) -> None:
    headers = bank | {"Idempotency-Key": "order-4711"}
    for _ in range(15):
        assert (await server.http.post("/v1/sessions", json=BODY, headers=headers)).status_code == 201
    for _ in range(9):
        await server.create(bank)


async def test_the_hour_has_its_own_limit() -> None:
    limits = SessionLimits(per_minute=10, per_hour=3)
    for _ in range(3):
        await limits.hit("p")
    with pytest.raises(RateLimited) as refused:
        await limits.hit("p")
    assert refused.value.retry_after is not None
    assert 60 < refused.value.retry_after <= 3600


async def test_a_refusal_of_the_minute_costs_nothing_of_the_hour() -> None:
    limits = SessionLimits(per_minute=1, per_hour=2)
    await limits.hit("p")
    for _ in range(5):
        with pytest.raises(RateLimited, match="per 1 minute"):
            await limits.hit("p")


async def test_limits_are_settings(tmp_path: Path) -> None:
    async with serving(tmp_path, rate_per_minute=1) as server:
        headers = await server.api_key()
        await server.create(headers)
        assert (await server.http.post("/v1/sessions", json=BODY, headers=headers)).status_code == 429
