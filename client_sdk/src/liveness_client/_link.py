"""The seam between an attempt and the world: what a transport must offer. `WebRtcTransport` and `MockTransport` do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import httpx

from ._order import Signal
from ._sources import Source
from ._wire import IceServer


class Link(Protocol):
    """One attempt's WebSocket and media connection."""

    async def open(self) -> None:
        """Open the source and the WebSocket. Raises `SourceError` or `SignalingError`."""

    async def send(self, text: str) -> None:
        """Send one text frame; a closed socket is not an error here, `receive` reports it."""

    async def receive(self) -> str | Signal:
        """Wait for the next text frame or signal; after the end, `Closed` for ever."""

    async def make_offer(self, ice_servers: Sequence[IceServer]) -> str:
        """Make the media connection's SDP offer, all candidates included."""

    async def accept_answer(self, sdp: str) -> None:
        """Apply the server's answer; media starts by itself. Raises `SdpRefused`."""

    async def close(self) -> None:
        """Release everything, in bounded time; may be called at any time and again."""


class Transport(Protocol):
    """What a `LivenessClient` runs on."""

    def http_transport(self) -> httpx.AsyncBaseTransport | None:
        """Return what carries the REST calls; None for httpx's own."""

    def link(self, signaling_url: str, source: Source) -> Link:
        """Prepare one attempt; nothing is opened yet."""
