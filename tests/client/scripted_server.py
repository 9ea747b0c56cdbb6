"""A small server that speaks `liveness.v1` by a script, with a real aiortc receiver: not the product's own code."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from liveness_client import _wire as wire

TOKEN = "one-time-client-token"


@dataclass
class Received:
    """What arrived, with times in seconds of the media clock."""

    times: list[float] = field(default_factory=list)
    sizes: set[tuple[int, int]] = field(default_factory=set)
    greys: list[float] = field(default_factory=list)
    messages: list[wire.ClientMessage] = field(default_factory=list)
    more: asyncio.Condition = field(default_factory=asyncio.Condition)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Conversation:
    """One attempt, as the script sees it."""

    def __init__(self, websocket: WebSocket, received: Received) -> None:
        self.websocket = websocket
        self.received = received
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.tasks: list[asyncio.Task[None]] = []

    async def hear(self) -> wire.ClientMessage:
        message = wire.decode_client(await self.websocket.receive_text())
        self.received.messages.append(message)
        return message

    async def say(self, message: wire.ServerMessage) -> None:
        await self.websocket.send_text(wire.encode(message))

    async def connect(self) -> None:
        """Hello, welcome, offer, answer."""
        await self.hear()
        await self.say(wire.Welcome(session_id="s1", profile="standard", expires_in=60.0))
        await self.accept_offer()

    async def accept_offer(self) -> None:
        offer = await self.hear()
        assert isinstance(offer, wire.Offer)
        self.pc.on("track", self._drain)
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp=offer.sdp, type="offer"))
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        await self.say(wire.Answer(sdp=self.pc.localDescription.sdp))

    def _drain(self, track: MediaStreamTrack) -> None:
        self.tasks.append(asyncio.create_task(self._count(track)))

    async def _count(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                self.received.times.append(float(frame.pts * frame.time_base))
                self.received.sizes.add((frame.width, frame.height))
                self.received.greys.append(float(frame.to_ndarray(format="gray").mean()))
                async with self.received.more:
                    self.received.more.notify_all()
        except MediaStreamError:
            pass

    async def frames(self, count: int) -> None:
        """Wait until so many frames have arrived."""
        await self.until(lambda received: len(received.times) >= count)

    async def until(self, seen: Callable[[Received], bool]) -> None:
        """Wait until what arrived is as wanted."""
        async with asyncio.timeout(20), self.received.more:
            await self.received.more.wait_for(lambda: seen(self.received))

    async def close(self) -> None:
        await self.pc.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


Script = Callable[[Conversation], Awaitable[None]]


@asynccontextmanager
async def scripted_server(
    script: Script, *, subprotocol: str | None = wire.SUBPROTOCOL
) -> AsyncIterator[tuple[str, Received]]:
    """Serve `script` on a free port of loopback; yields the address and what arrived."""
    received = Received()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept(subprotocol=subprotocol)
        conversation = Conversation(websocket, received)
        try:
            await script(conversation)
        except WebSocketDisconnect:
            pass
        finally:
            await conversation.close()
            received.ended.set()

    app = Starlette(routes=[WebSocketRoute("/v1/signaling", endpoint)])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="websockets-sansio"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/v1/signaling", received
        finally:
            server.should_exit = True
            await serving
