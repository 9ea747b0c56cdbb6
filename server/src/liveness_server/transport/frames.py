"""Decoded frames into arrays, and their timestamps into capture time."""

from __future__ import annotations

from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from ..types import CaptureTime

MAX_DRIFT_S = 3.0
"""Seconds the capture clock may run ahead of or behind arrival since the first frame. The sender sets its own
timestamps: a clock that runs slow would buy time to react. Real streams stay within network delay, well under 1 s."""


MIN_SPACING_S = 0.015
"""Seconds of capture time between two frames that are looked at. A camera of 60 frames a second, the fastest a browser
gives out, has 16.7 ms (a tenth is left for its jitter). Frames that come faster are a flood: what is dropped of them
is the sender's doing, and must not count as the server's lack of time."""


class TimedFrame(NamedTuple):
    """One decoded frame and when it was captured."""

    frame: av.VideoFrame
    t: CaptureTime


def to_rgb(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return the picture as a C-contiguous (h, w, 3) uint8 array, R, G, B in 0..255.

    PyAV hands out padded rows for some widths (360 pixels: 1104 bytes a row), which a model would read as garbage.
    """
    return np.ascontiguousarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


class CaptureClock:
    """Capture time of each frame; tells a frame whose timestamp cannot be true, or that no camera sends so soon.

    aiortc unwraps the 32-bit RTP timestamp, but takes every step backwards for a wrap and jumps 13 hours ahead; the
    comparison with arrival catches both the step and the jump.
    """

    def __init__(self, max_drift_s: float = MAX_DRIFT_S) -> None:
        self._max_drift_s = max_drift_s
        self._last: float | None = None
        self._offset = 0.0
        self.refused = 0
        """Frames whose timestamp was missing, not later than the one before, or off real time."""
        self.thinned = 0
        """Frames closer to the one before than any camera's."""

    def read(self, frame: av.VideoFrame, arrival: float) -> CaptureTime | None:
        """Return the capture time in seconds, or None (counted) if the frame must not be used.

        Call before anything costly is done with the frame.

        `arrival` is the loop's monotonic clock in seconds.
        """
        t = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
        if t is None or not self._plausible(t, arrival):
            self.refused += 1
            return None
        if self._last is not None and t - self._last < MIN_SPACING_S:
            self.thinned += 1
            return None
        self._last = t
        return CaptureTime(t)

    def _plausible(self, t: float, arrival: float) -> bool:
        if self._last is None:
            self._offset = arrival - t
            return True
        return t > self._last and abs(arrival - t - self._offset) <= self._max_drift_s
