"""Signalling passed on to the liveness server: what is said, how it ends, and who may not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bank.app import create_app
from bank.settings import BankSettings
from web_demo.visiting import ORIGIN

PROTOCOL = "liveness.v1"


class Socket:
    """A browser's WebSocket at the ASGI seam."""

    def __init__(self, liveness_url: str, origin: str = ORIGIN) -> None:
        app: Any = create_app(BankSettings(origins=(ORIGIN,), liveness_url=liveness_url, api_key="any", relay=True))
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "path": "/v1/signaling",
            "headers": [(b"host", b"bank.test"), (b"origin", origin.encode())],
            "subprotocols": [PROTOCOL],
            "query_string": b"",
        }
        self.say({"type": "websocket.connect"})
        self.serving = asyncio.create_task(app(scope, self._in.get, self._out.put))

    def say(self, message: dict[str, Any]) -> None:
        self._in.put_nowait(message)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            return await self._out.get()


async def relayed(
    talk: Callable[[ServerConnection], Awaitable[None]], act: Callable[[Socket], Awaitable[None]]
) -> None:
    """Let a browser act before a server that talks like this."""
    async with serve(talk, "127.0.0.1", 0, subprotocols=[PROTOCOL], origins=[ORIGIN]) as server:
        socket = Socket(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await act(socket)
        async with asyncio.timeout(20):
            await socket.serving


async def test_messages_and_the_close_code_are_passed_on() -> None:
    async def talk(socket: ServerConnection) -> None:
        assert await socket.recv() == "hello"
        await socket.send("welcome")
        await socket.close(4003, "used")

    async def act(socket: Socket) -> None:
        accepted = await socket.hear()
        assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", PROTOCOL)
        socket.say({"type": "websocket.receive", "text": "hello"})
        assert (await socket.hear())["text"] == "welcome"
        assert (await socket.hear())["code"] == 4003

    await relayed(talk, act)


@pytest.mark.parametrize(
    "last", [{"type": "websocket.disconnect", "code": 1001}, {"type": "websocket.receive", "bytes": b"x"}]
)
async def test_the_server_hears_when_the_browser_leaves_or_speaks_nonsense(last: dict[str, Any]) -> None:
    gone = asyncio.Event()

    async def talk(socket: ServerConnection) -> None:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        gone.set()

    async def act(socket: Socket) -> None:
        await socket.hear()
        socket.say(last)
        async with asyncio.timeout(20):
            await gone.wait()

    await relayed(talk, act)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_another_site_s_page_gets_no_socket(origin: str) -> None:
    assert await Socket("http://127.0.0.1:9", origin).hear() == {"type": "websocket.close", "code": 1008}


async def test_a_server_out_of_reach_closes_the_socket() -> None:
    assert (await Socket("http://127.0.0.1:9").hear())["code"] == 1013
