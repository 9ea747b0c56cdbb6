"""Smile."""

from __future__ import annotations

from .base import Family, HeldConfig, HeldMovement
from .baseline import Deviation


class Smile(HeldMovement):
    """Rise of blendshape mouthSmile, mean of both sides."""

    kind = "smile"
    family = Family.FACE
    config = HeldConfig(rest=0.15, start=0.25, reach=0.35)
    """Blendshape units, 0..1. Smiles in 4 clips rise by 0.52-0.88 (95th percentile over the median); still faces
    vary by 0.05 at most."""
    tolerates = frozenset({"open_mouth"})

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Blendshape units."""
        return deviation.smile
