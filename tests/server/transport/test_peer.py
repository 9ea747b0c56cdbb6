"""A peer over real media on 127.0.0.1: answers, times out, notices loss, and ends without a trace."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import VIDEO_TIME_BASE
from aiortc.rtcrtpreceiver import StreamStatistics
from structlog.testing import capture_logs

from liveness_server.errors import RemoteProtocolError
from liveness_server.transport.frames import MIN_SPACING_S
from liveness_server.transport.peer import Peer, PeerEnd, StreamMeter
from liveness_server.types import ServerTime
from liveness_server.wire import MAX_CANDIDATES, CloseCode
from server.transport.kit import (
    LOOPBACK,
    SETTINGS,
    SyntheticTrack,
    accept,
    bind_to_loopback,
    decoder_threads,
    sender,
    tuned_stream,
)

pytestmark = pytest.mark.webrtc


def nobody_ends(why: PeerEnd) -> None:
    raise AssertionError(why)


async def test_the_answer_has_every_candidate_vp8_first_and_the_bitrate_hint() -> None:
    peer = Peer(SETTINGS, nobody_ends)
    async with sender() as pc:
        answer = await peer.answer(pc.localDescription.sdp)
        await peer.close()
    lines = answer.splitlines()
    candidates = [line.split()[4] for line in lines if line.startswith("a=candidate:")]
    assert candidates == [*LOOPBACK]
    assert "a=end-of-candidates" in lines
    assert next(line for line in lines if line.startswith("a=rtpmap:")).endswith("VP8/90000")
    assert "x-google-start-bitrate=1500" in answer
    assert "a=recvonly" in lines


async def test_no_ice_server_means_none() -> None:
    peer = Peer(SETTINGS, nobody_ends)
    connection = peer._transceiver.receiver.transport.transport.iceGatherer._connection
    assert (connection.stun_server, connection.turn_server) == (None, None), "aiortc's default is a public server"
    await peer.close()


async def test_frames_come_with_their_capture_time_and_are_measured() -> None:
    track = SyntheticTrack()
    peer = Peer(SETTINGS, nobody_ends)
    async with sender(track) as pc:
        await accept(pc, await peer.answer(pc.localDescription.sdp))
        peer.stats(ServerTime(100.0))
        frames = [await peer.frames.get() for _ in range(30)]
        stats = peer.stats(ServerTime(101.0))
        await peer.close()
    times = [frame.t for frame in frames if frame]
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(29 / 30, abs=0.2)
    assert frames[0] is not None
    assert (frames[0].frame.width, frames[0].frame.height) == (320, 240)
    assert 29 <= stats.fps <= 36
    assert 100_000 < stats.bitrate < 3_000_000
    assert stats.lost == 0
    assert stats.packets >= 30
    assert 0 < stats.jitter_s < 0.1
    assert (stats.codec, stats.declared_fps) == ("VP8", 0.0)


MDNS = "candidate:1 1 udp 2113937151 4f3c8a5e-0b1d-4f7a-9d57-3c1a2b9e0f11.local 51234 typ host generation 0 ufrag x"
"""How Chromium names an address of its own while the page may not know it; nobody here can resolve it."""


@pytest.mark.parametrize("trickled", [False, True])
async def test_a_browser_that_hides_its_addresses_is_found_by_its_own_checks(trickled: bool) -> None:
    peer = Peer(SETTINGS, nobody_ends)
    async with sender() as pc:
        lines = pc.localDescription.sdp.splitlines()
        bare = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
        given = [] if trickled else [f"a={MDNS}", "a=end-of-candidates"]
        answer = await peer.answer("\r\n".join([*bare, *given, ""]))
        if trickled:
            await peer.add_candidate(MDNS)
            await peer.add_candidate("")
        await accept(pc, answer)
        async with asyncio.timeout(8):
            assert await peer.frames.get()
        await peer.close()


async def test_h264_alone_is_taken_too() -> None:
    peer = Peer(SETTINGS, nobody_ends)
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = pc.addTransceiver(SyntheticTrack(), direction="sendonly")
    capabilities = transceiver.sender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([c for c in capabilities if c.mimeType != "video/VP8"])
    bind_to_loopback(pc)
    await pc.setLocalDescription(await pc.createOffer())
    await accept(pc, await peer.answer(pc.localDescription.sdp))
    async with asyncio.timeout(10):
        frames = [await peer.frames.get() for _ in range(5)]
    assert peer.stats(ServerTime(0.0)).codec == "H264"
    await pc.close()
    await peer.close()
    assert all(frames)


async def test_no_media_within_the_connect_timeout() -> None:
    why: asyncio.Future[PeerEnd] = asyncio.get_running_loop().create_future()
    peer = Peer(replace(SETTINGS, connect_timeout=0.2), why.set_result)
    async with sender() as pc:
        await peer.answer(pc.localDescription.sdp)
        assert await asyncio.wait_for(why, 5) is PeerEnd.CONNECT_TIMEOUT
    await peer.close()


async def test_media_that_stops_is_lost_after_two_seconds() -> None:
    track = SyntheticTrack()
    loop = asyncio.get_running_loop()
    async with tuned_stream(track) as (peer, ended):
        await track.reached(10)
        track.flowing.clear()
        since = loop.time()
        assert await asyncio.wait_for(ended, 5) is PeerEnd.MEDIA_LOST
        assert 1.8 < loop.time() - since < 3.0
        assert peer.frames.dropped >= 6


async def test_a_sender_that_hangs_up_is_noticed_at_once() -> None:
    why: asyncio.Future[PeerEnd] = asyncio.get_running_loop().create_future()
    peer = Peer(SETTINGS, why.set_result)
    async with sender() as pc:
        await accept(pc, await peer.answer(pc.localDescription.sdp))
        await peer.frames.get()
        await pc.close()
        assert await asyncio.wait_for(why, 1.5) is PeerEnd.MEDIA_LOST
    await peer.close()


async def test_trickled_candidates_connect_an_offer_that_had_none() -> None:
    peer = Peer(SETTINGS, nobody_ends)
    async with sender() as pc:
        lines = pc.localDescription.sdp.splitlines()
        candidates = [line[2:] for line in lines if line.startswith("a=candidate:")]
        bare = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
        answer = await peer.answer("\r\n".join(bare) + "\r\n")
        for text in [*candidates, None]:
            await peer.add_candidate(text)
        await accept(pc, answer)
        assert await asyncio.wait_for(peer.frames.get(), 5) is not None
        await peer.close()


async def test_candidates_are_counted() -> None:
    peer = Peer(SETTINGS, nobody_ends)
    for _ in range(MAX_CANDIDATES):
        await peer.add_candidate("candidate:1 1 udp 1 name.local 50000 typ host")
    with pytest.raises(RemoteProtocolError) as caught:
        await peer.add_candidate("candidate:1 1 udp 1 name.local 50000 typ host")
    assert caught.value.close_code is CloseCode.SDP_INVALID
    await peer.close()


async def test_an_offer_aiortc_cannot_follow_is_refused_in_our_words() -> None:
    peer = Peer(SETTINGS, nobody_ends)
    async with sender() as pc:
        stranger = pc.localDescription.sdp.replace("VP8/90000", "VP8/48000").replace("H264/90000", "H264/48000")
        with pytest.raises(RemoteProtocolError, match=r"^the offer cannot be answered$") as caught:
            await peer.answer(stranger)
    assert caught.value.close_code is CloseCode.SDP_INVALID
    await peer.close()


async def test_close_at_any_moment_leaves_no_thread_and_no_task() -> None:
    for wait_for in ("nothing", "answer", "accepted", "frame"):
        peer = Peer(SETTINGS, nobody_ends)
        async with sender() as pc:
            if wait_for != "nothing":
                answer = await peer.answer(pc.localDescription.sdp)
                if wait_for != "answer":
                    await accept(pc, answer)
                if wait_for == "frame":
                    await peer.frames.get()
            await asyncio.wait_for(peer.close(), 3)
            await peer.close()
    assert decoder_threads() == []
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    _, late = await asyncio.wait(rest, timeout=2) if rest else (None, set())
    assert not late


async def test_a_flood_is_thinned_before_the_mailbox_and_is_not_counted_as_dropped() -> None:
    async with tuned_stream(Flood()) as (peer, _):
        frames = [await peer.frames.get() for _ in range(30)]
        thinned = peer._clock.thinned
        dropped = peer.frames.dropped
    times = [frame.t for frame in frames if frame]
    assert min(b - a for a, b in pairwise(times)) >= MIN_SPACING_S
    assert thinned > 4 * len(frames), "nine in ten of 500 a second"
    assert dropped <= 3, "taken as they came"


class Flood(SyntheticTrack):
    """500 frames a second, by timestamp and in truth."""

    def __init__(self) -> None:
        super().__init__(64, 64)

    async def next_timestamp(self) -> tuple[int, Fraction]:
        """Two milliseconds after the last."""
        due = len(self.sent) * 0.002
        self._start = getattr(self, "_start", None) or asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._start + due - asyncio.get_running_loop().time()))
        return round(due * 90_000), VIDEO_TIME_BASE


async def test_a_close_that_hangs_in_aiortc_still_ends_transports_and_tasks() -> None:
    peer = Peer(replace(SETTINGS, close_timeout=0.3), nobody_ends)
    before = asyncio.all_tasks()
    async with sender() as pc:
        await accept(pc, await peer.answer(pc.localDescription.sdp))
        await peer.frames.get()
        receiver = peer._transceiver.receiver
        receiver.stop = asyncio.Event().wait  # type: ignore[assignment, method-assign]
        (decoder,) = [thread for thread in threading.enumerate() if thread.name in decoder_threads()]
        await asyncio.wait_for(peer.close(), 3)
        assert receiver.transport.transport.state == "closed"
        assert receiver.transport.state == "closed"
    await asyncio.to_thread(decoder.join, 2)  # told to end, and waited for by nobody
    assert not decoder.is_alive()
    rest = asyncio.all_tasks() - before
    _, late = await asyncio.wait(rest, timeout=2) if rest else (None, set())
    assert not late


async def test_rtcp_that_breaks_holds_up_no_close() -> None:
    peer = Peer(SETTINGS, nobody_ends)
    async with sender() as pc:
        with capture_logs() as logs:
            await accept(pc, await peer.answer(pc.localDescription.sdp))
            await peer.frames.get()
            receiver: Any = peer._transceiver.receiver
            streams = receiver._RTCRtpReceiver__remote_streams
            streams[1] = StreamStatistics(90_000)
            streams[1].base_seq, streams[1].max_seq = 0, 2**32  # more than a report can say
            await asyncio.wait_for(receiver._RTCRtpReceiver__rtcp_exited.wait(), 5)
            await asyncio.wait_for(peer.close(), 2)
    assert [line["error"] for line in logs if line["event"] == "rtcp_ended"] == ["error"]
    assert not [line for line in logs if line["event"] == "peer_close_timeout"]


def test_rates_are_of_the_time_between_two_looks() -> None:
    meter = StreamMeter()
    assert meter.read(ServerTime(10.0), 5_000) == (0, 0)
    meter.frames = 60
    assert meter.read(ServerTime(12.0), 255_000) == (30, 1_000_000)


async def test_the_offer_says_what_rate_is_announced() -> None:
    peer = Peer(SETTINGS, nobody_ends)
    async with sender() as pc:
        await peer.answer(pc.localDescription.sdp.replace("a=sendonly", "a=sendonly\r\na=framerate:29.97"))
        assert peer.stats(ServerTime(0.0)).declared_fps == 29.97
        await peer.close()
