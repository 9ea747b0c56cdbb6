"""Tilt the head up."""

from __future__ import annotations

from .base import Family, HeldMovement
from .baseline import Deviation
from .head import EXPRESSIONS, NOD


class LookUp(HeldMovement):
    """Pitch from neutral, degrees up."""

    kind = "look_up"
    family = Family.HEAD
    config = NOD
    tolerates = EXPRESSIONS

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Degrees."""
        return -deviation.pitch
