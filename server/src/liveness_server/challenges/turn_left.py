"""Turn the head to the person's own left."""

from __future__ import annotations

from .baseline import Deviation
from .head import Turn


class TurnLeft(Turn):
    """Yaw from neutral, degrees towards the person's own left."""

    kind = "turn_left"

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Degrees."""
        return deviation.yaw
