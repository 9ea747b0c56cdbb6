"""What changes from one frame of a stream to the next: nothing (a freeze), everything (a cut); and how often it breaks.

A break is a lost face, a gap or another size of the picture. A freeze is measured over it: whoever blacks out a frame
between two equal ones has shown nothing new.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np

from ..types import CaptureTime
from .missing import Missing
from .recurrence import Snapshot


@dataclass(frozen=True, slots=True)
class StepLimits:
    """The fields of `StreamIntegrityConfig` of the same names, and how much may be missing."""

    freeze_step: float
    cut_points: float
    cut_colour: float
    neighbour_s: float
    max_gap_s: float
    max_missing: float
    """`MissingLimits.max_share`."""


@dataclass(slots=True)
class Watched:
    """What was seen so far; seconds of capture time."""

    seen_s: float = 0.0
    """Between frames with a face that nothing came between."""
    frozen_s: float = 0.0
    """Longest time without a change, breaks left out."""
    breaks: int = 0
    gaps: int = 0
    """Of the breaks, those in which no frame came."""
    cut: bool = False


class Steps:
    """Follows one stream from frame to frame."""

    def __init__(self, limits: StepLimits) -> None:
        self._limits = limits
        self.watched = Watched()
        self.missing = Missing(limits.max_gap_s, limits.max_missing)
        self._kept = Watched()
        self._seen: tuple[CaptureTime, Snapshot] | None = None
        self._joined = False
        """Whether `_seen` is of the last frame."""
        self._unchanged_s = 0.0
        self._compared = 0
        self._repeated = 0

    @property
    def repeated(self) -> float:
        """Share of frames that equal the one before."""
        return self._repeated / max(self._compared, 1)

    def add(self, t: CaptureTime, seen: Snapshot | None) -> None:
        """Take a frame, with or without a face."""
        self._advance(t, missing=seen is None)
        if seen is None:
            self._break(self._joined)
            return
        if self._seen is not None:
            self._compare(t, seen, *self._seen)
        self._seen, self._joined = (t, seen), True

    def cover(self, t: CaptureTime) -> None:
        """Take a frame in which the face is covered because it was asked for: what comes next is a new beginning."""
        self._advance(t, missing=False)
        self.forget()

    def resize(self) -> None:
        """The picture has another size from the next frame on."""
        self._break(True)

    def forget(self) -> None:
        """Compare what comes next with nothing."""
        self._seen, self._joined, self._unchanged_s = None, False, 0.0

    def keep(self) -> None:
        """Remember what is known so far, for `take_back`."""
        self._kept = copy(self.watched)
        self.missing.keep()

    def take_back(self) -> None:
        """Count everything since `keep` as missing, and nothing in it as seen."""
        self.watched = copy(self._kept)
        self.missing.take_back()
        self.forget()

    def _advance(self, t: CaptureTime, *, missing: bool) -> None:
        gap = self.missing.advance(t, missing=missing)
        self.watched.gaps += gap
        self._break(gap)

    def _break(self, broken: bool) -> None:
        self.watched.breaks += broken
        self._joined = self._joined and not broken

    def _compare(self, t: CaptureTime, seen: Snapshot, t0: CaptureTime, before: Snapshot) -> None:
        watched, limits, past_s = self.watched, self._limits, t - t0
        moved = float(np.abs(seen.points - before.points).mean()) * 100.0 / seen.ipd
        tinted = float(np.abs(seen.colour - before.colour).mean())
        unchanged = tinted < limits.freeze_step
        if past_s <= limits.neighbour_s:
            watched.cut |= moved > limits.cut_points and tinted > limits.cut_colour
        if not unchanged:
            self._unchanged_s = 0.0
        elif self._joined:
            self._unchanged_s += past_s
        watched.frozen_s = max(watched.frozen_s, self._unchanged_s)
        if self._joined:
            watched.seen_s += past_s
            self._compared += 1
            self._repeated += unchanged
