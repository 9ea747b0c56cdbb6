"""One client's peer connection: an offer in, an answer out, then timed frames in a mailbox until it ends."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import av
import structlog
from aiortc import (
    MediaStreamError,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpTransceiver,
)

from ..errors import RemoteProtocolError
from ..types import ServerTime, StreamStats
from ..wire import MAX_CANDIDATES, IceServer
from .aiortc_tuning import StallWatchdog, abandon, bind_to, end_rtcp_always, received_bytes, silence_consent
from .frames import MAX_DRIFT_S, CaptureClock, TimedFrame
from .mailbox import Mailbox
from .sdp import DEFAULT_START_BITRATE, announced_fps, read_candidate, read_offer, refuse, with_start_bitrate
from .sources import Sources

log = structlog.get_logger(__name__)


class PeerEnd(enum.Enum):
    """Why a peer stopped delivering frames."""

    CONNECT_TIMEOUT = enum.auto()
    """No usable frame within the connect timeout, or the connection failed before one."""
    MEDIA_LOST = enum.auto()
    """Frames stopped."""


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """Times in seconds."""

    ice_servers: tuple[IceServer, ...] = ()
    """STUN and TURN servers; none means host addresses only (never aiortc's default, a public STUN server)."""
    host_addresses: tuple[str, ...] | None = None
    """Addresses to offer; None offers those of every interface but loopback."""
    start_bitrate_kbps: int = DEFAULT_START_BITRATE
    answer_timeout: float = 5.0
    """For making the answer; gathering from an unreachable STUN server takes that long."""
    connect_timeout: float = 10.0
    """Answer to first frame. Host candidates take 0.1 s; a TURN relay over TLS takes 1-3 s."""
    media_timeout: float = 2.0
    """Without a frame. aiortc itself would notice a vanished peer after 30 s (6 consent checks, RFC 7675)."""
    close_timeout: float = 5.0
    max_drift: float = MAX_DRIFT_S


class Peer:
    """Call `answer` once, then take `frames`; `on_end` is called once at most; always `close`."""

    def __init__(self, settings: PeerSettings, on_end: Callable[[PeerEnd], None]) -> None:
        self._settings = settings
        self._on_end: Callable[[PeerEnd], None] | None = on_end
        self._clock = CaptureClock(settings.max_drift)
        self._meter = StreamMeter()
        self._announced_fps = 0.0
        self._candidates = 0
        self._delivering = False
        self._first_at = self._newest_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self.frames: Mailbox[TimedFrame] = Mailbox()
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=_ice_servers(settings.ice_servers)))
        self._transceiver: RTCRtpTransceiver = self._pc.addTransceiver("video", direction="recvonly")
        self._watchdog = StallWatchdog(self._transceiver.receiver)
        self._sources = Sources(self._transceiver.receiver)
        end_rtcp_always(self._transceiver.receiver)
        self._pc.on("connectionstatechange", self._state_changed)

    async def answer(self, offer: str) -> str:
        """Return the full answer (all candidates inside). Raises only `RemoteProtocolError`."""
        description = read_offer(offer)
        self._announced_fps = announced_fps(offer)
        try:
            async with asyncio.timeout(self._settings.answer_timeout):
                return await self._negotiate(description)
        except RemoteProtocolError:
            raise
        except Exception as exc:  # what aiortc raises on a description it cannot follow is not specified
            log.warning("offer_refused", error=type(exc).__name__)
            raise refuse("the offer cannot be answered") from None

    async def _negotiate(self, offer: Any) -> str:
        self._transceiver.setCodecPreferences(_preferred_codecs())
        await self._pc.setRemoteDescription(offer)
        if self._settings.host_addresses is not None:
            bind_to(self._transceiver.receiver, self._settings.host_addresses)
        await self._pc.setLocalDescription(await self._pc.createAnswer())
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._watchdog.run())]
        return with_start_bitrate(self._pc.localDescription.sdp, self._settings.start_bitrate_kbps)

    async def add_candidate(self, text: str | None) -> None:
        """Add a trickled candidate; None or empty is their end, which is not waited for. Raises `RemoteProtocolError`.

        One that cannot be used (a `.local` name) is passed over; see `sdp` for that, and for the end.
        """
        self._candidates += 1
        if self._candidates > MAX_CANDIDATES:
            raise refuse("too many candidates")
        candidate = read_candidate(text) if text else None
        if candidate is not None:
            await self._transceiver.receiver.transport.transport.addRemoteCandidate(candidate)

    def stats(self, now: ServerTime) -> StreamStats:
        """What arrived since the last call."""
        fps, bitrate = self._meter.read(now, received_bytes(self._transceiver.receiver))
        reception = self._sources.reception()
        return StreamStats(
            t=now,
            fps=fps,
            bitrate=bitrate,
            lost=reception.lost,
            dropped=self.frames.dropped,
            jitter_s=reception.jitter_s,
            codec=self._watchdog.decoder_input.codec,
            declared_fps=self._announced_fps,
            packets=reception.packets,
        )

    def unseen_since(self, moment: float) -> float:
        """Seconds from `moment` (loop clock; at least the first frame's) to the newest frame; 0 without one."""
        return max(0.0, self._newest_at - max(moment, self._first_at)) if self._delivering else 0.0

    async def close(self) -> None:
        """End everything: tasks, transports, the decoder thread. Never raises, never hangs."""
        self._on_end = None
        self.frames.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        silence_consent(self._transceiver.receiver)
        if not await self._in_time(self._pc.close()):
            log.warning("peer_close_timeout")
            await self._in_time(abandon(self._transceiver.receiver))
        self._watchdog.end_decoder()
        if self._sources.refused:
            log.info("foreign_sources", packets=self._sources.refused)

    async def _in_time(self, ending: Coroutine[Any, Any, None]) -> bool:
        """Whether it ended within the close timeout; if not, it is cancelled and gone."""
        task = asyncio.create_task(ending)
        _, late = await asyncio.wait({task}, timeout=self._settings.close_timeout)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return not late

    async def _read(self) -> None:
        """Take every frame as it comes: aiortc's queue has no bound, so nothing here may wait for analysis."""
        track, loop = self._transceiver.receiver.track, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._settings.connect_timeout) as deadline:
                while True:
                    frame = await track.recv()
                    assert isinstance(frame, av.VideoFrame)
                    self._meter.frames += 1
                    t = self._clock.read(frame, loop.time())
                    if t is not None:
                        self._note_arrival(loop.time())
                        deadline.reschedule(loop.time() + self._settings.media_timeout)
                        self.frames.put(TimedFrame(frame, t))
        except (TimeoutError, MediaStreamError):
            self._end()

    def _note_arrival(self, now: float) -> None:
        if not self._delivering:
            self._delivering, self._first_at = True, now
        self._newest_at = now

    def _end(self) -> None:
        if self._on_end is not None:
            on_end, self._on_end = self._on_end, None
            on_end(PeerEnd.MEDIA_LOST if self._delivering else PeerEnd.CONNECT_TIMEOUT)

    def _state_changed(self) -> None:
        if self._pc.connectionState in {"failed", "closed"}:
            self._end()


class StreamMeter:
    """Turns running totals into rates."""

    def __init__(self) -> None:
        self.frames = 0
        self._seen = (0, 0)
        self._last: ServerTime | None = None

    def read(self, now: ServerTime, received_bytes: int) -> tuple[float, float]:
        """Frames and bits per second since the last call; zero at the first, which only starts the measurement."""
        span = now - self._last if self._last is not None else 0.0
        frames, received = self.frames - self._seen[0], received_bytes - self._seen[1]
        self._seen, self._last = (self.frames, received_bytes), now
        per_second = 1.0 / span if span > 0 else 0.0
        return frames * per_second, 8 * received * per_second


def _ice_servers(servers: tuple[IceServer, ...]) -> list[RTCIceServer]:
    return [RTCIceServer(s.urls, s.username or None, s.credential or None) for s in servers]


def _preferred_codecs() -> list[Any]:
    """VP8 first: equal quality on every browser; then H264, each with its retransmission."""
    capabilities = RTCRtpReceiver.getCapabilities("video")
    assert capabilities is not None
    return sorted(capabilities.codecs, key=lambda codec: codec.mimeType.upper() != "VIDEO/VP8")
