"""Films the presenter: moves one after the other, written to a video file; and writes any timed frames.

Such a file is a test input, and by nature a reenactment attack; the container's comment says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.stream import VideoStream

from ...errors import ConfigError
from ...types import CaptureTime
from ...vision.landmarks import Picture
from .motion import MOVES
from .presenter import Presenter

NOTICE = "Rendered test instrument: an animated portrait (a reenactment attack), not a person."
LEAD_S, PAUSE_S = 1.5, 1.2
"""Seconds of rest before the first move, and after each one, reaction time included."""
CODECS = {".mp4": "libx264", ".webm": "libvpx"}
BIT_RATE = 2_500_000
"""Bits per second, a good WebRTC camera stream at 640x480."""
TICKS = 90_000
"""Units of a second in which capture times are written (as in RTP): 1/30 s is a whole number of them."""


def prompts(kinds: Sequence[str]) -> tuple[list[tuple[float, str]], float]:
    """When to ask for each of `kinds`, and the length of the whole; raises `ConfigError` for an unknown kind."""
    if unknown := [kind for kind in kinds if kind not in MOVES]:
        raise ConfigError(f"unknown move {unknown[0]!r}: choose from {', '.join(MOVES)}")
    at, asked = LEAD_S, []
    for kind in kinds:
        asked.append((at, kind))
        at += MOVES[kind].duration + PAUSE_S
    return asked, at


def shoot(presenter: Presenter, kinds: Sequence[str], fps: int) -> Iterator[Picture]:
    """Frames of the presenter being asked for `kinds` one after the other."""
    asked, length = prompts(kinds)
    for number in range(round(length * fps)):
        t = number / fps
        while asked and asked[0][0] <= t:
            presenter.prompt(asked.pop(0)[1], t)
        yield presenter.frame(t)


def check_suffix(path: Path) -> None:
    """Raise `ConfigError` where `write` would."""
    if path.suffix not in CODECS:
        raise ConfigError(f"cannot write {path.suffix or 'a file without suffix'}: choose {' or '.join(CODECS)}")


def write(path: Path, frames: Iterator[Picture], size: tuple[int, int], fps: int) -> int:
    """Encode steady frames as `write_timed` does, under this module's notice."""
    timed = ((CaptureTime(number / fps), rgb) for number, rgb in enumerate(frames))
    return write_timed(path, timed, size, notice=NOTICE, fps=fps)


def write_timed(
    path: Path, frames: Iterable[tuple[CaptureTime, Picture]], size: tuple[int, int], *, notice: str, fps: int
) -> int:
    """Encode timed frames to a .mp4 (H.264) or .webm (VP8) file, return how many; raises `ConfigError`, `OSError`.

    Each frame keeps its own time (Matroska: to the millisecond); `fps` is what the rate control reckons with.
    """
    check_suffix(path)
    count = 0
    with av.open(str(path), "w") as container:
        container.metadata["comment"] = notice
        stream = cast(VideoStream, container.add_stream(CODECS[path.suffix], rate=fps))
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
