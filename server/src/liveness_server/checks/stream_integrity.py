"""The stream goes on: no freeze, no loop, no still picture with noise, no cut, no change of picture format.

Judged on the numbers of the observations alone. A recording that never repeats looks like life here; only challenges
stop it. Nothing is compared across a gap or a covered face, nor while the receiver reports lost packets.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from math import isfinite

import numpy as np

from ..types import CaptureTime, CheckResult, FaceObservation, Phase, StreamStats
from .base import Check, CheckContext, Measured
from .reception import Reception
from .recurrence import Found, Recurrence, RecurrenceLimits, Snapshot


@dataclass(frozen=True, slots=True)
class StreamIntegrityConfig:
    """When a stream counts as tampered with. Every figure is from the tables of server/docs/stream.md."""

    points: float = 0.12
    """% of the pupil distance: landmarks of a motionless face met again. With `colour` and `motion`, 31 of 32 loops,
    freezes and stills of 4 persons come to 0.09-0.89 of the limit, bona fide clips to 1.30 (one who keeps very still),
    others to 2.80 and more."""
    colour: float = 0.22
    """Grey levels, mean colours of the skin regions met again; measured together with `points`."""
    motion: float = 0.4
    """Ratio: how much of the motion between samples is added to both limits; measured together with `points`."""
    nearest: float = 1.0
    """Multiple of the three limits above up to which a second counts as met again; measured together with them."""
    min_repeat_s: float = 1.5
    """Seconds of capture time a repetition must last unbroken: loops and stills 2.0 and more, bona fide clips 0."""
    freeze_step: float = 0.02
    """Grey levels, mean step of the skin regions' colours from frame to frame: less is no change."""
    freeze_s: float = 0.6
    """Seconds without any change. Bona fide clips at most 0.12, and 0.23 at 100 kb/s; frozen ones 3.4 and more."""
    cut_points: float = 25.0
    """% of the pupil distance, mean step of all landmarks between neighbours. Bona fide clips 15.9 at most (a webcam
    that dropped frames); a cut to another take is caught only when it moves the face so much."""
    cut_colour: float = 6.0
    """Grey levels, mean step of the skin colours in that same frame. Bona fide clips 4.8 where the face moved most, and
    12.6 where it did not move at all: only both together are a cut."""
    neighbour_s: float = 0.1
    """Seconds: frames no further apart may be compared for a cut. As in `face_continuity`."""
    max_gap_s: float = 0.25
    """Seconds: a longer gap between frames is missing media, not a pause of 4 fps. A choice: WebRTC repairs losses
    within two round trips or shows the gap."""
    max_loss: float = 0.2
    """Share of the packets between two samples of the statistics that may be lost on the way, repaired or not. With a
    tenth lost at random single seconds came to 0.16 and nearly every frame arrived; above that a decoder that lacks
    packets may repeat and smear what it has."""
    max_missing: float = 0.2
    """Share of the watched time that may be missing. A choice: with a fifth gone a loop can hide."""
    min_watched_s: float = 4.0
    """Seconds of unbroken time: 1.5 s of lag, 1 s of window and `min_repeat_s` after the first repetition could be."""
    pacing_step_s: float = 0.0005
    """Seconds from the median step within which a step is exactly paced (capture cues, section 2 P)."""
    pacing_share: float = 0.82
    """Share of exactly paced steps from which a stream did not come through a browser: browsers 0.16-0.63, a constant
    sender 1.00. A flag only: files are paced like that too."""
    pacing_frames: int = 100
    """Steps needed before pacing is spoken of, as in the same measurement."""
    rate_factor: float = 2.5
    """Ratio of the frame rate to the announced one, either way, that is flagged. A choice: cameras halve their rate in
    dim light, 30 to 15."""
    repeated_share: float = 0.35
    """Share of frames equal to the one before from which the source is slower than the stream; bona fide clips up to
    0.29. A flag only: webcams in the dark do that."""


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """What a stream is judged by, for tables and calibration."""

    nearest: float
    """Distance to the nearest second of the past as a multiple of its limit; infinite before there is a past."""
    repeat_s: float
    """Longest unbroken repetition, seconds."""
    everywhere: float
    """Share of lags that matched in it."""
    frozen_s: float
    """Longest time without a change, seconds."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """All that a sample of the statistics can still take back."""

    past: Found = field(default_factory=Found)
    frozen_s: float = 0.0
    longest_s: float = 0.0
    span_s: float = 0.0
    missing_s: float = 0.0
    cut: bool = False


class StreamIntegrity(Check):
    """FAIL on a freeze, a loop, a still picture or a cut; INCONCLUSIVE while too much is missing."""

    name = "stream_integrity"
    Config = StreamIntegrityConfig
    measured = Measured("distance to the nearest second of the past", "multiple of its limit", "nearest", True)

    def __init__(self, context: CheckContext, config: StreamIntegrityConfig | None = None) -> None:
        super().__init__(context)
        self.config = c = config or StreamIntegrityConfig()
        self._past = Recurrence(RecurrenceLimits(c.points, c.colour, c.motion, c.max_gap_s, c.nearest))
        self._reception = Reception(c.max_loss)
        self._kept = _Evidence()
        self._last: tuple[CaptureTime, int, int] | None = None
        self._seen: tuple[CaptureTime, Snapshot] | None = None
        self._changed: float = 0.0
        self._frozen_s = 0.0
        self._stretch_s = 0.0
        self._longest_s = 0.0
        self._span_s = 0.0
        self._missing_s = 0.0
        self._cut = False
        self._reshaped = False
        self._gaps = 0
        self._lossless_gaps = False
        self._steps: Counter[int] = Counter()
        self._repeated = 0
        self._compared = 0

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Watch one frame, from the first challenge on."""
        if phase is Phase.POSITIONING:
            return
        if self._last is not None:
            self._watch_time(max(observation.t - self._last[0], 0.0))
            self._watch_format(observation, self._last[1], self._last[2])
        self._last = (observation.t, observation.width, observation.height)
        if observation.face is None or phase is Phase.COVERED:
            self._forget()
            return
        seen = Snapshot.of(observation.face)
        self._watch_face(observation.t, seen)
        self._past.add(observation.t, seen, observation.width)

    def receive_stats(self, stats: StreamStats) -> None:
        """Keep what was seen since the last sample, or take it back when packets were missing meanwhile."""
        if self._reception.add(stats):
            self._take_back()
        self._reshaped |= self._reception.recoded
        self._lossless_gaps = self._gaps > 0 and self._reception.lossless
        self._kept = _Evidence(
            self._past.found, self._frozen_s, self._longest_s, self._span_s, self._missing_s, self._cut
        )

    def result(self) -> CheckResult:
        """The gravest thing seen, or PASS when enough was watched without a gap; with what is odd and no fault."""
        return replace(self._judged(), flags=self._flags())

    def measure(self) -> float | None:
        """Distance to the nearest second of the past, as a multiple of its limit."""
        nearest = self._past.found.nearest
        return nearest if isfinite(nearest) else None

    def _judged(self) -> CheckResult:
        fault = self._fault()
        if fault is not None:
            return self.failed(fault)
        if self._reshaped:
            return self.abstained("format_changed", 1.0)
        if self._missing_s > self.config.max_missing * self._span_s:
            return self.abstained("frames_missing", 1.0)
        if self._longest_s < self.config.min_watched_s:
            return self.abstained("too_short")
        return self.passed()

    def seen(self) -> StreamFigures:
        """The figures behind the result."""
        found = self._past.found
        return StreamFigures(found.nearest, found.longest_s, found.everywhere, self._frozen_s)

    def _flags(self) -> tuple[str, ...]:
        ratio = self._reception.rate_ratio
        odd = {
            "exact_pacing": self._exactly_paced() > self.config.pacing_share,
            "repeated_frames": self._repeated > self.config.repeated_share * max(self._compared, 1),
            "rate_differs": max(ratio, 1 / ratio) > self.config.rate_factor,
            "lossless_gaps": self._lossless_gaps,
        }
        return tuple(name for name, seen in odd.items() if seen)

    def _exactly_paced(self) -> float:
        """Share of steps within `pacing_step_s` of their median; 0 while there are too few."""
        if self._steps.total() < self.config.pacing_frames:
            return 0.0
        median = sorted(self._steps.elements())[self._steps.total() // 2]
        near = self.config.pacing_step_s * TICKS_PER_S
        return sum(n for step, n in self._steps.items() if abs(step - median) <= near) / self._steps.total()

    def _fault(self) -> str | None:
        if self._cut:
            return "cut"
        if self._frozen_s >= self.config.freeze_s:
            return "frozen"
        found = self._past.found
        if found.longest_s < self.config.min_repeat_s:
            return None
        return "still_picture" if found.still else "recurrence"

    def _take_back(self) -> None:
        """Nothing since the last sample is judged: what was missing starts the memory anew, as a gap does."""
        kept = self._kept
        self._past.found, self._frozen_s, self._cut = kept.past, kept.frozen_s, kept.cut
        self._longest_s = kept.longest_s
        self._missing_s = kept.missing_s + self._span_s - kept.span_s
        self._forget()

    def _forget(self) -> None:
        self._seen = None
        self._stretch_s = 0.0
        self._past.restart()

    def _watch_time(self, gap_s: float) -> None:
        self._span_s += gap_s
        if 0 < gap_s <= self.config.max_gap_s:
            self._steps[round(gap_s * TICKS_PER_S)] += 1
            return
        self._missing_s += gap_s
        self._gaps += gap_s > 0
        self._forget()

    def _watch_format(self, observation: FaceObservation, width: int, height: int) -> None:
        """Scaling and a phone turned on its side are honest; another shape of the picture is another source."""
        if (observation.width, observation.height) == (width, height):
            return
        self._forget()
        shapes = (width / height, height / width)
        shape = observation.width / observation.height
        self._reshaped |= all(abs(shape / known - 1) > SAME_SHAPE for known in shapes)

    def _watch_face(self, t: CaptureTime, seen: Snapshot) -> None:
        if self._seen is not None:
            self._compare(t, seen, *self._seen)
        else:
            self._changed = t
        self._seen = (t, seen)

    def _compare(self, t: CaptureTime, seen: Snapshot, t0: CaptureTime, before: Snapshot) -> None:
        moved = float(np.abs(seen.points - before.points).mean()) * 100.0 / seen.ipd_px
        tinted = float(np.abs(seen.colour - before.colour).mean())
        if tinted >= self.config.freeze_step:
            self._changed = t
        else:
            self._repeated += 1
        self._compared += 1
        self._frozen_s = max(self._frozen_s, t - self._changed)
        self._stretch_s += t - t0
        self._longest_s = max(self._longest_s, self._stretch_s)
        if t - t0 <= self.config.neighbour_s:
            self._cut |= moved > self.config.cut_points and tinted > self.config.cut_colour


TICKS_PER_S = 90_000
"""RTP clock of video, Hz: steps are counted in its ticks, so that their memory is bounded."""
SAME_SHAPE = 0.03
"""Relative difference of width / height that rounding to whole macroblocks makes: 16 px of 640."""
