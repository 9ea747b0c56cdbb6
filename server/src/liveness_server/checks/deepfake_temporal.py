"""What time shows of a synthetic face: only that it becomes somebody else's; the rest is said to be not assessed.

On 44 matched pairs of real-time face swaps no cue over time told the swap from its original (server/docs/stream.md), so
there is no score here that would suggest otherwise. A swap that drops out shows two identities, and that is denied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..types import CheckResult, FaceObservation, Phase
from .base import Check, CheckContext


@dataclass(frozen=True, slots=True)
class DeepfakeTemporalConfig:
    """When one face has become another."""

    min_cosine: float = 0.55
    """Cosine of a frontal sample to the running mean of the session. Single samples of 62 bona fide clips 0.594 and
    more (notes on fake streams: 0.78 at the 5th percentile); swap on or off 0.50 at the 95th percentile."""
    max_yaw: float = 20.0
    """Degrees: more is not frontal. From the same measurement."""
    settled: int = 3
    """Samples that make the running mean before anything is compared: one bad first picture must not accuse the rest.
    One second at the rate embeddings come."""


class DeepfakeTemporal(Check):
    """FAIL when the face becomes somebody else's; otherwise INCONCLUSIVE `not_assessed`, by design."""

    name = "deepfake_temporal"
    Config = DeepfakeTemporalConfig

    def __init__(self, context: CheckContext, config: DeepfakeTemporalConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or DeepfakeTemporalConfig()
        self._sum: NDArray[np.float64] | None = None
        self._samples = 0
        self._recent: tuple[bool, ...] = ()
        self._switched = False

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Hold each frontal embedding against the mean of those before, from the first challenge on."""
        face = observation.face
        if face is None or face.embedding is None or phase is Phase.POSITIONING:
            return
        if abs(face.pose.yaw) >= self.config.max_yaw:
            return
        sample = np.asarray(face.embedding, np.float64)
        foreign = self._foreign(sample)
        self._recent = (*self._recent[-2:], foreign)
        self._switched |= sum(self._recent) >= 2
        if not foreign:
            self._sum = sample if self._sum is None else self._sum + sample
            self._samples += 1

    def result(self) -> CheckResult:
        """Deny a switch; never confirm."""
        if self._switched:
            return self.failed("identity_switch")
        return self.abstained("not_assessed" if self._samples else "no_samples")

    def _foreign(self, sample: NDArray[np.float64]) -> bool:
        if self._sum is None or self._samples < self.config.settled:
            return False
        size = float(np.linalg.norm(self._sum) * np.linalg.norm(sample))
        return float(self._sum @ sample) < self.config.min_cosine * size
