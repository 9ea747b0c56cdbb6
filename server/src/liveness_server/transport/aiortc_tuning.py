"""Cures of what in aiortc 1.16 spoils a measured stream or leaks. Only `sources` knows its private names as well.

1. *Stall.* A lost retransmission is never asked for again, and the jitter buffer then waits until 512 packets have
   piled up: one packet lost twice froze a 0.3 Mbit/s stream for 9.5 s. Cure: `StallWatchdog` asks again every 50 ms,
   and after 400 ms gives the packet up, flushes the buffer and asks for a key frame.
2. *Start bitrate.* Chromium starts at 250 kbit/s, too little for a pulse. Cure: `sdp.with_start_bitrate`.
3. *Unbounded queues.* Cure: `DecoderInput` before the decoder; behind it the one reader of `peer`, which drains the
   track at once into a `Mailbox`.
4. *Decoder threads.* FFmpeg takes one thread per core and stream: 17-28 % more CPU a frame, and hundreds of threads on
   a large host. Cure: `install_decoders`.
5. *Consent checks.* A connection closed while ICE is completing starts its consent checks afterwards, and they never
   end: one task leaked for every client that leaves at the wrong moment. Cure: `silence_consent`.
6. *Closing that waits for ever.* A report that cannot be packed ends the receiver's RTCP task, and `stop` waits for a
   sign that only its ordinary end gives: transports and sockets stay. Cure: `end_rtcp_always`, and `abandon` for
   whatever else may hold a closing up.
7. *Any number of sources.* Cure: `sources.Sources`.

Private names change without notice, so any other version than the one measured is refused (`require_supported`).
"""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass
from typing import Any

import aiortc
import av
import structlog
from aiortc import RTCRtpReceiver, rtcrtpreceiver
from aiortc.codecs import get_decoder
from aiortc.codecs.base import Decoder
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtpPacket

from ..errors import ConfigError
from .decoder_input import MAX_PIXELS, DecoderInput

log = structlog.get_logger(__name__)

SUPPORTED = "1.16."
"""Version prefix of aiortc these cures were measured on."""

VIDEO_CAPACITY = 512
"""Packets; aiortc's own size of the video jitter buffer."""

MAX_LATE = 2048
"""Packets behind the buffer's head that are dropped as late. aiortc takes 100 behind for a restarted stream and moves
the head *back*; a retransmission arriving 0.4 s late at 2.5 Mbit/s is 104 behind, and stalled the stream again."""

HALF = 0x8000
"""Half the range of sequence numbers: less is ahead, more is behind (RFC 1982)."""


def require_supported(version: str = aiortc.__version__) -> None:
    """Refuse any aiortc whose private parts these cures do not fit. Raises `ConfigError`."""
    if not version.startswith(SUPPORTED):
        raise ConfigError(
            f"aiortc {version} is installed, but the stream cures fit only {SUPPORTED}x: "
            'install "aiortc>=1.16,<1.17", or port and measure transport/aiortc_tuning.py'
        )


def install_decoders() -> None:
    """Make every decoder of this process single-threaded and bounded in picture size. Idempotent."""
    require_supported()
    rtcrtpreceiver.get_decoder = _tuned_decoder  # type: ignore[attr-defined]


def _tuned_decoder(codec: RTCRtpCodecParameters) -> Decoder:
    decoder = get_decoder(codec)
    context: av.CodecContext = decoder.codec  # type: ignore[attr-defined]
    context.thread_count = 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    return decoder


