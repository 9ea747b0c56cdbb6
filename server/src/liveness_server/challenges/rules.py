"""How challenges are timed, and what mistakes cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Final

TURN_REACH_DEG: Final = 12.0
"""Degrees of held yaw that count as a turn. Flat pictures <= 7.0, bent ones <= 16.1 (see `head`)."""
TURN_START_DEG: Final = 8.0
"""Degrees of yaw at which a turn has begun. Camera-facing people <= 7.2."""
PROFILE_DEG: Final = 90.0
"""Degrees of yaw of a profile, by definition: nobody turns that far and is still seen."""


def refuse_odd_numbers(limits: Any) -> None:
    """Raise `ValueError` for a field of a dataclass of limits that is negative or not finite.

    A deadline that is no number is never over, and a hold below nothing is always kept: rules that look strict would
    ask for nothing.
    """
    for field in fields(limits):
        if not all(math.isfinite(number) and number >= 0 for number in _numbers(getattr(limits, field.name))):
            raise ValueError(f"{field.name} must be finite, and not negative")


def _numbers(value: object) -> Iterator[float]:
    values = value if isinstance(value, tuple) else (value,)
    yield from (number for number in values if isinstance(number, int | float))


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """How challenges are timed and what mistakes cost. Seconds, on the capture clock."""

    steps: int = 3
    """Challenges of a session without mistakes; 3 of the 9 of the default pool give 8.2 bits of plan."""
    deadline_s: float = 5.0
    """Prompt to reached. Spontaneous turns rise in 0.12-1.98 s (5th-95th percentile); reading takes about 1 s."""
    return_s: float = 4.0
    """Reached to neutral; spontaneous returns take 0.20-2.4 s."""
    reaction_s: float = 0.2
    """Floor of human reaction to a visual prompt: a choice, at the fast end of simple visual reactions (0.2-0.3 s)."""
    settle_s: tuple[float, float] = (0.4, 1.2)
    """Seconds of neutral before a prompt, drawn uniformly, so that its moment cannot be known. A choice."""
    settle_limit_s: float = 8.0
    """Seconds; a face that is not neutral for so long while settling counts as timed out. A choice: over three of the
    slowest spontaneous returns (`return_s`)."""
    neutral_hold_s: float = 0.3
    """Seconds of neutral that end RETURN. A choice: at 10 fps, the least that is judged, three samples."""
    wrong_hold_s: float = 0.1
    """Another movement held this long is wrong (3 frames; single-frame tracking errors do not count)."""
    max_wrong: int = 1
    """Wrong movements forgiven: people mix up left and right once. A choice, like the other three counts; what they let
    through is tried in tests/attacks/test_recording_of_all_moves.py."""
    max_early: int = 2
    """Early movements forgiven: impatience is no attack. A choice, see `max_wrong`."""
    max_timeouts: int = 1
    """Unanswered challenges forgiven. A choice, see `max_wrong`."""
    max_mistakes: int = 2
    """Mistakes of all kinds together; without it 2 of 220 recordings passed."""
    kinds: tuple[str, ...] = ()
    """Kinds a plan may draw from, further limited by the profile; empty: the default pool of nine."""
    one_of: tuple[str, ...] = ()
    """Kinds of which at least one is in every plan, beside the turn, and stays in it when a mistake is replaced."""
    turn_reach_deg: float = TURN_REACH_DEG
    """Degrees of held yaw that count as a turn. 18 also stops the bent pictures tried (<= 16.1); how comfortable people
    find 18 was not measured."""

    def __post_init__(self) -> None:
        refuse_odd_numbers(self)
        if not TURN_START_DEG < self.turn_reach_deg < PROFILE_DEG:
            raise ValueError(
                f"turn_reach_deg must be above {TURN_START_DEG}, where a turn begins, and under {PROFILE_DEG}"
            )
        if not self.settle_s[0] <= self.settle_s[1] <= self.settle_limit_s:
            raise ValueError("settle_s must be the shorter and the longer time, within settle_limit_s")
        if not max(self.reaction_s, self.wrong_hold_s) < self.deadline_s:
            raise ValueError("reaction_s and wrong_hold_s must be shorter than deadline_s")
        if not self.steps:
            raise ValueError("steps must be 1 or more")

    def extended(self, factor: float) -> ActiveRules:
        """Rules with every human time limit longer (WCAG 2.2, 2.2.1: adjust up to ten times); floors stay."""
        return replace(
            self,
            deadline_s=self.deadline_s * factor,
            return_s=self.return_s * factor,
            settle_limit_s=self.settle_limit_s * factor,
            max_early=self.max_early + 2,
            max_mistakes=self.max_mistakes + 2,
        )
