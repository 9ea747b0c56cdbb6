"""The queue before the decoder: bounded, and never a frame whose references are gone."""

from __future__ import annotations

import queue
from types import SimpleNamespace

import numpy as np
import pytest
from aiortc.codecs import CODECS, depayload, get_encoder
from aiortc.mediastreams import VIDEO_TIME_BASE
from av import VideoFrame

from liveness_server.transport.decoder_input import MAX_PIXELS, DecoderInput, is_key_frame, vp8_pixels

VP8, H264 = (next(c for c in CODECS["video"] if c.name == name) for name in ("VP8", "H264"))
KEY = b"\x10\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01"
DELTA = b"\x11" + KEY[1:]


def frame(data: bytes) -> tuple[object, SimpleNamespace]:
    return VP8, SimpleNamespace(data=data)


def drain(box: queue.Queue[object]) -> list[object]:
    return [box.get_nowait() for _ in range(box.qsize())]


@pytest.mark.parametrize("codec", [VP8, H264], ids=lambda c: c.name)
def test_key_frames_are_told_from_others_in_what_a_real_encoder_makes(codec: object) -> None:
    encoder = get_encoder(codec)  # type: ignore[arg-type]
    grey = VideoFrame.from_ndarray(np.full((96, 128, 3), 90, np.uint8), format="rgb24")
    kinds = []
    for i in range(4):
        grey.pts, grey.time_base = 3000 * i, VIDEO_TIME_BASE
        payloads, _ = encoder.encode(grey, force_keyframe=i == 2)
        kinds.append(is_key_frame(codec.name, b"".join(depayload(codec, p) for p in payloads)))  # type: ignore[attr-defined,arg-type]
    assert kinds == [True, False, True, False]


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x01", b"\x00\x00\x00\x01\x41\x9a", b"nothing"])
def test_what_is_no_h264_key_frame(data: bytes) -> None:
    assert not is_key_frame("H264", data)


def test_stock_queue_has_no_bound_and_this_one_has() -> None:
    stock: queue.Queue[object] = queue.Queue()
    bounded = DecoderInput(limit=5)
    for box in (stock, bounded):
        box.put(frame(KEY))
        for _ in range(1000):
            box.put(frame(DELTA))
    assert stock.qsize() == 1001
    assert bounded.qsize() <= 5
    assert bounded.withheld == 1001


def test_after_an_overflow_nothing_passes_until_a_key_frame() -> None:
    box = DecoderInput(limit=2)
    for data in (KEY, DELTA, DELTA, DELTA):
        box.put(frame(data))
    assert box.broken
    assert drain(box) == []
    box.put(frame(KEY))
    box.put(frame(DELTA))
    assert not box.broken
    assert box.qsize() == 2


def test_the_stream_starts_with_a_key_frame() -> None:
    box = DecoderInput()
    box.put(frame(DELTA))
    assert box.qsize() == 0
    assert box.broken


def test_a_picture_too_large_to_decode_is_withheld() -> None:
    huge = KEY[:6] + (16383).to_bytes(2, "little") * 2
    assert vp8_pixels(KEY) == 640 * 480
    assert vp8_pixels(DELTA) == 0
    assert vp8_pixels(huge) == 16383**2 > MAX_PIXELS
    box = DecoderInput()
    box.put(frame(huge))
    assert box.broken
    assert box.qsize() == 0


def test_the_end_overtakes_a_backlog() -> None:
    box = DecoderInput()
    box.put(frame(KEY))
    box.put(None)
    assert drain(box) == [None]
