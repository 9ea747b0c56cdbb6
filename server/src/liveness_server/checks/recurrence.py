"""Whether a stream shows its own past again: the memory behind the loop and still-picture rules.

A frame's signature is where the landmarks stand in the picture and what colour the skin is. Nobody holds or finds
again both, for a second, to within a landmark's own noise; a loop or a still does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..types import CaptureTime, Face
from ..vision.landmarks import EYE_CORNERS, IRISES, LIDS, MOUTH, SLOT

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RecurrenceLimits:
    """What counts as the same again."""

    points: float
    """Landmark distance of a motionless face, root mean square, % of the pupil distance."""
    colour: float
    """Distance of the skin regions' mean colours, root mean square, grey levels."""
    motion: float
    """Share of the motion between neighbouring samples (of each kind) by which its limit grows: a moving face is met
    again less exactly."""
    max_gap_s: float
    """Neighbouring frames further apart, seconds of capture time, start the memory anew."""
    nearest: float
    """Multiple of the limits up to which a second is met again."""


FOLLOWED = [SLOT[i] for i in (*EYE_CORNERS, *LIDS, *IRISES, *MOUTH, 1, 168, 10, 152, 234, 454)]
"""Slots of the landmarks in a signature: eyes, mouth, and the outline for the place and the pose."""
RATE_HZ = 20
"""Signatures are resampled by capture time to this rate, so that lost frames and slow cameras make no difference."""
WINDOW = 20
"""Samples compared at a time: one second, longer than a blink or a pause between two words."""
HOP = 10
"""Samples between comparisons: half a second."""
MIN_LAG = 30
"""Samples, 1.5 s: nearer than that a person at rest resembles themselves."""
MEMORY = 600
"""Samples kept, 30 s: longer than the passive part of a session. 300 kB of numbers."""
EVERY_LAG = 0.7
"""Share of lags that match from which it is a still picture and not a loop, which matches at its period only: stills
with noise 0.91 and more (0.16 at 400x300: called a loop), freezes and loops 0.44 and less (server/docs/stream.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What is compared of one frame."""

    points: Array
    """Shape (len(KEPT), 2): landmarks x, y, pixels."""
    colour: Array
    """Shape (9,): R, G, B of forehead and both cheeks, 0..255."""
    ipd_px: float

    @classmethod
    def of(cls, face: Face) -> Snapshot:
        """Take the numbers out of a face."""
        skin = face.skin
        points = np.array([point[:2] for point in face.points], np.float64)
        return cls(points, np.array((*skin.forehead, *skin.cheek_left, *skin.cheek_right)), max(face.ipd_px, 1.0))


@dataclass(frozen=True, slots=True)
class Found:
    """What a stream showed again of its past."""

    nearest: float = float("inf")
    """Smallest distance to an earlier second as a multiple of the limits; infinite before there is a past."""
    longest_s: float = 0.0
    """Longest unbroken time that was a repetition, seconds."""
    everywhere: float = 0.0
    """Largest share of lags that matched at once during that time, 0..1."""

    @property
    def still(self) -> bool:
        """Whether the longest repetition was one picture, the same at every lag."""
        return self.everywhere >= EVERY_LAG


