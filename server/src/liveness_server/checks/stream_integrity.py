"""The stream goes on: no freeze, no loop, no still picture with noise, no cut, no change of picture format.

Judged on the numbers of the observations alone. A recording that never repeats looks like life here; only challenges
stop it. The past is kept over whatever interrupts a stream, since whoever injects one can interrupt it where it suits
them; what the receiver reports as lost is not judged, and too many interruptions leave the result open.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite
from types import MappingProxyType

from ..types import CheckResult, FaceObservation, Phase, StreamStats
from ..vision.flow import CALIBRATED_LANDMARKS
from .base import Check, CheckContext, Measured
from .missing import MissingLimits
from .pacing import Pacing
from .reception import Reception
from .recurrence import Recurrence, RecurrenceLimits, Snapshot
from .steps import StepLimits, Steps


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
    max_agreement: float = 0.42
    """Mean product of signs of the landmarks' second differences in the best 5 s at the best lag, 0..1. Bona fide clips
    at most 0.27; shaken loops of large faces that move 0.58 and more: the middle."""
    freeze_step: float = 0.02
    """Grey levels, mean step of the skin regions' colours from frame to frame: less is no change."""
    freeze_s: float = 0.6
    """Seconds without any change, breaks left out. Bona fide clips at most 0.13, and 0.23 at 100 kb/s; frozen ones 1.87
    and more: about the geometric middle of 0.23 and 1.87."""
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
    missing: MissingLimits = field(default_factory=MissingLimits)
    """How much may be missing. As in `face_continuity`."""
    max_breaks: int = 10
    """Lost faces, gaps and rescales in a session. A choice: bona fide clips none, 5 in 200 s with 30 % of frames lost;
    with 20 in 10 s a real loop was no longer found, only simulated ones."""
    min_watched_s: float = 4.0
    """Seconds seen, breaks left out: 1.5 s of lag, 1 s of window and `min_repeat_s` after the first repetition could
    be."""
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
    agreement: float
    """Largest agreement of 5 s with earlier ones in how the face bent."""
    frozen_s: float
    """Longest time without a change, seconds."""
    breaks: int
    """Lost faces, gaps and rescales."""


class StreamIntegrity(Check):
    """FAIL on a freeze, a loop, a still picture or a cut; INCONCLUSIVE while too much is missing."""

    name = "stream_integrity"
    Config = StreamIntegrityConfig
    measured = Measured("distance to the nearest second of the past", "multiple of its limit", "nearest", True)
    calibrated_on = MappingProxyType({"landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: StreamIntegrityConfig | None = None) -> None:
        super().__init__(context)
        self.config = c = config or StreamIntegrityConfig()
        self._past = Recurrence(RecurrenceLimits(c.points, c.colour, c.motion, c.max_gap_s, c.nearest))
        steps = StepLimits(c.freeze_step, c.cut_points, c.cut_colour, c.neighbour_s, c.max_gap_s, c.missing.max_share)
        self._steps = Steps(steps)
        self._reception = Reception(c.missing.max_loss)
        self._pacing = Pacing()
        self._last: FaceObservation | None = None
        self._reshaped = False
        self._lossless_gaps = False

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Watch one frame, from the first challenge on; one that is no later than the last is none."""
        last = self._last
        if phase is Phase.POSITIONING or (last is not None and observation.t <= last.t):
            return
        if last is not None:
            self._watch_format(observation, last)
            if observation.t - last.t <= self.config.max_gap_s:
                self._pacing.add(observation.t - last.t)
        # Only time and format of it are needed: what is known of the face is in the past.
        self._last = replace(observation, face=None)
        self._watch_face(observation, covered=phase is Phase.COVERED)

    def receive_stats(self, stats: StreamStats) -> None:
        """Keep what was seen since the last sample, or take it back when packets were missing meanwhile."""
        if self._reception.add(stats):
            self._past.take_back()
            self._steps.take_back()
        self._reshaped |= self._reception.recoded
        self._lossless_gaps = self._steps.watched.gaps > 0 and self._reception.lossless
        self._past.keep()
        self._steps.keep()

    def result(self) -> CheckResult:
        """The gravest thing seen, or PASS when enough was watched; with what is odd and no fault."""
        return replace(self._judged(), flags=self._flags())

    def measure(self) -> float | None:
        """Distance to the nearest second of the past, as a multiple of its limit."""
        nearest = self._past.found.nearest
        return nearest if isfinite(nearest) else None

    def seen(self) -> StreamFigures:
        """The figures behind the result."""
        found, watched = self._past.found, self._steps.watched
        past = (found.nearest, found.longest_s, found.everywhere, found.agreement)
        return StreamFigures(*past, watched.frozen_s, watched.breaks)

    def _judged(self) -> CheckResult:
        watched, config = self._steps.watched, self.config
        fault = self._fault()
        if fault is not None:
            return self.failed(fault)
        if self._reshaped:
            return self.abstained("format_changed", 1.0)
        if self._steps.missing.too_much or watched.breaks > config.max_breaks:
            return self.abstained("frames_missing", 1.0)
        if watched.seen_s < config.min_watched_s:
            return self.abstained("too_short")
        return self.passed()

    def _fault(self) -> str | None:
        if self._steps.watched.cut:
            return "cut"
        if self._steps.watched.frozen_s >= self.config.freeze_s:
            return "frozen"
        found = self._past.found
        if found.longest_s < self.config.min_repeat_s:
            # After each break landmarks settle in the same way, which is no repetition of the person's.
            bent = found.agreement > self.config.max_agreement and self._steps.watched.breaks <= self.config.max_breaks
            return "recurrence" if bent else None
        return "still_picture" if found.still else "recurrence"

    def _flags(self) -> tuple[str, ...]:
        ratio, config = self._reception.rate_ratio, self.config
        odd = {
            "exact_pacing": self._pacing.exact(config.pacing_step_s, config.pacing_frames) > config.pacing_share,
            "repeated_frames": self._steps.repeated > config.repeated_share,
            "rate_differs": max(ratio, 1 / ratio) > config.rate_factor,
            "lossless_gaps": self._lossless_gaps,
        }
        return tuple(name for name, seen in odd.items() if seen)

    def _watch_format(self, observation: FaceObservation, last: FaceObservation) -> None:
        """Scaling and a phone turned on its side are honest; another shape of the picture is another source."""
        if (observation.width, observation.height) == (last.width, last.height):
            return
        self._steps.resize()
        shape = observation.width / observation.height
        if abs(shape * last.height / last.width - 1) > SAME_SHAPE:
            self._past.lose()
            self._steps.forget()
            self._reshaped |= abs(shape * last.width / last.height - 1) > SAME_SHAPE

    def _watch_face(self, observation: FaceObservation, *, covered: bool) -> None:
        if covered or observation.face is None:
            self._past.lose()
        if covered:
            self._steps.cover(observation.t)
            return
        seen = None if observation.face is None else Snapshot.of(observation.face, observation.width)
        self._steps.add(observation.t, seen)
        if seen is not None:
            self._past.add(observation.t, seen)


SAME_SHAPE = 0.03
"""Relative difference of width / height that rounding to whole macroblocks makes: 16 px of 640."""
