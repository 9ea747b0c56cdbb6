"""1:1 comparison of two face embeddings, with the thresholds and the model they were measured for."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from ..types import Embedding

Band = Literal["accept", "review", "reject"]

CALIBRATED_DIGEST: Final = "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"
"""SHA-256 of the SFace 2021dec int8bq file the thresholds below were measured for."""

ACCEPT: Final = 0.45
"""Cosine. 199 genuine and 4551 impostor pairs of 28 identities (press photos, TV stills): lowest genuine 0.445,
highest impostor 0.467 (one look-alike pair). 28 identities say nothing about a false match rate below 1e-3."""

REVIEW: Final = 0.40
"""Cosine. Same data: at 0.410 the false match rate is 0.1 % and no genuine pair is lost."""


def cosine(a: Embedding, b: Embedding) -> float:
    """Cosine of two embeddings, -1..1."""
    u, v = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return float(u @ v / max(float(np.linalg.norm(u) * np.linalg.norm(v)), 1e-12))


def decide(value: float) -> Band:
    """Band of a cosine: `accept`, `review` (a person should look) or `reject`."""
    if value >= ACCEPT:
        return "accept"
    return "review" if value >= REVIEW else "reject"
