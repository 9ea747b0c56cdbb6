"""The capture device's side of one attempt: its WebSocket and its peer connection, on the server's own wire."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import msgspec
import websockets
from aioice.ice import get_host_addresses
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import h264, vpx
from websockets.asyncio.client import ClientConnection, connect

from ... import wire
from ...transport.aiortc_tuning import bind_to, silence_consent
from ..presenter.light import as_asked
from .errors import ServerProtocolError, ServerUnreachable
from .stage import Stage

OPEN_S, CLOSE_S = 10.0, 5.0
"""Longest WebSocket handshake, and longest closing of the peer connection, seconds."""
PING_S = 10.0
"""Between pings, and longest wait for a pong, seconds."""
LOOPBACK = "127.0.0.1"

log = logging.getLogger(__name__)
# At DEBUG level `websockets` writes frames, and the first one carries the token.
log.setLevel(logging.INFO)

Hear = Callable[[wire.AnyServerMessage], object]


def pin_bitrate(kbps: int) -> None:
    """Make every video encoder of this process keep to one bitrate, whatever the receiver's estimate.

    aiortc's bounds are module constants (250 to 1500 kbit/s). Each step it takes between them is a new encoder: a key
    frame and a jump in brightness, which a browser's stream does not have.
    """
    for codec in (vpx, h264):
        for bound in ("DEFAULT_BITRATE", "MIN_BITRATE", "MAX_BITRATE"):
            setattr(codec, bound, kbps * 1000)


class Link:
    """One attempt: enter it to connect, `run` it; leaving it before the end cancels the session. Raises `LiveError`."""

    def __init__(self, url: str, token: str, stage: Stage, *, tls: ssl.SSLContext, hear: Hear) -> None:
        self.verdict: wire.VerdictMessage | None = None
        self.close_code: int | None = None
        """How the server closed the socket, once it has."""
        self._url, self._token = url, token
        self._tls = tls if url.startswith("wss:") else None
        self._stage = stage
        self._hear = hear
        self._socket: ClientConnection
        self._pc: RTCPeerConnection | None = None

    async def __aenter__(self) -> Self:
        try:
            self._socket = await connect(
                self._url,
                subprotocols=[websockets.Subprotocol(wire.SUBPROTOCOL)],
                ssl=self._tls,
                max_size=wire.MAX_MESSAGE_BYTES,
                open_timeout=OPEN_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                logger=log,
            )
        except (websockets.InvalidHandshake, websockets.InvalidURI) as error:
            raise ServerProtocolError(f"{self._url} refuses the connection: {error}") from error
        except (OSError, TimeoutError) as error:
            raise ServerUnreachable(f"{self._url} does not answer: {type(error).__name__}") from error
        if self._socket.subprotocol != wire.SUBPROTOCOL:
            await self._socket.close()
            raise ServerProtocolError(f"{self._url} does not speak {wire.SUBPROTOCOL}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.close_code is None:
            await self._send(wire.Cancel())
        await self._socket.close()
        self._stage.stop()
        await self._hang_up()

    async def run(self, limit_s: float) -> None:
        """Lead the attempt until the server closes the socket; after `limit_s` seconds ask it to."""
        await self._send(wire.Hello(self._token, "attack-lab", ["light"] if self._stage.lit else []))
        try:
            async with asyncio.timeout(limit_s):
                await self._listen()
        except TimeoutError:
            await self._send(wire.Cancel())
            await self._listen()

    async def _listen(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in self._socket:
                await self._react(_decoded(text))
        self.close_code = self._socket.close_code

    async def _react(self, message: wire.AnyServerMessage) -> None:
        self._hear(message)
        match message:
            case wire.Welcome(ice_servers=servers):
                await self._send(wire.Offer(await self._offer(servers)))
            case wire.Answer(sdp=sdp):
                await self._accept(sdp)
            case wire.Challenge(kind=kind):
                self._stage.prompt(kind)
            case wire.Progress():
                self._stage.done()
            case wire.Light(id=number, steps=steps):
                self._stage.light(steps)
                await self._send(wire.LightShown(number, as_asked(steps)))
            case wire.VerdictMessage():
                self.verdict = message
            case _:
                pass  # guidance is for people, and an error's code closes the socket next

    async def _send(self, message: wire.AnyClientMessage) -> None:
        with suppress(websockets.ConnectionClosed):
            await self._socket.send(wire.encode(message))

    async def _offer(self, servers: list[wire.IceServer]) -> str:
        ice = [RTCIceServer(server.urls, server.username or None, server.credential or None) for server in servers]
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=ice))
        try:
            transceiver = self._pc.addTransceiver(self._stage, direction="sendonly")
        except ValueError as error:
            raise ServerProtocolError("the server names ICE servers that cannot be used") from error
        # A server on this machine may offer loopback alone, which aioice leaves out.
        hosts = (*get_host_addresses(use_ipv4=True, use_ipv6=True), LOOPBACK)
        bind_to(transceiver.receiver, hosts)
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return str(self._pc.localDescription.sdp)

    async def _accept(self, sdp: str) -> None:
        assert self._pc is not None, "the server answers an offer"
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        except Exception as error:  # what aiortc raises on a description it cannot follow is not specified
            raise ServerProtocolError("the server's answer cannot be used") from error

    async def _hang_up(self) -> None:
        if self._pc is not None:
            for transceiver in self._pc.getTransceivers():
                silence_consent(transceiver.receiver)
            await asyncio.wait({asyncio.ensure_future(self._pc.close())}, timeout=CLOSE_S)


def _decoded(text: str | bytes) -> wire.AnyServerMessage:
    try:
        return wire.decode_server(text)
    except msgspec.DecodeError as error:
        raise ServerProtocolError(f"the server sent a message that is none of {wire.SUBPROTOCOL}") from error