class WatchedJitterBuffer(JitterBuffer):
    """A video jitter buffer that can tell what is missing at its head, and that late packets cannot throw back."""

    def __init__(self, capacity: int = VIDEO_CAPACITY) -> None:
        super().__init__(capacity=capacity, is_video=True)
        self.media_ssrc = 0
        self._newest: int | None = None

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Take one (unwrapped) packet; as the base class, but a packet behind the head is always dropped."""
        self.media_ssrc = packet.ssrc
        late = 0 if self._origin is None else _ahead(self._origin, packet.sequence_number)
        if 0 < late <= MAX_LATE:
            return False, None
        restarted = MAX_LATE < late < HALF
        if self._newest is None or restarted or _ahead(packet.sequence_number, self._newest) < HALF:
            self._newest = packet.sequence_number
        return super().add(packet)

    def missing(self) -> list[int]:
        """Sequence numbers the head waits for, oldest first; empty when nothing blocks it."""
        if self._origin is None or self._newest is None:
            return []
        span = _ahead(self._newest, self._origin)  # right after a flush the head is ahead of the newest: HALF or more
        numbers = ((self._origin + i) & 0xFFFF for i in range(span if span < HALF else 0))
        return [n for n in numbers if self._packets[n % self.capacity] is None]

    def flush(self) -> None:
        """Give up everything received so far; the head moves to the packet after the newest one."""
        assert self._newest is not None
        self.remove(self.capacity)
        # None would let a late retransmission become the head, and the stream would stall once more.
        self._origin = (self._newest + 1) & 0xFFFF


def _ahead(a: int, b: int) -> int:
    """How far sequence number `a` is ahead of `b`, modulo 2**16."""
    return (a - b) & 0xFFFF


class Action(enum.Enum):
    """What the watchdog does at one look."""

    NOTHING = enum.auto()
    NACK = enum.auto()
    FLUSH = enum.auto()
    """Flush the jitter buffer and ask for a key frame."""
    PLI = enum.auto()
    """Ask for a key frame (again)."""


@dataclass(frozen=True, slots=True)
class StallPolicy:
    """Times in seconds; measured with Chromium over lossy links: largest gap 113 ms instead of 9.5 s."""

    interval: float = 0.05
    """Between two looks: about one round trip on a good link."""
    flush_after: float = 0.4
    """A packet asked for this long (8 times) is given up."""
    pli_after: float = 0.1
    """Waiting for a key frame this long: one that is under way needs two frame intervals to come out."""
    pli_every: float = 0.5
    """At most so often a key frame is asked for: each costs the sender many times an ordinary frame."""
    nack_limit: int = 64
    """Packets named in one request."""


class StallTimer:
    """Decides from what is missing and the time; no I/O."""

    def __init__(self, policy: StallPolicy) -> None:
        self._policy = policy
        self._head: int | None = None
        self._blocked_since = 0.0
        self._broken_since: float | None = None
        self._last_pli = float("-inf")

    def decide(self, missing: list[int], *, broken: bool, now: float) -> Action:
        """Say what to do. `broken`: frames are being withheld for want of a key frame."""
        self._note(missing[0] if missing else None, broken, now)
        if now - self._last_pli >= self._policy.pli_every:
            if missing and now - self._blocked_since >= self._policy.flush_after:
                self._last_pli = now
                return Action.FLUSH
            if self._broken_since is not None and now - self._broken_since >= self._policy.pli_after:
                self._last_pli = now
                return Action.PLI
        return Action.NACK if missing else Action.NOTHING

    def _note(self, head: int | None, broken: bool, now: float) -> None:
        if head != self._head:
            self._head, self._blocked_since = head, now
        if not broken:
            self._broken_since = None
        elif self._broken_since is None:
            self._broken_since = now


class StallWatchdog:
    """Keeps one tuned receiver from waiting for packets that never come."""

    def __init__(self, receiver: RTCRtpReceiver, policy: StallPolicy = StallPolicy()) -> None:
        require_supported()
        private: Any = receiver
        self._receiver = private
        self._policy = policy
        self._timer = StallTimer(policy)
        self.buffer = WatchedJitterBuffer()
        self.decoder_input = DecoderInput()
        self.flushes = 0
        private._RTCRtpReceiver__jitter_buffer = self.buffer
        private._RTCRtpReceiver__decoder_queue = self.decoder_input

    async def run(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._policy.interval)
            await self._look(loop.time())

    async def _look(self, now: float) -> None:
        missing = self.buffer.missing()
        waiting = self.buffer.media_ssrc != 0 and self.decoder_input.broken
        match self._timer.decide(missing, broken=waiting, now=now):
            case Action.NACK:
                await self._receiver._send_rtcp_nack(self.buffer.media_ssrc, missing[: self._policy.nack_limit])
            case Action.FLUSH:
                self._flush()
                await self._receiver._send_rtcp_pli(self.buffer.media_ssrc)
            case Action.PLI:
                await self._receiver._send_rtcp_pli(self.buffer.media_ssrc)

    def _flush(self) -> None:
        self.flushes += 1
        self.buffer.flush()
        self._receiver._RTCRtpReceiver__nack_generator.missing.clear()
        self.decoder_input.require_key_frame()

    def end_decoder(self) -> None:
        """Let the decoder thread end even where aiortc's own close did not reach it."""
        if self._receiver._RTCRtpReceiver__decoder_thread is not None:
            self.decoder_input.put(None)


def bind_to(receiver: RTCRtpReceiver, addresses: tuple[str, ...]) -> None:
    """Offer these host addresses alone; aioice takes every interface but loopback and has no setting."""
    connection = _connection(receiver)
    gather = connection.get_component_candidates
    connection.get_component_candidates = lambda component, **_: gather(component=component, addresses=list(addresses))


def silence_consent(receiver: RTCRtpReceiver) -> None:
    """Keep a connection that is about to be closed from starting consent checks."""
    _connection(receiver).query_consent = _no_consent


def end_rtcp_always(receiver: RTCRtpReceiver) -> None:
    """Let the receiver be stopped whatever its RTCP task ended of; call before it receives."""
    private: Any = receiver
    run = private._run_rtcp

    async def run_and_tell() -> None:
        try:
            await run()
        except Exception as exc:  # reports are a service to the sender: its stream goes on without them
            log.warning("rtcp_ended", error=type(exc).__name__)
        finally:
            private._RTCRtpReceiver__rtcp_exited.set()

    private._run_rtcp = run_and_tell


async def abandon(receiver: RTCRtpReceiver) -> None:
    """End the RTCP task, DTLS and ICE of a receiver whose connection does not close; cancel it if it, too, hangs."""
    rtcp = receiver._RTCRtpReceiver__rtcp_task  # type: ignore[attr-defined]
    if rtcp is not None:
        rtcp.cancel()
    await receiver.transport.stop()
    await receiver.transport.transport.stop()


async def _no_consent() -> None:
    pass


def received_bytes(receiver: RTCRtpReceiver) -> int:
    """Bytes received on the receiver's transport so far; aiortc's inbound statistics have none."""
    transport: Any = receiver.transport
    return int(next(iter(transport._get_stats().values())).bytesReceived)


def _connection(receiver: RTCRtpReceiver) -> Any:
    return receiver.transport.transport.iceGatherer._connection
