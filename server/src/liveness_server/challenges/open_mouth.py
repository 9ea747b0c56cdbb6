"""Open the mouth."""

from __future__ import annotations

from .base import Family, HeldConfig, HeldMovement
from .baseline import Deviation


class OpenMouth(HeldMovement):
    """Rise of the inner lip gap, in inter-pupil distances."""

    kind = "open_mouth"
    family = Family.FACE
    config = HeldConfig(rest=0.12, start=0.20, reach=0.35)
    """Inter-pupil distances. Speech opens up to 0.34 (99th percentile 0.27-0.30, 2 talking clips); mouths opened wide
    0.43 (1 clip, unprompted) and more. The gap is thin: no prompted openings were at hand to measure."""
    tolerates = frozenset({"smile"})

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Inter-pupil distances."""
        return deviation.gap
