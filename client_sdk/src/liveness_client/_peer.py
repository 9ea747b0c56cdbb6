"""The media connection: one aiortc peer that sends one video track, and what must be set on aiortc for it.

Bitrate. aiortc's VP8 encoder starts at 500 kbit/s and follows the receiver's estimate between 250 kbit/s and
1.5 Mbit/s, by module constants without an API. Each change of more than 10 % makes a new encoder: a key frame, and with
it a step of brightness in the very signal the server measures. So default, minimum and maximum are set to one figure,
for the whole process. The price: on a line slower than that, packets are lost instead of the picture getting worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import h264, vpx
from aiortc.mediastreams import MediaStreamTrack

from ._order import PeerConnected, PeerLost, Signal
from ._wire import IceServer
from .errors import ProtocolViolation, SdpRefused

BITRATE = 2_500_000
"""Bits per second of 640x480@30: above the 1.7 Mbit/s Chromium sends of the same picture when it may."""


def pin_encoder_bitrate(bits_per_second: int) -> None:
    """Make every aiortc video encoder of this process send at one constant bitrate."""
    for codec in (vpx, h264):
        for limit in ("DEFAULT_BITRATE", "MIN_BITRATE", "MAX_BITRATE"):
            setattr(codec, limit, bits_per_second)


class Peer:
    """Sends one track to one server; reports `PeerConnected` and `PeerLost`."""

    def __init__(
        self,
        track: MediaStreamTrack,
        ice_servers: Sequence[IceServer],
        report: Callable[[Signal], None],
        *,
        host_addresses: Sequence[str] | None = None,
    ) -> None:
        # Always a list: None would mean a public STUN server that nobody asked for.
        servers = [_rtc_server(server) for server in ice_servers]
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._report = report
        self._pc.on("connectionstatechange", self._on_state)
        try:
            transceiver = self._pc.addTransceiver(track, direction="sendonly")
        except ValueError as error:
            raise ProtocolViolation("the server names ICE servers that cannot be used") from error
        if host_addresses is not None:
            _limit_hosts(transceiver.sender.transport.transport.iceGatherer, list(host_addresses))

    async def offer(self) -> str:
        """Gather candidates and return the whole offer."""
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return str(self._pc.localDescription.sdp)

    async def accept(self, sdp: str) -> None:
        """Apply the answer; connecting goes on in the background. Raises `SdpRefused`."""
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))
        except Exception as error:  # aiortc has no error type of its own for a bad answer
            raise SdpRefused("the server's answer cannot be used") from error

    async def close(self) -> None:
        """Stop sending and release the sockets."""
        await self._pc.close()

    def _on_state(self) -> None:
        if self._pc.connectionState == "connected":
            self._report(PeerConnected())
        elif self._pc.connectionState in ("failed", "closed"):
            self._report(PeerLost())


def _rtc_server(server: IceServer) -> RTCIceServer:
    return RTCIceServer(
        urls=list(server.urls),
        username=server.username or None,
        credential=server.credential or None,
    )


def _limit_hosts(gatherer: Any, addresses: list[str]) -> None:
    """Use these local addresses only, loopback included; aioice takes all others and has no setting for it."""
    connection = gatherer._connection
    gather = connection.get_component_candidates
    connection.get_component_candidates = lambda component, **_: gather(component=component, addresses=addresses)
