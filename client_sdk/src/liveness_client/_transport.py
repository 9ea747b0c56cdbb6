"""The real transport: a WebSocket for signalling and an aiortc peer for the video."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect

from ._media import SourceTrack
from ._order import Closed, Signal
from ._peer import BITRATE, Peer, pin_encoder_bitrate
from ._sources import Source
from ._wire import MAX_MESSAGE_BYTES, SUBPROTOCOL, CloseCode, IceServer
from .errors import ConnectionLost

HANDSHAKE_S = 10.0
"""Longest WebSocket handshake, in seconds."""
CLOSE_S = 3.0
"""Longest closing of one thing (WebSocket, peer), in seconds."""
PING_S = 10.0
"""Between pings, and longest wait for a pong, in seconds: a dead server is noticed within 20."""
BACKLOG = 64
"""Messages read ahead; a server that sends more waits in TCP."""


class WebRtcTransport:
    """How a `LivenessClient` streams when it is not told otherwise.

    `bitrate` (bits per second) is set on aiortc's encoders for the whole process, see `_peer`; None leaves aiortc as it
    is. `host_addresses` limits ICE to these local addresses; by default all but loopback are used.
    """

    def __init__(self, *, bitrate: int | None = BITRATE, host_addresses: Sequence[str] | None = None) -> None:
        self._bitrate = bitrate
        self._host_addresses = host_addresses

    def http_transport(self) -> httpx.AsyncBaseTransport | None:
        """Leave REST calls to httpx."""
        return None

    def link(self, signaling_url: str, source: Source) -> WebRtcLink:
        """Prepare one attempt; nothing is opened yet."""
        if self._bitrate is not None:
            pin_encoder_bitrate(self._bitrate)
        return WebRtcLink(signaling_url, source, host_addresses=self._host_addresses)


class WebRtcLink:
    """One attempt's WebSocket and peer connection."""

    def __init__(self, signaling_url: str, source: Source, *, host_addresses: Sequence[str] | None = None) -> None:
        self._url = signaling_url
        self._source = source
        self._host_addresses = host_addresses
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._peer: Peer | None = None
        self._track: SourceTrack | None = None
        self._news: asyncio.Queue[str | Signal] = asyncio.Queue()
        self._room = asyncio.Semaphore(BACKLOG)
        self._closed: Closed | None = None

    async def open(self) -> None:
        """Open the source first, so that a missing camera does not use up the session."""
        await self._source.open()
        try:
            self._socket = await connect(
                self._url,
                subprotocols=[websockets.Subprotocol(SUBPROTOCOL)],
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=HANDSHAKE_S,
                close_timeout=CLOSE_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                logger=_logger(),
            )
        except (OSError, TimeoutError, websockets.InvalidHandshake, websockets.InvalidURI) as error:
            raise ConnectionLost(f"the signalling connection was not made: {type(error).__name__}") from error
        if self._socket.subprotocol != SUBPROTOCOL:
            raise ConnectionLost(f"the server does not speak {SUBPROTOCOL}")
        self._reader = asyncio.create_task(self._read(self._socket))

    async def send(self, text: str) -> None:
        """Send one text frame; a closed socket is reported by `receive`."""
        if self._socket is not None:
            with contextlib.suppress(websockets.ConnectionClosed):
                await self._socket.send(text)

    async def receive(self) -> str | Signal:
        """Wait for the next text frame, or signal of peer, source or socket; after the end, `Closed` for ever."""
        if self._closed is not None and self._news.empty():
            return self._closed
        item = await self._news.get()
        if isinstance(item, str):
            self._room.release()
        return item

    async def make_offer(self, ice_servers: Sequence[IceServer]) -> str:
        """Make the peer and its offer."""
        self._track = SourceTrack(self._source, self._news.put_nowait)
        self._peer = Peer(self._track, ice_servers, self._news.put_nowait, host_addresses=self._host_addresses)
        return await self._peer.offer()

    async def accept_answer(self, sdp: str) -> None:
        """Apply the server's answer. Raises `SdpRefused`."""
        assert self._peer is not None, "an answer comes after an offer"
        await self._peer.accept(sdp)

    async def close(self) -> None:
        """Close the peer, the socket and the reader; each within `CLOSE_S`."""
        if self._track is not None:
            self._track.stop()
        if self._peer is not None:
            await _bounded(self._peer.close())
        if self._socket is not None:
            await _bounded(self._socket.close())
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
        self._end(CloseCode.OK)

    async def _read(self, socket: ClientConnection) -> None:
        code: int = ConnectionLost.close_code
        try:
            async for frame in socket:
                if isinstance(frame, bytes):
                    code = CloseCode.PROTOCOL_VIOLATION
                    return
                await self._room.acquire()
                self._news.put_nowait(frame)
            code = socket.close_code or code
        except websockets.ConnectionClosed as closed:
            close = closed.rcvd or closed.sent
            code = close.code if close is not None else code
        finally:
            self._end(code)

    def _end(self, code: int) -> None:
        if self._closed is None:
            self._closed = Closed(code)
            self._news.put_nowait(self._closed)


async def _bounded(closing: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(closing, CLOSE_S)


def _logger() -> logging.Logger:
    """Return a logger that never writes frames: at DEBUG level `websockets` would log the tokens in them."""
    logger = logging.getLogger("liveness_client.signaling")
    logger.setLevel(logging.INFO)
    return logger
