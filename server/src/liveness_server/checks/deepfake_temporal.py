"""What time shows of a synthetic face: only that it becomes somebody else's; the rest is said to be not assessed.

On 44 matched pairs of real-time face swaps no cue over time told the swap from its original (server/docs/stream.md), so
there is no score here that would suggest otherwise. A swap that drops out shows two identities, and that is denied.
What the cues were measured on is kept as `features` for whoever calibrates on real material.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..types import CheckResult, FaceObservation, Phase
from ..vision.flow import CALIBRATED_LANDMARKS
from ..vision.matching import CALIBRATED_DIGEST
from .base import Check, CheckContext, Measured
from .temporal import TemporalFeatures


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
    measured = Measured(
        "lowest cosine to the running mean that two of three samples did not exceed", "1", "min_cosine", True
    )
    calibrated_on = MappingProxyType({"embedding": CALIBRATED_DIGEST, "landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: DeepfakeTemporalConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or DeepfakeTemporalConfig()
        self._sum: NDArray[np.float64] | None = None
        self._samples = 0
        self._recent: tuple[float, ...] = ()
        self._lowest = inf
        self._temporal = TemporalFeatures()

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Hold each frontal embedding in view against the mean of those before, from the first challenge on."""
        face = observation.face
        if face is None or phase in {Phase.POSITIONING, Phase.COVERED}:
            return
        self._temporal.add(observation.t, face)
        if face.embedding is None or abs(face.pose.yaw) >= self.config.max_yaw:
            return
        self._compare(np.asarray(face.embedding, np.float64))

    def result(self) -> CheckResult:
        """Deny a switch; never confirm."""
        if self._lowest < self.config.min_cosine:
            return self.failed("identity_switch")
        return self.abstained("not_assessed" if self._samples else "no_samples")

    def measure(self) -> float | None:
        """Lowest cosine that two of three successive samples stayed under together."""
        return self._lowest if isfinite(self._lowest) else None

    def features(self) -> Mapping[str, float]:
        """What time shows of the face, by name (server/docs/stream.md); says nothing about its being real."""
        return self._temporal.figures()

    def _compare(self, sample: NDArray[np.float64]) -> None:
        cosine = self._cosine(sample)
        if cosine is not None:
            self._recent = (*self._recent[-2:], cosine)
            self._lowest = min(self._lowest, *sorted(self._recent)[1:2], inf)
        if cosine is None or cosine >= self.config.min_cosine:
            self._sum = sample if self._sum is None else self._sum + sample
            self._samples += 1

    def _cosine(self, sample: NDArray[np.float64]) -> float | None:
        """To the running mean, once there is one."""
        if self._sum is None or self._samples < self.config.settled:
            return None
        size = float(np.linalg.norm(self._sum) * np.linalg.norm(sample))
        return float(self._sum @ sample) / max(size, 1e-12)
