"""The pictures were good enough to judge: light, sharpness, size and frame rate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType

from ..types import CaptureTime, CheckResult, FaceObservation, Phase
from ..vision.flow import CALIBRATED_LANDMARKS
from .base import Check, CheckContext
from .limits import QualityLimits


@dataclass(frozen=True, slots=True)
class ImageQualityConfig:
    """When a stretch of video is good enough."""

    limits: QualityLimits = field(default_factory=QualityLimits)
    """Limits of one picture."""
    min_good: float = 0.7
    """Fraction of frames within the limits; the rest may be blurred by the movements that were asked for. A choice."""
    min_frames: int = 15
    """Frames with a face; half a second at 30 fps."""
    min_face_px: float = 75.0
    """Face box width, pixels: the floor below which planarity and eye measures were not separable (notes)."""
    min_fps: float = 12.0
    """Frames per second of capture time, mean: below, a 100 ms blink falls between frames."""


class ImageQuality(Check):
    """INCONCLUSIVE with the most frequent problem; poor pictures are nobody's attack."""

    name = "image_quality"
    Config = ImageQualityConfig
    calibrated_on = MappingProxyType({"landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: ImageQualityConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or ImageQualityConfig()
        self._problems: Counter[str] = Counter()
        self._frames = 0
        self._span: tuple[CaptureTime, CaptureTime] | None = None
        self._total = 0

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Judge one picture, from the first challenge on; of a covered face only that it came in time."""
        if phase is Phase.POSITIONING:
            return
        self._total += 1
        self._span = (self._span[0] if self._span else observation.t, observation.t)
        face = observation.face
        if face is None or phase is Phase.COVERED:
            return
        self._frames += 1
        small = face.box.w * observation.width < self.config.min_face_px
        problem = "too_far" if small else self.config.limits.problem(face)
        if problem is not None:
            self._problems[problem] += 1

    def result(self) -> CheckResult:
        """PASS when enough frames were good and they came fast enough."""
        if self._frames < self.config.min_frames or self._span is None:
            return self.abstained("too_few_frames")
        good = 1 - self._problems.total() / self._frames
        if good < self.config.min_good:
            return self.abstained(self._problems.most_common(1)[0][0], good)
        fps = (self._total - 1) / max(self._span[1] - self._span[0], 1e-6)
        return self.passed(good) if fps >= self.config.min_fps else self.abstained("low_frame_rate", good)
