"""Smile."""

from __future__ import annotations

from .base import Family, HeldConfig, HeldMovement
from .baseline import Deviation


class Smile(HeldMovement):
    """Rise of blendshape mouthSmile, mean of both sides."""

    kind = "smile"
    family = Family.FACE
    config = HeldConfig(rest=0.15, start=0.25, reach=0.35)
    """Blendshape units, 0..1."""
    tolerates = frozenset({"open_mouth"})

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Blendshape units."""
        return deviation.smile
