"""Who may send into a receiver: one source of media and what repairs it; and what the statistics say of that one.

aiortc adopts every SSRC it has not seen, for good: each costs memory, and the receiver's report of 256 of them cannot
be packed. It also feeds all of them to one jitter buffer, and one decoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiortc import RTCRtpReceiver
from aiortc.codecs import is_rtx
from aiortc.rtp import RtpPacket

VIDEO_CLOCK_HZ = 90_000
"""RTP clock of VP8 and H264, Hz (RFC 7741, RFC 6184)."""

MAX_JITTER_S = 10.0
"""Seconds; more is no jitter but a timestamp that began anew at 2**32, which aiortc takes for a step of 13 hours."""

MAX_REPAIRS = 7
"""Sources of retransmissions. A browser has one (RFC 4588, 5.3); aiortc's reports hold 255 sources, and fail at 256."""


@dataclass(frozen=True, slots=True)
class Reception:
    """Totals of the media since the start."""

    packets: int = 0
    """Received, without their retransmissions."""
    lost: int = 0
    """Lost on the way, those that were retransmitted included."""
    jitter_s: float = 0.0
    """Interarrival jitter, seconds (RFC 3550, 6.4.1), as this process gets to see the packets."""


class Sources:
    """Stands before one receiver; make it before the first packet can come.

    The first source of media is the only one: it feeds the decoder, so nobody else may speak in the statistics.
    """

    def __init__(self, receiver: RTCRtpReceiver) -> None:
        private: Any = receiver
        self._receiver = private
        self._router = private.transport._rtp_router
        self._route = self._router.route_rtp
        self._router.route_rtp = self._admit
        self._media: int | None = None
        self._repairs: set[int] = set()
        self.refused = 0
        """Packets of other sources or of no codec that was agreed on; the receiver never saw them."""

    def reception(self) -> Reception:
        """What the RTP statistics say of the media so far."""
        stream = self._receiver._RTCRtpReceiver__remote_streams.get(self._media)
        if stream is None:
            return Reception()
        jitter_s = stream.jitter / VIDEO_CLOCK_HZ
        return Reception(
            packets=stream.packets_received,
            lost=max(0, stream.packets_lost),
            jitter_s=jitter_s if jitter_s < MAX_JITTER_S else 0.0,
        )

    def _admit(self, packet: RtpPacket) -> Any:
        """In place of the router's `route_rtp`: the receiver, or None for a packet to be thrown away."""
        if self._known(packet):
            return self._route(packet)
        self.refused += 1
        return None

    def _known(self, packet: RtpPacket) -> bool:
        codec = self._receiver._RTCRtpReceiver__codecs.get(packet.payload_type)
        if codec is None:
            return False
        if is_rtx(codec):
            if len(self._repairs) < MAX_REPAIRS:
                self._repairs.add(packet.ssrc)
            return packet.ssrc in self._repairs
        if self._media is None:
            self._media = packet.ssrc
        return packet.ssrc == self._media
