"""Turn the head to the person's own left."""

from __future__ import annotations

from .base import Family, HeldMovement
from .baseline import Deviation
from .head import EXPRESSIONS, TURN, keeps_aspect


class TurnLeft(HeldMovement):
    """Yaw from neutral, degrees towards the person's own left."""

    kind = "turn_left"
    family = Family.HEAD
    config = TURN
    tolerates = EXPRESSIONS | {"look_up", "look_down"}  # pitch couples into turns: median 4, 95th percentile 13 degrees

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Degrees."""
        return deviation.yaw

    @classmethod
    def valid(cls, deviation: Deviation) -> bool:
        """A steeply tilted flat picture breaks the face's aspect; a turned head keeps it."""
        return keeps_aspect(deviation)
