"""Attack: send a body so slowly that connections pile up (slow POST, CWE-400)."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request

from liveness_server.app.bodies import read_json_body
from liveness_server.app.problems import BodyTimeout, MalformedRequest

SCOPE = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    sent = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> dict[str, object]:
        return next(sent, None) or await asyncio.get_running_loop().create_future()

    with pytest.raises(BodyTimeout):
        await read_json_body(Request(SCOPE, receive), max_bytes=1024, within_s=0.01)


async def test_a_client_that_hangs_up_half_way_is_a_bad_request() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    with pytest.raises(MalformedRequest):
        await read_json_body(Request(SCOPE, receive), max_bytes=1024)
