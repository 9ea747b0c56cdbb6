"""Instruments of the transport tests: a synthetic sender, a lossy receiver, both ends over 127.0.0.1."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from av import VideoFrame

from liveness_server.transport.aiortc_tuning import bind_to, silence_consent
from liveness_server.transport.mailbox import CAPACITY, Mailbox
from liveness_server.transport.peer import Peer, PeerEnd, PeerSettings

LOOPBACK = ("127.0.0.1",)
SETTINGS = PeerSettings(host_addresses=LOOPBACK)


class SyntheticTrack(VideoStreamTrack):
    """30 fps of a drifting gradient with sensor noise; `sent` holds the pts of each frame."""

    def __init__(self, width: int = 320, height: int = 240) -> None:
        super().__init__()
        rng = np.random.default_rng(7)
        noise = rng.normal(0, 6, (8, height, width, 3))
        ramp = np.linspace(40, 200, width)[None, None, :, None]
        self._pictures = [np.clip(np.roll(ramp, 9 * i, 2) + n, 0, 255)[0].astype(np.uint8) for i, n in enumerate(noise)]
        self.sent: list[int] = []
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._target = (0, asyncio.Event())

    async def reached(self, count: int) -> None:
        """Wait until `count` frames were sent."""
        self._target = (count, asyncio.Event())
        async with asyncio.timeout(15):
            await self._target[1].wait()

    async def recv(self) -> VideoFrame:
        await self.flowing.wait()
        pts, time_base = await self.next_timestamp()
        frame = VideoFrame.from_ndarray(self._pictures[len(self.sent) % len(self._pictures)], format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        self.sent.append(pts)
        if len(self.sent) >= self._target[0]:
            self._target[1].set()
        return frame


def bind_to_loopback(pc: RTCPeerConnection) -> None:
    for transceiver in pc.getTransceivers():
        bind_to(transceiver.receiver, LOOPBACK)


@asynccontextmanager
async def sender(track: VideoStreamTrack | None = None) -> AsyncIterator[RTCPeerConnection]:
    """Yield a connection with a local offer; the caller passes on the answer."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver(track or SyntheticTrack(), direction="sendonly")
    bind_to_loopback(pc)
    await pc.setLocalDescription(await pc.createOffer())
    try:
        yield pc
    finally:
        await hang_up(pc)


async def hang_up(pc: RTCPeerConnection) -> None:
    """Close; closed while connecting, aioice starts consent checks all the same, and they would outlive the test."""
    for transceiver in pc.getTransceivers():
        silence_consent(transceiver.receiver)
    await pc.close()


async def accept(pc: RTCPeerConnection, answer: str) -> None:
    await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))


@asynccontextmanager
async def tuned_stream(
    track: VideoStreamTrack | None = None, settings: PeerSettings = SETTINGS, mailbox: int = CAPACITY
) -> AsyncIterator[tuple[Peer, asyncio.Future[PeerEnd]]]:
    """Yield a connected-to-be `Peer` fed by a synthetic sender, and the future of its end."""
    ended: asyncio.Future[PeerEnd] = asyncio.get_running_loop().create_future()
    peer = Peer(settings, ended.set_result)
    peer.frames = Mailbox(mailbox)
    async with sender(track) as pc:
        try:
            await accept(pc, await peer.answer(pc.localDescription.sdp))
            yield peer, ended
        finally:
            await peer.close()


@asynccontextmanager
async def stock_stream(track: VideoStreamTrack | None = None) -> AsyncIterator[Any]:
    """Yield the receiver of an unmodified aiortc connection fed by a synthetic sender."""
    receiving = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver = receiving.addTransceiver("video", direction="recvonly").receiver
    bind_to_loopback(receiving)
    async with sender(track) as pc:
        try:
            await receiving.setRemoteDescription(pc.localDescription)
            await receiving.setLocalDescription(await receiving.createAnswer())
            await accept(pc, receiving.localDescription.sdp)
            yield receiver
        finally:
            await receiving.close()


class Lossy:
    """Loses packets in front of a receiver: the media packet number `victim`, and `repeats` of its retransmissions."""

    def __init__(self, receiver: Any, *, victim: int, repeats: int) -> None:
        self._pass_on = receiver._handle_rtp_packet
        self._countdown = victim
        self._repeats = repeats
        self.lost_number: int | None = None
        self.lost = asyncio.Event()
        self.kept_back: list[Callable[[], Any]] = []
        receiver._handle_rtp_packet = self.handle

    async def handle(self, packet: Any, arrival_time_ms: int) -> None:
        if self._lose(packet):
            self.kept_back.append(lambda: self._pass_on(packet, arrival_time_ms=arrival_time_ms))
        else:
            await self._pass_on(packet, arrival_time_ms=arrival_time_ms)

    def _lose(self, packet: Any) -> bool:
        if packet.payload_type % 2 == 0:  # aiortc numbers media 97, 99, 101 and their retransmissions 98, 100, 102
            repeated = int.from_bytes(packet.payload[:2], "big") == self.lost_number
            self._repeats -= repeated
            return repeated and self._repeats >= 0
        self._countdown -= 1
        if self._countdown == 0:
            self.lost_number = packet.sequence_number
            self.lost.set()
        return self._countdown == 0


def decoder_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.endswith("-decoder")]
