"""Passing a browser's signalling WebSocket on to the liveness server: a page then needs one origin and one certificate.

Video does not come this way: it flows between the browser and the server, by UDP. Origin and close codes are passed on
as they are, so the server's own rules hold.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin, Subprotocol

from .services import bank_of

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""The protocol's own cap."""
OPEN_TIMEOUT_S: Final = 5.0
UNREACHABLE: Final = 1013
"""Try again later (RFC 6455 registry)."""


async def signaling(websocket: WebSocket) -> None:
    """`/v1/signaling`: one connection here, one there, until either ends."""
    url = f"ws{bank_of(websocket).settings.liveness_url.removeprefix('http')}/v1/signaling"
    try:
        server = await connect(
            url,
            origin=Origin(websocket.headers["origin"]),
            subprotocols=[Subprotocol(name) for name in websocket.scope["subprotocols"]] or None,
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            compression=None,
            proxy=None,
        )
    except (OSError, InvalidHandshake):
        await websocket.close(UNREACHABLE)
        return
    async with server:
        await websocket.accept(server.subprotocol)
        await _pass_on(websocket, server)


ROUTES: Final = [WebSocketRoute("/v1/signaling", signaling)]


async def _pass_on(websocket: WebSocket, server: ClientConnection) -> None:
    ways = {asyncio.create_task(_to_server(websocket, server)), asyncio.create_task(_to_browser(websocket, server))}
    _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in left:
        way.cancel()
    await asyncio.gather(*ways, return_exceptions=True)


async def _to_server(websocket: WebSocket, server: ClientConnection) -> None:
    try:
        while True:
            await server.send(await websocket.receive_text())
    except (WebSocketDisconnect, KeyError):  # gone, or a binary frame, which the protocol does not know
        await server.close()
    except ConnectionClosed:
        return


async def _to_browser(websocket: WebSocket, server: ClientConnection) -> None:
    # Every code but 1000 and 1001 ends the iteration with an exception.
    with suppress(ConnectionClosed):
        async for message in server:
            await websocket.send_text(message if isinstance(message, str) else "")
    # 1005 and 1006 say that there was no code; they must not be sent.
    code = server.close_code if server.close_code not in (None, 1005, 1006) else UNREACHABLE
    await websocket.close(code or UNREACHABLE)
