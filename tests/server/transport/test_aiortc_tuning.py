"""The cures of the stream, with the defect it cures shown on stock aiortc."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from aiortc import rtcrtpreceiver
from aiortc.codecs import CODECS, depayload, get_decoder, get_encoder
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.mediastreams import VIDEO_TIME_BASE
from aiortc.rtp import RtpPacket
from av import FFmpegError, VideoFrame

from liveness_server.errors import ConfigError
from liveness_server.transport.aiortc_tuning import (
    Action,
    StallPolicy,
    StallTimer,
    WatchedJitterBuffer,
    install_decoders,
    require_supported,
)
from liveness_server.types import ServerTime
from server.transport.kit import Lossy, SyntheticTrack, decoder_threads, stock_stream, tuned_stream

VICTIM = 60
"""Media packets before the lost one: about a second in, well past the first key frame."""


def packet(number: int, timestamp: int = 0) -> RtpPacket:
    made = RtpPacket(payload_type=97, sequence_number=number & 0xFFFF, timestamp=timestamp)
    made.ssrc = 1
    made._data = b"x"  # type: ignore[attr-defined]
    return made


# 1. The stall


@pytest.mark.webrtc
async def test_stock_aiortc_stalls_on_one_packet_lost_twice() -> None:
    async with stock_stream() as receiver:
        lossy = Lossy(receiver, victim=VICTIM, repeats=1)
        async with asyncio.timeout(10):
            await lossy.lost.wait()
        delivered = receiver.track._queue.qsize()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(take(receiver.track, delivered + 3), 1.5)


async def take(track: Any, count: int) -> None:
    for _ in range(count):
        await track.recv()


@pytest.mark.webrtc
async def test_one_packet_lost_twice_makes_no_gap_and_moves_no_timestamp() -> None:
    async with tuned_stream(mailbox=64) as (peer, _):
        Lossy(peer._transceiver.receiver, victim=VICTIM, repeats=1)
        arrivals, times = await collect(peer, 80)
        stats = peer.stats(ServerTime(0.0))
    assert (stats.lost, stats.packets > VICTIM) == (1, True), "lost on the way, repaired or not"
    assert max(b - a for a, b in pairwise(arrivals)) < 0.3
    for a, b in pairwise(times):
        assert (b - a) * 90_000 == pytest.approx(3000, abs=1.5), "30 fps: no frame missing, none moved"


@pytest.mark.webrtc
async def test_a_packet_lost_for_good_is_given_up_and_its_late_arrival_does_no_harm() -> None:
    async with tuned_stream(mailbox=64) as (peer, _):
        lossy = Lossy(peer._transceiver.receiver, victim=VICTIM, repeats=10_000)
        before, _ = await collect(peer, 20)
        while not peer._watchdog.flushes:
            before += (await collect(peer, 1))[0]
        for deliver in lossy.kept_back:
            await deliver()
        after, times = await collect(peer, 30)
    assert after[0] - before[-1] < 0.3
    assert max(b - a for a, b in pairwise(after)) < 0.3
    assert all(t * 30 == pytest.approx(round(t * 30), abs=0.001) for t in times)
    assert peer._watchdog.flushes == 1


async def collect(peer: Any, count: int) -> tuple[list[float], list[float]]:
    loop = asyncio.get_running_loop()
    arrivals, times = [], []
    for _ in range(count):
        async with asyncio.timeout(10):
            frame = await peer.frames.get()
        arrivals.append(loop.time())
        times.append(frame.t)
    return arrivals, times


@pytest.mark.parametrize(
    ("buffer", "survives"), [(WatchedJitterBuffer(), True), (JitterBuffer(512, is_video=True), False)]
)
def test_a_retransmission_150_packets_late_moves_the_head_back_only_in_stock_aiortc(
    buffer: JitterBuffer, survives: bool
) -> None:
    for number in range(1000, 1200):
        buffer.add(packet(number, timestamp=number * 3000))
    _, frame = buffer.add(packet(1049, timestamp=1049 * 3000))
    assert frame is None
    _, frame = buffer.add(packet(1200, timestamp=1200 * 3000))
    assert (frame is not None) == survives


def test_missing_names_the_holes_across_the_wrap_of_sequence_numbers() -> None:
    buffer = WatchedJitterBuffer()
    for number in (65533, 65534, 65536, 65539):
        buffer.add(packet(number))
    assert buffer.missing() == [65535, 1, 2]


def test_nothing_is_missing_before_the_first_packet_and_after_a_flush() -> None:
    buffer = WatchedJitterBuffer()
    assert buffer.missing() == []
    for number in (10, 12):
        buffer.add(packet(number))
    buffer.flush()
    assert buffer.missing() == []
    buffer.add(packet(11))
    assert buffer.missing() == [], "the late packet is not the new head"
    buffer.add(packet(14))
    assert buffer.missing() == [13]


def test_a_stream_that_restarts_far_behind_is_followed() -> None:
    buffer = WatchedJitterBuffer()
    buffer.add(packet(20_000))
    buffer.add(packet(10_000))
    buffer.add(packet(10_002))
    assert buffer.missing() == [10_001]


def test_timer_asks_again_then_gives_up_then_asks_for_key_frames_at_most_every_half_second() -> None:
    timer = StallTimer(StallPolicy())
    said = {
        now / 100: timer.decide([7] if now < 41 else [], broken=now >= 41, now=now / 100) for now in range(0, 200, 5)
    }
    assert said[0.0] is Action.NACK
    assert said[0.4] is Action.FLUSH
    plis = [now for now, action in said.items() if action is Action.PLI]
    assert plis[0] == pytest.approx(0.9)
    assert min(b - a for a, b in pairwise(plis)) >= 0.5 - 1e-9


def test_timer_starts_anew_for_each_packet_at_the_head() -> None:
    timer = StallTimer(StallPolicy())
    assert timer.decide([1], broken=False, now=0.0) is Action.NACK
    assert timer.decide([2], broken=False, now=0.39) is Action.NACK
    assert timer.decide([2], broken=False, now=0.5) is Action.NACK
    assert timer.decide([], broken=False, now=0.6) is Action.NOTHING


# 3. The queues


@pytest.mark.webrtc
async def test_stock_aiortc_queues_without_bound_for_a_slow_consumer() -> None:
    track = SyntheticTrack()
    async with stock_stream(track) as receiver:
        await track.reached(45)
        assert receiver.track._queue.qsize() >= 35


@pytest.mark.webrtc
async def test_frames_nobody_takes_are_dropped_and_counted() -> None:
    track = SyntheticTrack()
    async with tuned_stream(track) as (peer, _):
        await track.reached(45)
        assert peer.frames.dropped >= 33
        assert peer._transceiver.receiver.track._queue.qsize() <= 1
        newest = [await peer.frames.get() for _ in range(2)]
        assert newest[1].t * 30 > 35, "the newest are kept"


# 4. The decoder's threads


@pytest.mark.parametrize("codec", [c for c in CODECS["video"] if c.name in {"VP8", "H264"}], ids=lambda c: c.name)
def test_a_decoder_takes_one_thread(codec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_decoder(codec).codec.thread_count == 0, "stock: as many as there are cores"  # type: ignore[attr-defined]
    monkeypatch.setattr(rtcrtpreceiver, "get_decoder", get_decoder)
    install_decoders()
    assert rtcrtpreceiver.get_decoder(codec).codec.thread_count == 1


def test_a_tuned_decoder_refuses_a_picture_of_more_pixels_than_any_camera_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codec = next(c for c in CODECS["video"] if c.name == "H264")
    picture = VideoFrame.from_ndarray(np.full((1152, 2048, 3), 90, np.uint8), format="rgb24")
    picture.pts, picture.time_base = 0, VIDEO_TIME_BASE
    payloads, _ = get_encoder(codec).encode(picture)
    encoded = JitterFrame(b"".join(depayload(codec, payload) for payload in payloads), 0)
    get_decoder(codec).decode(encoded)  # stock aiortc takes it
    monkeypatch.setattr(rtcrtpreceiver, "get_decoder", get_decoder)
    install_decoders()
    with pytest.raises(FFmpegError):
        rtcrtpreceiver.get_decoder(codec).decode(encoded)


# The guard


@pytest.mark.parametrize("version", ["1.15.2", "1.17.0", "2.0.0"])
def test_another_aiortc_is_refused_with_what_to_do(version: str) -> None:
    with pytest.raises(ConfigError, match=r"install \"aiortc>=1.16,<1.17\""):
        require_supported(version)


@pytest.mark.webrtc
async def test_no_decoder_thread_is_left() -> None:
    async with tuned_stream() as (peer, _):
        await collect(peer, 3)
        assert len(decoder_threads()) == 1
    assert decoder_threads() == []
