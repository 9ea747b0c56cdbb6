"""Writes rendered attacks to files, each frame at its own capture time: the times are part of the attack."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...types import CaptureTime
from ...vision.landmarks import Picture
from ..presenter.film import check_suffix, write_timed
from .source import FPS, Size

__all__ = ["NOTICE", "check_suffix", "write"]

NOTICE = "Rendered attack on a liveness check, for testing one's own system. Not a recording of a real attack."


def write(path: Path, frames: Iterable[tuple[CaptureTime, Picture]], size: Size) -> int:
    """Write a rendering as `presenter.film.write_timed` does, under the lab's notice."""
    return write_timed(path, frames, size, notice=NOTICE, fps=FPS)
