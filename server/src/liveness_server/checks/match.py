"""The face is the one of the reference: 1:1, on the frontal frames captured after the challenges."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import CheckResult, Embedding, FaceObservation, Phase
from ..vision.matching import CALIBRATED_DIGEST, cosine, decide
from .base import Check, CheckContext
from .identity_continuity import mean_embedding


@dataclass(frozen=True, slots=True)
class MatchConfig:
    """Which frames are matched; the thresholds stand with the model they were measured for, in `vision.matching`."""

    max_yaw: float = 10.0
    """Degrees: the reference is a frontal picture."""
    min_frames: int = 2
    """Embeddings that are averaged before comparing."""


class Match(Check):
    """PASS on accept, FAIL on reject, INCONCLUSIVE in the band between and without a reference."""

    name = "match"
    Config = MatchConfig

    def __init__(self, context: CheckContext, config: MatchConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or MatchConfig()
        self._probes: list[Embedding] = []

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep the embeddings of frontal capture frames."""
        face = observation.face
        if face is None or face.embedding is None or phase is not Phase.CAPTURE:
            return
        if abs(face.pose.yaw) <= self.config.max_yaw:
            self._probes.append(face.embedding)

    def result(self) -> CheckResult:
        """Compare the mean probe with the reference."""
        reference = self.context.reference
        if reference is None:
            return self.abstained("no_reference")
        if not reference.model_digest == self.context.embedding_digest == CALIBRATED_DIGEST:
            return self.abstained("not_calibrated")
        if len(self._probes) < self.config.min_frames:
            return self.abstained("too_few_frontal_frames")
        band = decide(cosine(mean_embedding(self._probes), reference.embedding))
        if band == "accept":
            return self.passed()
        return self.failed("other_person") if band == "reject" else self.abstained("review", 1.0)
