"""The face is the one of the reference: 1:1, on the frontal frames captured after the challenges."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from ..types import CheckResult, Embedding, FaceObservation, Phase
from ..vision.flow import CALIBRATED_LANDMARKS
from ..vision.matching import BANDS, CALIBRATED_DIGEST, MatchBands, cosine, decide
from .base import Check, CheckContext, Measured
from .identity_continuity import mean_embedding


@dataclass(frozen=True, slots=True)
class MatchConfig:
    """Which frames are matched, and when they are of the same person."""

    accept: float = BANDS.accept
    """Cosine from which two faces are one person: lowest of 199 genuine pairs 0.445 (`vision.matching`)."""
    review: float = BANDS.review
    """Cosine under which they are two persons, from the same measurement. Between the two somebody must look."""
    max_yaw: float = 10.0
    """Degrees: the reference is a frontal picture. A choice, as in `identity_continuity`."""
    min_frames: int = 2
    """Embeddings that are averaged before comparing. A choice."""


class Match(Check):
    """PASS on accept, FAIL on reject, INCONCLUSIVE in the band between and without a reference."""

    name = "match"
    Config = MatchConfig
    measured = Measured("cosine to the reference", "1", "accept", higher_is_live=True)
    calibrated_on = MappingProxyType({"embedding": CALIBRATED_DIGEST, "landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: MatchConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or MatchConfig()
        self._probes: list[Embedding] = []

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep the embeddings of frontal capture frames; during challenges, covered or not, nothing is matched."""
        face = observation.face
        if face is None or face.embedding is None or phase is not Phase.CAPTURE:
            return
        if abs(face.pose.yaw) <= self.config.max_yaw:
            self._probes.append(face.embedding)

    def result(self) -> CheckResult:
        """Compare the mean probe with the reference."""
        if (missing := self._missing()) is not None:
            return self.abstained(missing)
        band = decide(self._cosine(), MatchBands(self.config.accept, self.config.review))
        if band == "accept":
            return self.passed()
        return self.failed("other_person") if band == "reject" else self.abstained("review", 1.0)

    def measure(self) -> float | None:
        """Cosine of the mean probe to the reference; None where they are not compared."""
        return None if self._missing() else self._cosine()

    def _missing(self) -> str | None:
        reference = self.context.reference
        if reference is None:
            return "no_reference"
        if not reference.model_digest == self.context.embedding_digest == CALIBRATED_DIGEST:
            return "not_calibrated"
        return "too_few_frontal_frames" if len(self._probes) < self.config.min_frames else None

    def _cosine(self) -> float:
        assert self.context.reference is not None, "something is missing"
        return cosine(mean_embedding(self._probes), self.context.reference.embedding)
