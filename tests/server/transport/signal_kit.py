"""Instruments of the signalling tests: a real uvicorn server, a socket, a host in memory, a scripted person."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import uvicorn
from aiortc import RTCPeerConnection
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

import acting
from liveness_server import wire
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.session import Session
from liveness_server.engine.spec import SessionSpec
from liveness_server.errors import RemoteProtocolError
from liveness_server.transport.attempt import AttemptSettings
from liveness_server.transport.channel import ChannelLimits
from liveness_server.transport.media import MediaService, MediaSettings
from liveness_server.transport.signaling import LiveAttempts, serve_attempt
from liveness_server.transport.worker import MakeObserver
from liveness_server.types import Outcome, ServerTime
from liveness_server.wire import CloseCode
from server.transport.kit import SETTINGS, SyntheticTrack, accept, sender

MEDIA = MediaSettings(capacity=4, workers=2, peer=SETTINGS)
WAIT_S = 15.0
"""No single wait of these tests takes longer."""


class Host:
    """Sessions in memory: one-time tokens, and what was finished."""

    def __init__(self) -> None:
        self.specs: dict[str, SessionSpec] = {}
        self.used: set[str] = set()
        self.finished: list[Session] = []
        self.ended = asyncio.Event()
        self.breaks = False
        self.deletes = False
        """The relying party deletes each session while it is being decided."""
        self.deleted_at_once = False
        """The relying party deletes each session just after its token was redeemed."""

    def create(self, *, life_s: float = 120.0) -> str:
        token = secrets.token_urlsafe(24)
        now = time.time()
        made = acting.spec(policy=shipped_policies()["demo"])
        self.specs[token] = replace(
            made, session_id=f"s-{len(self.specs)}", created=ServerTime(now), expires=ServerTime(now + life_s)
        )
        return token

    async def redeem(self, token: str, now: ServerTime) -> SessionSpec:
        if token not in self.specs:
            raise RemoteProtocolError("unknown token", CloseCode.TOKEN_INVALID)
        if token in self.used:
            raise RemoteProtocolError("used token", CloseCode.SESSION_USED)
        if now >= self.specs[token].expires:
            raise RemoteProtocolError("expired", CloseCode.SESSION_EXPIRED)
        self.used.add(token)
        return self.specs[token]

    async def wanted(self, session_id: str) -> bool:
        return not self.deleted_at_once

    async def finish(self, session: Session) -> str:
        self.finished.append(session)
        self.ended.set()
        if self.breaks:
            raise OSError("disk full")
        assert session.verdict is not None
        if self.deletes:
            return ""
        return "signed" if session.verdict.decision is Outcome.PASS else ""


class Person:
    """An observation maker that sees a scripted person whatever the frame shows."""

    def __init__(self) -> None:
        self.actor = acting.Actor()
        self.t = 0.0
        self.closed = False

    def observe(self, rgb: Any, t: float) -> Any:
        assert rgb.flags.c_contiguous
        self.t = t
        return self.actor.show(t, "")

    def close(self) -> None:
        self.closed = True


@dataclass
class Site:
    """A running server."""

    url: str
    host: Host
    media: MediaService
    live: LiveAttempts
    people: list[Person] = field(default_factory=list)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def site(
    *,
    make: MakeObserver | None = None,
    media: MediaSettings = MEDIA,
    settings: AttemptSettings | None = None,
    limits: ChannelLimits | None = None,
) -> AsyncIterator[Site]:
    """Run a real server on a free port in this loop."""
    people: list[Person] = []

    def person() -> Person:
        people.append(Person())
        return people[-1]

    here = Site("", Host(), MediaService(make or person, media), LiveAttempts(), people)

    async def endpoint(websocket: WebSocket) -> None:
        await serve_attempt(websocket, here.host, here.media, here.live, settings=settings, limits=limits)

    app = Starlette(routes=[WebSocketRoute("/v1/signaling", endpoint)])
    config = uvicorn.Config(
        app, port=0, log_level="warning", ws="websockets-sansio", ws_max_size=wire.MAX_MESSAGE_BYTES, lifespan="off"
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(WAIT_S):
            await server.ready.wait()
        port = server.servers[0].sockets[0].getsockname()[1]
        here.url = f"ws://127.0.0.1:{port}/v1/signaling"
        yield here
    finally:
        await here.live.drain(0.0)
        here.media.close()
        server.should_exit = True
        await serving


class Client:
    """A client of the wire protocol, one step at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._last: wire.AnyServerMessage | None = None

    async def send(self, message: wire.AnyClientMessage) -> None:
        await self.socket.send(wire.encode(message))

    async def next(self) -> wire.AnyServerMessage:
        async with asyncio.timeout(WAIT_S):
            self._last = wire.decode_server(await self.socket.recv())
        return self._last

    async def _rest(self) -> None:
        while True:
            await self.next()

    async def hello(self, token: str, *features: str) -> wire.Welcome:
        await self.send(wire.Hello(token, features=list(features)))
        welcome = await self.next()
        assert isinstance(welcome, wire.Welcome), welcome
        return welcome

    async def stream(self, pc: RTCPeerConnection) -> None:
        """Offer, take the answer, let the media flow."""
        await self.send(wire.Offer(pc.localDescription.sdp))
        answer = await self.next()
        assert isinstance(answer, wire.Answer), answer
        await accept(pc, answer.sdp)

    async def until(self, kind: type, hear: Callable[[Any], None] = lambda message: None) -> Any:
        """Read on until a message of `kind` comes."""
        while True:
            message = await self.next()
            hear(message)
            if isinstance(message, kind):
                return message

    async def code(self) -> int:
        """Read to the close and return its code; the last message must have named it unless all is well."""
        with pytest.raises(ConnectionClosed) as closing:
            await self._rest()
        close, last = closing.value.rcvd, self._last
        assert close is not None
        if isinstance(last, wire.ErrorMessage):
            assert (last.code, last.reason) == (close.code, wire.CLOSE_MEANING[CloseCode(close.code)])
            assert last.reason == close.reason
        else:
            assert close.code in {CloseCode.OK, CloseCode.MESSAGE_TOO_BIG}
        return close.code


@asynccontextmanager
async def client(here: Site) -> AsyncIterator[Client]:
    async with connect(here.url, subprotocols=[wire.SUBPROTOCOL], proxy=None) as socket:  # type: ignore[list-item]
        yield Client(socket)


@asynccontextmanager
async def streaming(
    here: Site, *, track: SyntheticTrack | None = None, life_s: float = 120.0, features: tuple[str, ...] = ()
) -> AsyncIterator[tuple[Client, RTCPeerConnection]]:
    """Yield a client whose media is seen: the first guidance has come."""
    async with sender(track) as pc, client(here) as one:
        await one.hello(here.host.create(life_s=life_s), *features)
        await one.stream(pc)
        await one.until(wire.Guidance)
        yield one, pc
