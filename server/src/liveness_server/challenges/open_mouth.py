"""Open the mouth."""

from __future__ import annotations

from .base import Family, HeldConfig, HeldMovement
from .baseline import Deviation


class OpenMouth(HeldMovement):
    """Rise of the inner lip gap, in inter-pupil distances."""

    kind = "open_mouth"
    family = Family.FACE
    config = HeldConfig(rest=0.10, start=0.15, reach=0.25)
    """Inter-pupil distances."""
    tolerates = frozenset({"smile"})

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Inter-pupil distances."""
        return deviation.gap
