"""When a costly measurement of a stream is due: on a fixed grid, or at times that its sender cannot know.

A stream's sender chooses every picture and its capture time. Of a fixed grid he would know which frames are embedded,
about one in ten, and could show one person on these and another between (`tests/attacks/test_known_sampling.py`). So a
live session draws each interval from a secret source. Files, evaluations and replays need none and stay on the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final, Protocol

from ..types import CaptureTime

Uniform = Callable[[float, float], float]
"""Gives a number drawn uniformly between two. An argument, because nothing under `transport` has randomness of its own;
what a live session hands in must be unknown to the sender, and is kept in no log and no transcript."""

JITTER: Final = 0.375
"""Part of an interval by which a drawn one is longer or shorter at most; the mean stays. A choice: embeddings are 0.2
to 0.44 s apart, 8 frames to choose from at 30 fps, and the 1.2 s of capture hold the two that `match` needs even if
each interval is the longest."""
FORGOTTEN: Final = 10
"""Mean intervals after which draws that were missed, in a pause of the stream, are left out. A choice: nothing can be
told of the next time after ten draws, and a leap of the sender's clock costs no more of them."""


class Cadence(Protocol):
    """Says of rising capture times which are due."""

    def due(self, t: CaptureTime) -> bool:
        """Whether to measure the frame of `t`, which counts as measured then."""
        ...

    def at_once(self) -> None:
        """Make the next frame due, whenever it comes."""
        ...


class Regular:
    """The first time, and each that comes `interval_s` seconds or more after the last one; the same for everybody."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last: CaptureTime | None = None

    def due(self, t: CaptureTime) -> bool:
        """See `Cadence.due`; a clock that steps back begins anew."""
        if self._last is not None and 0 <= t - self._last < self._interval_s:
            return False
        self._last = t
        return True

    def at_once(self) -> None:
        """See `Cadence.at_once`; the grid begins anew there."""
        self._last = None


class Unforeseen:
    """The first time, and then the first after each of a row of drawn moments, `interval_s` seconds apart in the mean.

    The row runs on whatever is shown: were the next moment counted from the last sample, a sender who loses the face or
    leaves frames out would know the time after it to be free.
    """

    def __init__(self, interval_s: float, uniform: Uniform) -> None:
        if interval_s <= 0:
            raise ValueError(f"drawn intervals must be longer than nothing, not {interval_s} s")
        self._interval_s = interval_s
        self._uniform = uniform
        self._next = -inf
        self._at_once = False

    def due(self, t: CaptureTime) -> bool:
        """See `Cadence.due`; a clock that steps back begins anew."""
        if self._next - t > (1 + JITTER) * self._interval_s:
            self._next = -inf
        due = self._at_once or t >= self._next
        self._at_once = False
        self._pass(t)
        return due

    def at_once(self) -> None:
        """See `Cadence.at_once`; the drawn moments stay what they are."""
        self._at_once = True

    def _pass(self, t: CaptureTime) -> None:
        """Draw until the next moment lies ahead."""
        self._next = max(self._next, t - FORGOTTEN * self._interval_s)
        while self._next <= t:
            self._next += self._interval_s * self._uniform(1 - JITTER, 1 + JITTER)


def cadence(interval_s: float, uniform: Uniform | None) -> Cadence:
    """Return the grid of an interval in seconds, or what stands for it where there is a secret."""
    return Regular(interval_s) if uniform is None else Unforeseen(interval_s, uniform)
