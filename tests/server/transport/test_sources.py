"""One source of media and what repairs it; a stranger costs nothing and speaks in no statistics."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiortc import RTCPeerConnection, rtcrtpreceiver
from aiortc.rtp import RtpPacket

from liveness_server.transport.peer import Peer, PeerEnd
from liveness_server.transport.sources import MAX_REPAIRS
from liveness_server.types import ServerTime
from server.transport.kit import SETTINGS, SyntheticTrack, accept, decoder_threads, sender, stock_stream, tuned_stream

pytestmark = pytest.mark.webrtc

MEDIA, REPAIR = 97, 98
"""Payload types of VP8 and its retransmission in aiortc's offers."""
MANY = 300
"""More than the 255 sources a report holds."""


def nobody_ends(why: PeerEnd) -> None:
    raise AssertionError(why)


async def strangers(pc: RTCPeerConnection, payload_type: int, *, count: int = MANY, gap: int = 1) -> None:
    """Send two packets of each of `count` new sources, `gap` apart, over the real connection."""
    (sending,) = pc.getSenders()
    for ssrc in range(1, count + 1):
        for number in (0, gap):
            packet = RtpPacket(payload_type=payload_type, sequence_number=number, payload=b"\x10\x00\x00\x00")
            packet.ssrc = ssrc
            await sending.transport._send_rtp(packet.serialize())
        await asyncio.sleep(0)  # the socket's buffer holds fewer than all of them


async def refused(peer: Peer, count: int) -> None:
    async with asyncio.timeout(5):
        while peer._sources.refused < count:
            assert await peer.frames.get()


@pytest.mark.parametrize(("payload_type", "adopted"), [(MEDIA, 0), (REPAIR, MAX_REPAIRS)])
async def test_three_hundred_sources_change_nothing_and_leave_nothing(payload_type: int, adopted: int) -> None:
    track = SyntheticTrack()
    peer = Peer(SETTINGS, nobody_ends)
    before = asyncio.all_tasks()
    async with sender(track) as pc:
        await accept(pc, await peer.answer(pc.localDescription.sdp))
        assert await peer.frames.get()
        receiver: Any = peer._transceiver.receiver
        await strangers(pc, payload_type)
        await refused(peer, MANY - adopted)  # half of what was sent: datagrams may be lost
        assert len(receiver._RTCRtpReceiver__remote_streams) <= 2 + adopted
        assert len(receiver.transport._rtp_router.ssrc_table) <= 2 + adopted
        await track.reached(len(track.sent) + 50)  # longer than a report takes to be due
        assert not receiver._RTCRtpReceiver__rtcp_task.done()
        assert await peer.frames.get(), "and the stream goes on"
        await asyncio.wait_for(peer.close(), 2)
        assert (receiver.transport.state, receiver.transport.transport.state) == ("closed", "closed")
    assert decoder_threads() == []
    rest = asyncio.all_tasks() - before
    _, late = await asyncio.wait(rest, timeout=2) if rest else (None, set())
    assert not late


async def test_gaps_of_a_stranger_are_nobody_s_losses() -> None:
    peer = Peer(SETTINGS, nobody_ends)
    async with sender() as pc:
        await accept(pc, await peer.answer(pc.localDescription.sdp))
        assert await peer.frames.get()
        await strangers(pc, MEDIA, count=3, gap=1000)
        await strangers(pc, REPAIR, count=3, gap=1000)
        await refused(peer, 6)
        stats = peer.stats(ServerTime(0.0))
        await peer.close()
    assert stats.lost == 0
    assert stats.packets > 0


async def test_stock_aiortc_adopts_every_stranger() -> None:
    async with stock_stream() as receiver:
        await receiver.track.recv()
        for ssrc in range(1, MANY + 1):
            packet = RtpPacket(payload_type=MEDIA, sequence_number=0, payload=b"\x10\x00")
            packet.ssrc = ssrc
            assert receiver.transport._rtp_router.route_rtp(packet) is receiver
        assert len(receiver.transport._rtp_router.ssrc_table) > MANY


async def test_a_timestamp_that_begins_anew_is_no_jitter() -> None:
    async with tuned_stream() as (peer, _):
        assert await peer.frames.get()
        statistics = rtcrtpreceiver.StreamStatistics(90_000)
        for number, timestamp in enumerate([2**32 - 3000, 0]):
            statistics.add(RtpPacket(payload_type=MEDIA, sequence_number=number, timestamp=timestamp))
        streams = peer._transceiver.receiver._RTCRtpReceiver__remote_streams  # type: ignore[attr-defined]
        streams[peer._sources._media] = statistics
        assert statistics.jitter > 2**27, "aiortc takes it for a step of 13 hours"
        assert peer.stats(ServerTime(0.0)).jitter_s == 0.0
