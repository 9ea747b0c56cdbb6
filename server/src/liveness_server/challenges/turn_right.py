"""Turn the head to the person's own right."""

from __future__ import annotations

from .baseline import Deviation
from .head import Turn


class TurnRight(Turn):
    """Yaw from neutral, degrees towards the person's own right."""

    kind = "turn_right"

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Degrees."""
        return -deviation.yaw
