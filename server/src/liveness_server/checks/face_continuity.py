"""The same face stays in view: no cut, no disappearance.

A cut moves the face further between two neighbouring frames than any head moves. It is judged on the bridge of the nose
in units of the pupil distance, so that size and distance do not matter. A swap that keeps the place is not seen here,
nor one under a hand that was asked for, where landmarks are guessed: `identity_continuity` is for both.

What is missing is counted as in `stream_integrity`, which judges nothing over it and in most policies may only deny:
here it leaves the session open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import dist
from types import MappingProxyType

from ..types import CaptureTime, CheckResult, Face, FaceObservation, Phase, StreamStats
from ..vision.flow import CALIBRATED_LANDMARKS
from ..vision.landmarks import KEPT
from .base import Check, CheckContext
from .missing import Missing, MissingLimits
from .reception import Reception

_BRIDGE = KEPT.index(168)


@dataclass(frozen=True, slots=True)
class FaceContinuityConfig:
    """When a face counts as the same one going on."""

    max_jump: float = 0.5
    """Pupil distances the nose bridge may move between neighbouring frames. Largest in 10 live and control clips 0.34
    (a quick lean), 99th percentile of each <= 0.12; a cut that moves the face less is not seen."""
    max_scale: float = 1.25
    """Ratio of sizes between neighbouring frames; largest in the same clips 1.07."""
    neighbour_s: float = 0.1
    """Seconds: frames no further apart are neighbours; further apart nothing is said about a jump. A choice: 10 fps."""
    max_absence_s: float = 0.5
    """Seconds of capture time without a face, or without any frame. A choice."""
    max_covered_s: float = 2.0
    """Seconds of capture time without a face where a challenge covers it. A choice: rendered hands hid it for 0.33 s, a
    profile for 1.6 s, and a slow sweep of a hand takes 1 to 2 s."""
    max_breaks: int = 10
    """Times that the face, or the frames for `gap_s`, may be gone for a moment, or the picture may become another size.
    Over more `stream_integrity` cannot judge, and whoever blacks out single frames on purpose must not gain by that. A
    choice, as there."""
    gap_s: float = 0.25
    """Seconds without a frame that count as such a break. As in `stream_integrity`."""
    missing: MissingLimits = field(default_factory=MissingLimits)
    """How much may be missing in all. As in `stream_integrity`."""
    min_frames: int = 15
    """Frames with a face; half a second at 30 fps."""


class FaceContinuity(Check):
    """FAIL on a cut; INCONCLUSIVE on an absence, which also happens to honest people."""

    name = "face_continuity"
    Config = FaceContinuityConfig
    calibrated_on = MappingProxyType({"landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: FaceContinuityConfig | None = None) -> None:
        super().__init__(context)
        self.config = c = config or FaceContinuityConfig()
        self._missing = Missing(c.gap_s, c.missing.max_share)
        self._reception = Reception(c.missing.max_loss)
        self._last: tuple[CaptureTime, Face, int] | None = None
        """The last face, and the width of its frame, pixels."""
        self._covered = False
        """Whether the face was covered since `_last`, or in it."""
        self._last_t: CaptureTime | None = None
        self._size = (0, 0)
        """Of the last frame, pixels."""
        self._shown = True
        """Whether the last frame showed the face, or need not."""
        self._breaks = 0
        self._frames = 0
        self._broken: str | None = None

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Compare with the last frame that showed a face, from the first challenge on."""
        if phase is Phase.POSITIONING:
            return
        covered = phase is Phase.COVERED
        self._missing.advance(observation.t, missing=observation.face is None and not covered)
        self._covered = self._covered or covered
        if self._last is not None:
            self._note(self._break(observation, *self._last))
            self._note(self._interruption(observation, covered=covered))
        if observation.face is not None:
            if self._last is None:
                self._size = (observation.width, observation.height)
            self._last, self._covered = (observation.t, observation.face, observation.width), covered
            self._frames += not covered
        self._last_t = observation.t

    def receive_stats(self, stats: StreamStats) -> None:
        """Count the time since the last sample as missing when too many packets were."""
        if self._reception.add(stats):
            self._missing.take_back()
        self._missing.keep()

    def result(self) -> CheckResult:
        """The worst break seen, or PASS."""
        if self._broken == "cut":
            return self.failed("cut")
        if self._broken is not None:
            return self.abstained(self._broken, 1.0)
        if self._missing.too_much:
            return self.abstained("frames_missing", 1.0)
        return self.passed() if self._frames >= self.config.min_frames else self.abstained("too_few_frames")

    def _break(self, observation: FaceObservation, t: CaptureTime, before: Face, width: int) -> str | None:
        face = observation.face
        near = observation.t - t <= self.config.neighbour_s and not self._covered
        if face is not None and near and self._jumped(before, face, observation.width / width):
            return "cut"
        assert self._last_t is not None
        if observation.t - self._last_t > self.config.max_absence_s:
            return "frames_missing"
        limit = self.config.max_covered_s if self._covered else self.config.max_absence_s
        return "face_lost" if observation.t - t > limit else None

    def _interruption(self, observation: FaceObservation, *, covered: bool) -> str | None:
        """Count what is too short to be a break in itself."""
        assert self._last_t is not None
        size = (observation.width, observation.height)
        missing = observation.t - self._last_t > self.config.gap_s or size != self._size
        shown = covered or observation.face is not None
        broken = missing or (self._shown and not shown)
        self._shown, self._size = shown, size
        self._breaks += broken
        if not broken or self._breaks <= self.config.max_breaks:
            return None
        return "frames_missing" if missing else "face_lost"

    def _jumped(self, before: Face, face: Face, grown: float) -> bool:
        """Compare two faces, the first in a picture that has since become `grown` times as wide."""
        x, y, _ = before.points[_BRIDGE]
        ipd = max(before.ipd_px * grown, 1e-6)
        moved = dist((grown * x, grown * y), face.points[_BRIDGE][:2]) / ipd
        scale = max(ipd, face.ipd_px) / max(min(ipd, face.ipd_px), 1e-6)
        return moved > self.config.max_jump or scale > self.config.max_scale

    def _note(self, broken: str | None) -> None:
        if broken is not None and self._broken != "cut":
            self._broken = broken
