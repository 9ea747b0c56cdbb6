"""Attack: create many sessions before the lock, and use them as extra tries, one after the other or all at once."""

from __future__ import annotations

import pytest

from acting import BOB, Actor
from liveness_server.errors import RemoteProtocolError
from liveness_server.types import ServerTime
from liveness_server.wire import CloseCode
from serving import START, Server, picture


async def test_the_sixth_try_is_refused_whenever_its_session_was_made(server: Server, bank: dict[str, str]) -> None:
    stock = [await server.create(bank, reference_image=picture("alice")) for _ in range(8)]
    for created in stock[:5]:
        await server.attempt(created["client_token"], Actor(person=BOB))
    for created in stock[5:]:
        with pytest.raises(RemoteProtocolError) as refused:
            await server.attempts.redeem(created["client_token"], ServerTime(START))
        assert refused.value.close_code is CloseCode.SESSION_EXPIRED


async def test_no_more_run_at_a_time_than_there_are_tries(server: Server, bank: dict[str, str]) -> None:
    stock = [await server.create(bank, reference_image=picture("alice")) for _ in range(7)]
    await server.attempt(stock[0]["client_token"], Actor(person=BOB))
    for created in stock[1:5]:
        await server.attempts.redeem(created["client_token"], ServerTime(START))
    for created in stock[5:]:
        with pytest.raises(RemoteProtocolError) as refused:
            await server.attempts.redeem(created["client_token"], ServerTime(START))
        assert refused.value.close_code is CloseCode.SESSION_EXPIRED
