"""What the head movements share: thresholds of turn and nod, and the aspect rule.

Measured on 45 live clips and 14-11 rendered attacks per kind with this landmark model. A flat picture tilted by up to
65 degrees shows at most 7.0 degrees of held yaw and 5.5 of pitch; a bent one up to 16.1 (yaw) and 14.2 (pitch); a
person facing the camera drifts by 2.8 (yaw) and 3.6 (pitch) at the 90th percentile of 2 s spans, 7.2 and 5.5 at most.
"""

from __future__ import annotations

from typing import Final

from .base import Family, HeldConfig, HeldMovement
from .baseline import Deviation
from .rules import TURN_REACH_DEG, TURN_START_DEG, ActiveRules

TURN: Final = HeldConfig(rest=5.0, start=TURN_START_DEG, reach=TURN_REACH_DEG)
"""Degrees of yaw. reach: flat pictures <= 7.0, margin 5. start: camera-facing people <= 7.2. rest: p90 of drift 2.8."""

NOD: Final = HeldConfig(rest=5.0, start=7.5, reach=10.0)
"""Degrees of pitch. reach: flat pictures <= 5.5, margin 4.5. start: camera-facing people <= 5.5."""

ASPECT = (0.86, 1.12)
"""Eye-corner width over face height relative to neutral: 1st-99th percentile of live turns 0.84-1.05 (13 clips)."""

EXPRESSIONS: Final = frozenset({"open_mouth", "smile"})
"""Kinds that may come along with a head movement: looking up parts the lips, blendshapes drift with pose."""


def keeps_aspect(deviation: Deviation) -> bool:
    """Whether the face keeps the shape a rigid head has."""
    return ASPECT[0] < deviation.aspect < ASPECT[1]


class Turn(HeldMovement):
    """A turn to one side, held at `ActiveRules.turn_reach_deg`."""

    family = Family.HEAD
    config = TURN
    # Pitch couples into turns (median 4, 95th percentile 13 degrees); a turn may go on until it is a profile.
    tolerates = EXPRESSIONS | {"look_up", "look_down", "turn_to_profile"}

    @classmethod
    def reach(cls, rules: ActiveRules) -> float:
        """Degrees; a stricter policy asks for more."""
        return rules.turn_reach_deg

    @classmethod
    def valid(cls, deviation: Deviation) -> bool:
        """A steeply tilted flat picture breaks the face's aspect; a turned head keeps it."""
        return keeps_aspect(deviation)
