"""Whether a stream shows its own past again: the memory behind the loop and still-picture rules.

A frame's signature is where the landmarks stand in the picture and what colour the skin is. Nobody holds or finds
again both, for a second, to within a landmark's own noise; a loop or a still does. The past is kept by capture time, so
that it survives what interrupts a stream: a lost face and missing frames are holes in it, and another size of the
picture changes nothing, because places are fractions of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..types import CaptureTime, Face
from ..vision.landmarks import EYE_CORNERS, IRISES, LIDS, MOUTH, RIGID, SLOT
from . import bending

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
    """Neighbouring frames further apart, seconds of capture time, have a hole between them."""
    nearest: float
    """Multiple of the limits up to which a second is met again."""


_FOLLOWED = (*EYE_CORNERS, *LIDS, *IRISES, *MOUTH, 1, 168, 10, 152, 234, 454)
FOLLOWED = [SLOT[i] for i in _FOLLOWED]
"""Slots of the landmarks in a signature: eyes, mouth, and the outline for the place and the pose."""
STIFF = np.isin(_FOLLOWED, RIGID)
"""Which of them move with the skull."""
COLOURS = 9
"""Last columns of a signature."""
RATE_HZ = bending.RATE_HZ
"""Signatures are resampled by capture time to this rate, so that lost frames and slow cameras make no difference."""
WINDOW = 20
"""Samples compared at a time: one second, longer than a blink or a pause between two words."""
HOP = 10
"""Samples between comparisons: half a second."""
BEND_HOP = 20
"""Samples between comparisons of how the face bends: a second, of windows of five."""
MIN_LAG = 30
"""Samples, 1.5 s: nearer than that a person at rest resembles themselves."""
MIN_PAIRS = 8
"""Samples of a window that must be there now and at a lag, 0.4 s, for the two to be compared: a hole of 0.3 s on either
side leaves so many."""
MEMORY = 600
"""Samples kept, 30 s: longer than the passive part of a session. 300 kB of numbers."""
EVERY_LAG = 0.7
"""Share of lags that match from which it is a still picture and not a loop, which matches at its period only: stills
with noise 0.87 and more (0.26 at 400x300: called a loop), freezes and loops 0.44 and less (server/docs/stream.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What is compared of one frame; lengths are fractions of the picture's width, so that rescaling keeps them."""

    points: Array
    """Shape (len(KEPT), 2): landmarks x, y."""
    colour: Array
    """Shape (9,): R, G, B of forehead and both cheeks, 0..255."""
    ipd: float
    """Pupil distance."""

    @classmethod
    def of(cls, face: Face, width: int) -> Snapshot:
        """Take the numbers out of a face; `width` of its picture in pixels."""
        skin = face.skin
        points = np.array([point[:2] for point in face.points], np.float64) / width
        colour = np.array((*skin.forehead, *skin.cheek_left, *skin.cheek_right))
        return cls(points, colour, max(face.ipd_px, 1.0) / width)


@dataclass(frozen=True, slots=True)
class Found:
    """What a stream showed again of its past."""

    nearest: float = float("inf")
    """Smallest distance to an earlier second as a multiple of the limits; infinite before there is a past."""
    longest_s: float = 0.0
    """Longest unbroken time that was a repetition, seconds."""
    everywhere: float = 0.0
    """Largest share of lags that matched at once during that time, 0..1."""
    agreement: float = 0.0
    """Largest agreement of 5 s with earlier ones in how the face bent, 0..1 (`bending`)."""
    run_s: float = 0.0
    """How long the newest seconds have been a repetition."""
    run_everywhere: float = 0.0
    """Largest share of lags that matched at once in that run."""

    @property
    def still(self) -> bool:
        """Whether the longest repetition was one picture, the same at every lag."""
        return self.everywhere >= EVERY_LAG

    def and_then(self, nearness: Array, limit: float) -> Found:
        """Add the distances of the newest second to earlier ones; without any the run waits."""
        if not nearness.size:
            return self
        matched = float((nearness <= limit).mean())
        run = (self.run_s + HOP / RATE_HZ, max(self.run_everywhere, matched)) if matched else (0.0, 0.0)
        longest = run if run[0] >= self.longest_s else (self.longest_s, self.everywhere)
        return Found(min(self.nearest, float(nearness.min())), *longest, self.agreement, *run)


class Recurrence:
    """Follows one stream; `found` says how much of its past it has been showing."""

    def __init__(self, limits: RecurrenceLimits) -> None:
        self.limits = limits
        self.found = Found()
        self._unit = 0.0
        self._before: tuple[float, Array] | None = None
        self._start = 0.0
        self._samples = np.zeros((0, 0))
        self._count = self._stored = 0
        self._kept = (0, self.found)

    def add(self, t: CaptureTime, seen: Snapshot) -> None:
        """Take one frame, in capture order."""
        # One unit for the whole stream: a face that comes nearer is a difference too.
        self._unit = self._unit or seen.ipd / 100.0
        row = np.concatenate([seen.points[FOLLOWED, :].ravel() / self._unit, seen.colour])
        if self._count and t - self._start > (self._count + MEMORY) / RATE_HZ:
            self._forget()
        if not self._count:
            self._start, self._samples = float(t), np.full((MEMORY + HOP, row.size), np.nan)
        self._resample(t, row)
        self._before = (float(t), row)

    def lose(self) -> None:
        """Leave a hole up to the next frame."""
        self._before = None

    def keep(self) -> None:
        """Remember what is known so far, for `take_back`."""
        self._kept = (self._count, self.found)

    def take_back(self) -> None:
        """Make a hole of everything since `keep`, and let nothing have been found in it."""
        count, self.found = self._kept
        self.found = replace(self.found, run_s=0.0, run_everywhere=0.0)
        self._samples[max(self._stored - (self._count - count), 0) : self._stored] = np.nan
        self.lose()

    def _forget(self) -> None:
        self._before = None
        self._count = self._stored = 0
        self._kept = (0, self.found)

    def _resample(self, t: float, row: Array) -> None:
        """Store the samples between the last frame and this one; holes where the two are not joined."""
        t0, row0 = self._before or (t, row)
        joined = self._before is not None and t - t0 <= self.limits.max_gap_s
        while (due := self._start + self._count / RATE_HZ) <= t:
            if joined:
                self._store(row0 + (due - t0) / (t - t0) * (row - row0))
            else:
                self._store(row if due == t else np.nan)

    def _store(self, sample: Array | float) -> None:
        if self._stored == MEMORY + HOP:
            self._samples[:MEMORY] = self._samples[HOP:].copy()
            self._stored = MEMORY
        self._samples[self._stored] = sample
        self._stored += 1
        self._count += 1
        if self._count % HOP == 0 and self._stored >= WINDOW + MIN_LAG:
            self._compare(self._samples[: self._stored])

    def _compare(self, samples: Array) -> None:
        self.found = self.found.and_then(nearness(samples, self.limits), self.limits.nearest)
        if self._count % BEND_HOP == 0:
            agreement = bending.repeated(samples[:, :-COLOURS], STIFF)
            self.found = replace(self.found, agreement=max(self.found.agreement, agreement))


def nearness(samples: Array, limits: RecurrenceLimits) -> Array:
    """Distance of the last `WINDOW` samples to those `MIN_LAG` and more earlier, per lag, as a multiple of the limits.

    Parameters
    ----------
    samples : shape (n, d), n >= WINDOW + MIN_LAG
        Signatures at `RATE_HZ`, oldest first; NaN in holes.

    Returns
    -------
    shape (m,): the larger of the two ratios, averaged over the window, at each lag that has `MIN_PAIRS`; smallest lag
    first.
    """
    there = np.isfinite(samples[:, 0])
    recent = there[-WINDOW:]
    if recent.sum() < MIN_PAIRS:
        return np.zeros(0)
    rows = np.arange(WINDOW)[:, None]
    earlier = len(samples) - WINDOW + rows - np.arange(MIN_LAG, len(samples) - WINDOW + 1)[None, :]
    both = recent[:, None] & there[earlier]
    pairs = both.sum(axis=0)
    matched = _Pairs(rows, earlier, both / np.maximum(pairs, 1), recent[1:] & recent[:-1])
    # Near zero, so that the squares below keep their digits.
    samples = np.where(there[:, None], samples - samples[-WINDOW:][recent][-1], 0.0)
    points = _by_lag(samples[:, :-COLOURS], matched, limits.points, limits.motion)
    colour = _by_lag(samples[:, -COLOURS:], matched, limits.colour, limits.motion)
    return np.asarray(np.maximum(points, colour)[pairs >= MIN_PAIRS])


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """What is compared with what; n lags."""

    rows: NDArray[np.int_]
    """Shape (WINDOW, 1): samples of the window."""
    earlier: NDArray[np.int_]
    """Shape (WINDOW, n): the sample each is held against."""
    weights: Array
    """Shape (WINDOW, n): of each pair in its lag's mean; 0 where one of the two is a hole."""
    steps: NDArray[np.bool_]
    """Shape (WINDOW - 1,): whether neither end of a step within the window is a hole."""


BLOCK = 200
"""Samples multiplied at a time. From 2**18 multiplications on OpenBLAS wakes a thread per core, and those spin: five
times the processor time of this check on a busy machine."""


def _products(recent: Array, samples: Array) -> Array:
    """Scalar product of each recent sample with every one."""
    blocks = [recent @ samples[i : i + BLOCK].T for i in range(0, len(samples), BLOCK)]
    return np.concatenate(blocks, axis=1)


def _by_lag(samples: Array, pairs: _Pairs, still: float, motion: float) -> Array:
    """Root mean square difference per lag, averaged over the pairs of the window, as a multiple of its limit."""
    recent = samples[-WINDOW:]
    squares = (samples * samples).sum(axis=1)
    apart = squares[-WINDOW:, None] + squares[None, :] - 2.0 * _products(recent, samples)
    distance = np.sqrt(np.maximum(apart, 0.0) / samples.shape[1])
    steps = np.sqrt((np.diff(recent, axis=0) ** 2).mean(axis=1))[pairs.steps]
    limit = still + motion * (steps.mean() if steps.size else 0.0)
    return np.asarray((distance[pairs.rows, pairs.earlier] * pairs.weights).sum(axis=0) / limit)
