"""Hold a hand beside the face and move it slowly across, in front of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from ..types import CaptureTime
from .base import Challenge, Family, Hold, Progress
from .baseline import Deviation
from .head import EXPRESSIONS, NOD
from .rules import TURN_START_DEG, ActiveRules

Side = tuple[int, int, int, int]
"""Columns of the face: outer and inner one of a side, and those of the other side."""
SIDES: Final[tuple[Side, Side]] = ((0, 1, 4, 3), (4, 3, 0, 1))
"""Image left and right."""
MIDDLE: Final = 2


@dataclass(frozen=True, slots=True)
class HandConfig:
    """What counts as a hand that passes. Source of all: server/docs/challenges.md."""

    hold_s: float = 0.1
    """Seconds the inner column of one side is covered with the other side clear, and then the outer one of the other.
    Inner, because a face painted over a hand leaves the hand to be seen at the outline: rendered hands at least 0.17 s,
    the same under a swap 0."""
    cross_s: float = 3.0
    """Seconds at most from the one side to the other: a pass, not two hands one after the other. A choice."""
    lost_s: float = 1.0
    """Seconds the face may be lost under the hand before the pass starts again. A choice."""
    max_yaw: float = TURN_START_DEG
    """Degrees from neutral: beyond, the head turns, and its own relief changes the cells."""
    max_pitch: float = NOD.start
    """As above."""


class HandAcrossFace(Challenge):
    """Something that is not the face covers one side of it, passes, covers the other side, and is gone."""

    kind = "hand_across_face"
    family = Family.HAND
    by_default = False
    hides_face = True
    Config = HandConfig
    config: ClassVar[HandConfig] = HandConfig()
    # Under a hand landmarks are guessed; a head that turns is still told, and stays wrong.
    tolerates = EXPRESSIONS | {"look_up", "look_down", "move_closer"}

    def __init__(self, earliest: CaptureTime, rules: ActiveRules | None = None) -> None:
        super().__init__(earliest, rules)
        self._arriving = [Hold(self.config.hold_s) for _ in SIDES]
        self._leaving = [Hold(self.config.hold_s) for _ in SIDES]
        self._from: Side | None = None
        self._seen_t = self._since = earliest
        self._passed = False

    def update(self, deviation: Deviation) -> Progress:
        """Reached when the side opposite of the one first covered has been the covered one."""
        self._seen_t = deviation.t
        if self.onset is None and self.started(deviation):
            self.onset = deviation.t
        if self._across(deviation):
            return Progress.REACHED
        self._arrive(deviation)
        return Progress.WAITING

    def lost(self, t: CaptureTime) -> None:
        """A face lost under the hand is a face covered in the middle, for a moment."""
        self._passed = True
        if t - self._seen_t > self.config.lost_s:
            self._from = None

    def _arrive(self, deviation: Deviation) -> None:
        for side, hold in zip(SIDES, self._arriving, strict=True):
            _, inner, *others = side
            held = hold.update(deviation, _only(deviation, inner, others))
            if held and (self._from is None or not self._passed):
                self._from, self._since, self._passed = side, deviation.t, False
        if deviation.t - self._since > self.config.cross_s:
            self._from = None

    def _across(self, deviation: Deviation) -> bool:
        covered = _covered(deviation)
        self._passed = self._passed or bool(covered and covered[MIDDLE])
        across = False
        for side, hold in zip(SIDES, self._leaving, strict=True):
            outer, _, *others = side
            held = hold.update(deviation, _only(deviation, outer, others))
            across = across or (held and self._passed and self._from is not None and self._from is not side)
        return across

    @classmethod
    def at_rest(cls, deviation: Deviation) -> bool:
        """Whether nothing is in front of the face."""
        return not any(_covered(deviation))

    @classmethod
    def started(cls, deviation: Deviation) -> bool:
        """Whether something is."""
        return any(_covered(deviation))


def _covered(deviation: Deviation) -> tuple[bool, ...]:
    """Columns that are covered, unless it is the head that has moved."""
    config = HandAcrossFace.config
    moved = abs(deviation.yaw) > config.max_yaw or abs(deviation.pitch) > config.max_pitch
    return () if moved else deviation.covered


def _only(deviation: Deviation, wanted: int, others: list[int]) -> bool:
    covered = _covered(deviation)
    return bool(covered) and covered[wanted] and not any(covered[c] for c in others)
