"""What was measured of recent attempts over time, for the developer panel of a demonstration. Never in production.

Seven numbers of each frame, in the memory of this process and nowhere else: no pixel, no colour, no embedding, no
landmark, no rate. Bounded in attempts, in points and in minutes, and gone with the session's deletion.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ..types import CaptureTime, Face, FaceObservation

MAX_TRACES: Final = 16
"""Attempts; the oldest one makes room."""
MAX_POINTS: Final = 3600
"""Frames of an attempt, two minutes at 30 a second; the oldest ones make room."""
KEEP_S: Final = 600.0
"""Seconds after the end of its attempt that a trace stays."""

Sample = tuple[float | None, ...]

FACE_SERIES: Final = ("yaw", "pitch", "mouth_opening", "eye_opening", "face_size", "light")
"""What is told of the face, in this order; None in a frame without one."""


@dataclass(slots=True)
class Trace:
    """One attempt's numbers, frame by frame."""

    _points: deque[Sample] = field(default_factory=lambda: deque(maxlen=MAX_POINTS), repr=False)
    _first: CaptureTime | None = None
    _last: CaptureTime | None = None

    def watch(self, observation: FaceObservation) -> None:
        """Take what is told of one frame."""
        t = observation.t
        self._first = t if self._first is None else self._first
        interval = None if self._last is None else round(t - self._last, 4)
        self._last = t
        self._points.append((round(t - self._first, 3), interval, *_told(observation.face)))

    def series(self) -> dict[str, list[float | None]]:
        """Every series by its name, all of one length."""
        names = ("t", "frame_interval", *FACE_SERIES)
        columns = zip(*self._points, strict=True) if self._points else ((),) * len(names)
        return {name: list(column) for name, column in zip(names, columns, strict=True)}


def _told(face: Face | None) -> Sample:
    if face is None:
        return (None,) * len(FACE_SERIES)
    numbers = (
        (face.pose.yaw, 1),
        (face.pose.pitch, 1),
        (face.expression.mouth_gap, 3),
        (face.expression.ear, 3),
        (face.box.w, 3),
        (face.luma, 1),
    )
    return tuple(round(value, digits) for value, digits in numbers)


class Traces:
    """The traces of this process, by session id."""

    def __init__(self, *, keep_s: float = KEEP_S) -> None:
        self._keep_s = keep_s
        self._traces: dict[str, Trace] = {}

    def __len__(self) -> int:
        return len(self._traces)

    def begin(self, session_id: str) -> Trace:
        """Start the trace of an attempt."""
        while len(self._traces) >= MAX_TRACES:
            del self._traces[next(iter(self._traces))]
        self._traces[session_id] = trace = Trace()
        return trace

    def end(self, session_id: str) -> None:
        """The attempt is over: its trace stays a while. Call it in the event loop."""
        asyncio.get_running_loop().call_later(self._keep_s, self.drop, session_id)

    def get(self, session_id: str) -> Trace | None:
        """The trace of an attempt, if it is still there."""
        return self._traces.get(session_id)

    def drop(self, session_id: str) -> None:
        """Forget it, whether or not its attempt still runs."""
        self._traces.pop(session_id, None)
