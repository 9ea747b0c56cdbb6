"""Exactly one person is in view while the challenges run and the face is captured."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import CaptureTime, CheckResult, FaceObservation, Phase
from .base import Check, CheckContext


@dataclass(frozen=True, slots=True)
class SingleFaceConfig:
    """How much company is tolerated."""

    max_second_s: float = 0.5
    """Seconds, added up, that a second face may be in view: a passer-by's glance, not a partner. A choice."""


class SingleFace(Check):
    """INCONCLUSIVE with company: a bystander is no attack, but nothing can be said of one person then."""

    name = "single_face"
    Config = SingleFaceConfig

    def __init__(self, context: CheckContext, config: SingleFaceConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or SingleFaceConfig()
        self._last: CaptureTime | None = None
        self._second_s = 0.0
        self._alone = 0

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Add up the time with more than one face, from the first challenge on, whatever covers the first."""
        if phase is Phase.POSITIONING:
            return
        if self._last is not None and observation.faces > 1:
            self._second_s += observation.t - self._last
        self._alone += observation.faces == 1 and phase is not Phase.COVERED
        self._last = observation.t

    def result(self) -> CheckResult:
        """PASS when one face was seen and hardly ever a second."""
        if self._second_s > self.config.max_second_s:
            return self.abstained("several_faces", 1.0)
        return self.passed() if self._alone else self.abstained("no_face")
