"""1:1 match: cosine of two embeddings, and the bands that turn it into accept, review or reject.

Thresholds hold for one model file only. They were measured on 98 faces of 28 identities (199 genuine, 4551 impostor
pairs; press photographs and television stills): EER 0.02 %, highest impostor 0.467, lowest genuine 0.445. 28
identities say nothing of a false match rate under 1e-3; no demographic group was large enough for a statement.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..errors import ModelError

ACCEPT = 0.45
"""Cosine from which two faces are one person: the lowest genuine pair had 0.445, one impostor pair reached 0.467."""
REVIEW = 0.40
"""Cosine under which they are two persons: 0.1 % of the impostors reached 0.410. Between the two somebody must look."""
MEASURED_ON = "28 identities, 199 genuine and 4551 impostor pairs of press photographs and television stills"
CALIBRATED_DIGEST = "235d13872c708e3d85f79abd0e93b8f4ed0be8b3f26a7d4380b0b10a9d127322"
"""SHA-256 of the embedding model file the bands were measured with, as pinned in the manifest."""


class MatchDecision(StrEnum):
    """What the bands say of a cosine."""

    ACCEPT = "accept"
    REVIEW = "review"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class MatchBands:
    """The two thresholds, cosine (no unit), and what they were measured on."""

    accept: float = ACCEPT
    review: float = REVIEW
    model_digest: str = CALIBRATED_DIGEST
    source: str = MEASURED_ON


BANDS = MatchBands()


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """Cosine similarity of two embeddings, -1..1; 0 when one has no direction.

    Examples
    --------
    >>> cosine((1.0, 0.0), (0.6, 0.8))
    0.6
    """
    if len(a) != len(b):
        raise ValueError(f"embeddings of different models cannot be compared: {len(a)} and {len(b)} numbers")
    dot = math.fsum(x * y for x, y in zip(a, b, strict=True))
    lengths = math.sqrt(math.fsum(x * x for x in a) * math.fsum(y * y for y in b))
    return dot / lengths if lengths else 0.0


def decide(similarity: float, bands: MatchBands = BANDS) -> MatchDecision:
    """Turn a cosine into a decision; a cosine on a threshold belongs to the band above it."""
    if similarity >= bands.accept:
        return MatchDecision.ACCEPT
    return MatchDecision.REVIEW if similarity >= bands.review else MatchDecision.REJECT


def margin(similarity: float, bands: MatchBands = BANDS) -> float:
    """Distance of a cosine to the nearest threshold: how far the decision is from being another one."""
    return min(abs(similarity - bands.accept), abs(similarity - bands.review))


def require_calibrated(digest: str) -> None:
    """Raise `ModelError` unless the thresholds were measured for this embedding model; for servers in production."""
    if digest != CALIBRATED_DIGEST:
        raise ModelError(
            f"the match thresholds were measured for the embedding model {CALIBRATED_DIGEST[:12]}, not {digest[:12]}: "
            "use that model, or measure thresholds for this one"
        )
