"""An attack played live: it hears what a session asks for, and is asked for a frame whenever one is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from ...types import CaptureTime
from ...vision.landmarks import Picture


class Performer(Protocol):
    """Who stands before the camera, or behind it. Times are stream seconds and rise from call to call.

    Frames depend on how it was made, on what it heard and on the times asked for, and on nothing else.
    """

    def prompt(self, kind: str, t: float) -> None:
        """The challenge `kind` was heard at `t`. Raises `ValueError` for a kind that no performer knows."""

    def done(self, t: float) -> None:
        """The challenge is over."""

    def frame(self, t: float) -> Picture:
        """The RGB frame (h, w, 3) at `t`; any rising times may be asked for."""


class Deaf:
    """Hears nothing: a recording, or an attacker whose instrument cannot answer."""

    def prompt(self, kind: str, t: float) -> None:
        """Play on."""

    def done(self, t: float) -> None:
        """Play on."""


class Playback(Deaf):
    """Plays timed frames, each from its time on, and starts anew when they end."""

    def __init__(self, frames: Callable[[], Iterator[tuple[CaptureTime, Picture]]]) -> None:
        self._frames = frames
        self._start = 0.0
        self._playing = frames()
        self._shown, self._rgb = next(self._playing)
        self._next: tuple[CaptureTime, Picture] | None = next(self._playing, None)

    def frame(self, t: float) -> Picture:
        """The last frame at or before `t`."""
        while self._next is None or self._start + self._next[0] <= t + 1e-6:
            self._advance(t)
        return self._rgb

    def _advance(self, t: float) -> None:
        if self._next is None:
            self._playing, self._start = self._frames(), t
            self._next = next(self._playing)
        self._shown, self._rgb = self._next
        self._next = next(self._playing, None)
