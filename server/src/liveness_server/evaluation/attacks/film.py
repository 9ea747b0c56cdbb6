"""Writes rendered attacks to files, each frame at its own capture time."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.stream import VideoStream

from ...errors import ConfigError
from ...types import CaptureTime
from ...vision.landmarks import Picture
from ..presenter.film import BIT_RATE, CODECS
from .source import FPS, Size

NOTICE = "Rendered attack on a liveness check, for testing one's own system. Not a recording of a real attack."
TICKS = 90_000
"""Units of a second in which capture times are written (as in RTP): 1/30 s is a whole number of them."""


def check_suffix(path: Path) -> None:
    """Raise `ConfigError` where `write` would."""
    if path.suffix not in CODECS:
        raise ConfigError(f"cannot write {path.suffix or 'a file without suffix'}: choose {' or '.join(CODECS)}")


def write(path: Path, frames: Iterable[tuple[CaptureTime, Picture]], size: Size) -> int:
    """Encode timed frames to a .mp4 (H.264) or .webm (VP8) file, return how many; raises `ConfigError`, `OSError`.

    The presenter's film counts frames; here the times are part of the attack. Matroska keeps them to the millisecond.
    """
    check_suffix(path)
    count = 0
    with av.open(str(path), "w") as container:
        container.metadata["comment"] = NOTICE
        stream = cast(VideoStream, container.add_stream(CODECS[path.suffix], rate=FPS))
        stream.width, stream.height = size
        stream.pix_fmt, stream.bit_rate = "yuv420p", BIT_RATE
        stream.codec_context.time_base = Fraction(1, TICKS)
        for t, rgb in frames:
            count += 1
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = round(t * TICKS), Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return count
