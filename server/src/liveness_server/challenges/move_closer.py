"""Move closer to the camera."""

from __future__ import annotations

from .base import Family, HeldConfig, HeldMovement
from .baseline import Deviation


class MoveCloser(HeldMovement):
    """Growth of the apparent size, by the 3-D pupil distance so that a turn does not count."""

    kind = "move_closer"
    family = Family.DISTANCE
    config = HeldConfig(rest=0.08, start=0.12, reach=0.20)
    """Fraction of the neutral size. People who stay vary by -8..+7 % (9 clips); one who moves, by +34 %."""
    tolerates = frozenset({"look_up", "look_down", "open_mouth", "smile"})

    @classmethod
    def amount(cls, deviation: Deviation) -> float:
        """Fraction of the neutral size."""
        return deviation.scale - 1.0
