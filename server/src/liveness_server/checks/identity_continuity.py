"""The person who did the challenges is the person who is matched.

A swap after liveness keeps the place and the pose, so it shows only in the embeddings: those of the challenge frames
are compared with the mean of the frontal frames captured at the end. Under a hand embeddings are of nobody, so covered
frames are left out, and those before and after it are neighbours: a swap under the hand shows in them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from ..types import CheckResult, Embedding, FaceObservation, Phase
from ..vision.flow import CALIBRATED_LANDMARKS
from ..vision.matching import CALIBRATED_DIGEST, cosine
from .base import Check, CheckContext, Measured


@dataclass(frozen=True, slots=True)
class IdentityContinuityConfig:
    """How far embeddings of one person may drift within a session."""

    min_cosine: float = 0.55
    """Cosine of one frame to the anchor. Frames of one clip to their mean: lowest 0.82 (8 persons, 850 embeddings, up
    to 20 degrees of yaw); different persons' press pictures: highest 0.467 (4551 pairs). Below the middle, 0.64:
    poor light and steeper turns lower the genuine side and were not measured."""
    max_yaw: float = 10.0
    """Degrees: frames within it make the anchor. A choice, half of what the cosines were measured up to."""
    min_anchor: int = 2
    """Embeddings the anchor needs. A choice."""
    min_compared: int = 2
    """Embeddings of challenge frames to compare. By definition of the measure, which takes neighbours in pairs."""
    keep_before: int = 2
    """Last embeddings of positioning that are compared too: a face may be covered by the first challenge, within a
    second of its start, and one sample alone accuses nobody. A choice."""


class IdentityContinuity(Check):
    """FAIL when two neighbouring challenge embeddings are of somebody else."""

    name = "identity_continuity"
    Config = IdentityContinuityConfig
    measured = Measured(
        "lowest cosine to the anchor that two neighbouring samples did not exceed", "1", "min_cosine", True
    )
    calibrated_on = MappingProxyType({"embedding": CALIBRATED_DIGEST, "landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: IdentityContinuityConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or IdentityContinuityConfig()
        self._before: deque[Embedding] = deque(maxlen=self.config.keep_before)
        self._anchors: list[Embedding] = []
        self._others: list[Embedding] = []

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep the embeddings of a face in view; they live no longer than the session."""
        face = observation.face
        if face is None or face.embedding is None or phase is Phase.COVERED:
            return
        if phase is Phase.POSITIONING:
            self._before.append(face.embedding)
        elif phase is Phase.CAPTURE and abs(face.pose.yaw) <= self.config.max_yaw:
            self._anchors.append(face.embedding)
        else:
            self._others.append(face.embedding)

    def result(self) -> CheckResult:
        """Compare every embedding with the anchor: the captured face or, before there is one, the first faces seen."""
        lowest = self.measure()
        if lowest is None:
            return self.abstained("too_few_challenge_frames")
        if lowest < self.config.min_cosine:
            return self.failed("identity_changed")
        return self.passed() if self._anchored else self.abstained("too_few_frontal_frames")

    def measure(self) -> float | None:
        """Lowest cosine that two neighbours stayed under together: one outlier alone is not somebody else."""
        if len(self._others) < max(self.config.min_compared, 2):
            return None
        anchor = mean_embedding(self._anchors if self._anchored else self._others[: self.config.min_anchor])
        cosines = [cosine(anchor, other) for other in (*self._before, *self._others, *self._anchors)]
        return min(max(pair) for pair in pairwise(cosines))

    @property
    def _anchored(self) -> bool:
        return len(self._anchors) >= self.config.min_anchor


def mean_embedding(embeddings: list[Embedding]) -> Embedding:
    """Direction of the mean of unit vectors, itself of unit length. There must be at least one."""
    mean = np.mean(np.asarray(embeddings, dtype=np.float64), axis=0)
    return tuple((mean / max(float(np.linalg.norm(mean)), 1e-12)).tolist())