class Recurrence:
    """Follows one stream; `found` says how much of its past it has been showing."""

    def __init__(self, limits: RecurrenceLimits) -> None:
        self.limits = limits
        self.found = Found()
        self.restart()

    def restart(self) -> None:
        """Forget the past: what follows has no known lag to it."""
        self._before: tuple[float, Array] | None = None
        self._scale = 0.0
        self._start = 0.0
        self._samples = np.zeros((0, 0))
        self._count = 0
        self._stored = 0
        self._run_s = 0.0
        self._run_everywhere = 0.0

    def add(self, t: CaptureTime, seen: Snapshot, width: int) -> None:
        """Take one frame, in capture order; `width` of its picture in pixels."""
        if self._before is not None and not 0 < t - self._before[0] <= self.limits.max_gap_s:
            self.restart()
        # One unit for all of a stretch: a size change is a difference too. Fractions of the width survive rescaling.
        self._scale = self._scale or 100.0 * width / seen.ipd_px
        row = np.concatenate([seen.points[FOLLOWED, :].ravel() * (self._scale / width), seen.colour])
        if self._before is None:
            self._start, self._samples = t, np.zeros((MEMORY + HOP, row.size))
        self._resample(t, row)
        self._before = (t, row)

    def _resample(self, t: float, row: Array) -> None:
        """Store the samples between the last frame and this one."""
        t0, row0 = self._before or (t, row)
        while (due := self._start + self._count / RATE_HZ) <= t:
            share = (due - t0) / (t - t0) if t > t0 else 1.0
            self._store(row0 + share * (row - row0))

    def _store(self, sample: Array) -> None:
        if self._stored == MEMORY + HOP:
            self._samples[:MEMORY] = self._samples[HOP:].copy()
            self._stored = MEMORY
        self._samples[self._stored] = sample
        self._stored += 1
        self._count += 1
        if self._count % HOP == 0 and self._stored >= WINDOW + MIN_LAG:
            self._compare(nearness(self._samples[: self._stored], self.limits))

    def _compare(self, nearness: Array) -> None:
        """Take the distances of the newest second to every earlier one, as multiples of the limits."""
        found = self.found
        matched = float((nearness <= self.limits.nearest).mean())
        self._run_s = self._run_s + HOP / RATE_HZ if matched else 0.0
        self._run_everywhere = max(self._run_everywhere, matched) if matched else 0.0
        longest = (found.longest_s, found.everywhere)
        if self._run_s >= found.longest_s:
            longest = (self._run_s, self._run_everywhere)
        self.found = Found(min(found.nearest, float(nearness.min())), *longest)


COLOURS = 9
"""Last columns of a signature."""


def nearness(samples: Array, limits: RecurrenceLimits) -> Array:
    """Distance of the last `WINDOW` samples to those `MIN_LAG` and more earlier, per lag, as a multiple of the limits.

    Parameters
    ----------
    samples : shape (n, d), n >= WINDOW + MIN_LAG
        Signatures at `RATE_HZ`, oldest first.

    Returns
    -------
    shape (n - WINDOW - MIN_LAG + 1,): the larger of the two ratios, averaged over the window; smallest lag first.
    """
    points = _by_lag(samples[:, :-COLOURS], limits.points, limits.motion)
    colour = _by_lag(samples[:, -COLOURS:], limits.colour, limits.motion)
    return np.maximum(points, colour)


BLOCK = 200
"""Samples multiplied at a time. From 2**18 multiplications on OpenBLAS wakes a thread per core, and those spin: five
times the processor time of this check on a busy machine."""


def _products(recent: Array, samples: Array) -> Array:
    """Scalar product of each recent sample with every one."""
    blocks = [recent @ samples[i : i + BLOCK].T for i in range(0, len(samples), BLOCK)]
    return np.concatenate(blocks, axis=1)


def _by_lag(samples: Array, still: float, motion: float) -> Array:
    """Root mean square difference per lag, averaged over the window, as a multiple of its limit."""
    samples = samples - samples[-1]
    recent = samples[-WINDOW:]
    squares = (samples * samples).sum(axis=1)
    apart = squares[-WINDOW:, None] + squares[None, :] - 2.0 * _products(recent, samples)
    distance = np.sqrt(np.maximum(apart, 0.0) / samples.shape[1])
    rows = np.arange(WINDOW)[:, None]
    lags = np.arange(MIN_LAG, len(samples) - WINDOW + 1)[None, :]
    moved = np.sqrt((np.diff(recent, axis=0) ** 2).mean(axis=1)).mean()
    return np.asarray(distance[rows, len(samples) - WINDOW + rows - lags].mean(axis=0) / (still + motion * moved))
