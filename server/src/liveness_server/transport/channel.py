"""The WebSocket as typed messages: every wait bounded, sizes and rate capped, one close code per reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..errors import RemoteProtocolError
from ..wire import (
    CLOSE_MEANING,
    MAX_MESSAGE_BYTES,
    SUBPROTOCOL,
    AnyClientMessage,
    AnyServerMessage,
    CloseCode,
    ErrorMessage,
    Hello,
    decode_client,
    encode,
)


class ClientGone(Exception):  # noqa: N818 - what happened, as a fact
    """The socket is closed, broken, or takes nothing any more."""


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """Times in seconds."""

    hello_timeout: float = 5.0
    send_timeout: float = 5.0
    """A client that takes nothing for so long is gone."""
    rate: float = 50.0
    """Messages per second, sustained; an attempt needs about 20 in all."""
    burst: int = 80
    """Messages at once: every candidate of one client (64 at most) and some more."""


class Channel:
    """One client's socket. `accept` first; `refuse` or `close` last."""

    def __init__(self, websocket: WebSocket, limits: ChannelLimits | None = None) -> None:
        self._websocket = websocket
        self._limits = limits or ChannelLimits()
        self._allowance = float(self._limits.burst)
        self._counted_at = 0.0

    async def accept(self) -> bool:
        """Complete the handshake; False (answered 403) when the client does not offer the subprotocol."""
        if SUBPROTOCOL not in self._websocket.scope.get("subprotocols", ()):
            await self._bounded(self._websocket.close(CloseCode.PROTOCOL_VIOLATION))
            return False
        await self._bounded(self._websocket.accept(subprotocol=SUBPROTOCOL))
        return True

    async def hello(self) -> Hello:
        """Wait for the first message. Raises `RemoteProtocolError`, `ClientGone`."""
        try:
            async with asyncio.timeout(self._limits.hello_timeout):
                message = await self.receive()
        except TimeoutError:
            raise RemoteProtocolError("no hello", CloseCode.HELLO_TIMEOUT) from None
        if not isinstance(message, Hello):
            raise RemoteProtocolError("hello comes first")
        return message

    async def receive(self) -> AnyClientMessage:
        """Wait for the next message. Raises `RemoteProtocolError`, `ClientGone`."""
        text = _text_of(await self._websocket.receive())
        self._count()
        try:
            return decode_client(text)
        except (msgspec.DecodeError, UnicodeError):
            raise RemoteProtocolError("a message is malformed") from None

    async def send(self, message: AnyServerMessage) -> None:
        """Send one message. Raises `ClientGone`."""
        await self._bounded(self._websocket.send_text(encode(message)))

    async def refuse(self, code: CloseCode) -> None:
        """Say why, then close with `code`; quietly nothing if the client is gone."""
        try:
            await self.send(ErrorMessage(int(code), CLOSE_MEANING[code]))
            await self.close(code)
        except ClientGone:
            pass

    async def close(self, code: CloseCode) -> None:
        """Close with `code`. Raises `ClientGone`."""
        await self._bounded(self._websocket.close(int(code), CLOSE_MEANING[code]))

    async def _bounded(self, sending: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._limits.send_timeout):
                await sending
        except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
            # RuntimeError is how Starlette and uvicorn say that the socket was closed already.
            raise ClientGone from None

    def _count(self) -> None:
        now = asyncio.get_running_loop().time()
        refill = (now - self._counted_at) * self._limits.rate
        self._allowance = min(self._allowance + refill, float(self._limits.burst)) - 1
        self._counted_at = now
        if self._allowance < 0:
            raise RemoteProtocolError("too many messages")


def _text_of(event: Any) -> str:
    if event["type"] == "websocket.disconnect":
        raise ClientGone
    text = event.get("text")
    if text is None:
        raise RemoteProtocolError("binary messages are not used")
    if len(text) > MAX_MESSAGE_BYTES:
        raise RemoteProtocolError("a message is too big", CloseCode.MESSAGE_TOO_BIG)
    assert isinstance(text, str)
    return text
