"""Tilt the head down."""

from __future__ import annotations

from .base import Family, HeldMovement
from .baseline import Deviation
from .head import EXPRESSIONS, NOD


class LookDown(HeldMovement):
    """Pitch from neutral, degrees down."""

    kind = "look_down"
    family = Family.HEAD
    config = NOD
    tolerates = EXPRESSIONS

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Degrees."""
        return deviation.pitch
