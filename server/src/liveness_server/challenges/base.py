"""The contract of a challenge: a movement that can be asked for, told from every other one, and timed.

A new challenge is one file with one class here, and one line in `challenges.REGISTRY`. It says how far a movement has
gone (`amount`), and its frozen `Config` says where it starts, counts, and is over again, each with unit and source.
The step machine in `sequence` does the rest: deadlines, reaction times, wrong, early and extra movements.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ..types import CaptureTime
from .baseline import Deviation
from .rules import ActiveRules

MAX_GAP_S = 0.12
"""Seconds between frames above which a hold starts again; slowest live clips measured have 100 ms frames."""
MAX_SPEED = 150.0
"""Degrees per second of yaw or pitch above which a hold starts again; fastest live turn measured 99 (38 turns)."""


class Family(StrEnum):
    """What a challenge asks the person to move; profiles choose families."""

    HEAD = "head"
    FACE = "face"
    DISTANCE = "distance"
    HAND = "hand"


class Progress(StrEnum):
    """What one observation did to the challenge under way."""

    WAITING = "waiting"
    REACHED = "reached"
    WRONG = "wrong"


class Challenge(ABC):
    """One prompt's life: made when the prompt is sent, fed every deviation after it."""

    kind: ClassVar[str]
    """Registry name, as on the wire."""
    family: ClassVar[Family]
    tolerates: ClassVar[frozenset[str]] = frozenset()
    """Kinds whose movement may come along without being wrong."""
    by_default: ClassVar[bool] = True
    """Whether plans draw it unless the policy says from what; the others are for policies that name them."""
    hides_face: ClassVar[bool] = False
    """Whether it covers or turns away the face: what is measured of the face meanwhile says little."""
    Config: ClassVar[type]

    def __init__(self, earliest: CaptureTime, rules: ActiveRules | None = None) -> None:
        self.earliest = earliest
        """Capture time before which no onset counts (prompt + reaction floor)."""
        self.rules = rules or ActiveRules()
        self.onset: CaptureTime | None = None

    @abstractmethod
    def update(self, deviation: Deviation) -> Progress:
        """Take one deviation after the prompt."""

    def lost(self, t: CaptureTime) -> None:  # noqa: B027 - most challenges only wait
        """Take one frame without a face after the prompt."""

    def excuses(self, deviation: Deviation) -> bool:
        """Whether this frame cannot show another movement, because of how this one is made."""
        return False

    @classmethod
    def at_rest(cls, deviation: Deviation) -> bool:
        """Whether the movement is over; of events without an amount it always is."""
        return True

    @classmethod
    def started(cls, deviation: Deviation) -> bool:
        """Whether the movement has visibly begun; of events without an amount it never has."""
        return False


@dataclass(frozen=True, slots=True)
class HeldConfig:
    """Thresholds of a movement that is held: same unit as the challenge's `amount`."""

    rest: float
    """At or under this the movement is over."""
    start: float
    """At or over this it has begun: before the prompt that is early."""
    reach: float
    """At or over this, for `hold_s`, it counts."""
    hold_s: float = 0.3
    """Seconds the movement is held (9 frames at 30 fps; single-frame tracking errors reach 26 degrees)."""


class HeldMovement(Challenge):
    """A movement with an amount that is reached, held, and taken back."""

    Config = HeldConfig
    config: ClassVar[HeldConfig]

    def __init__(self, earliest: CaptureTime, rules: ActiveRules | None = None) -> None:
        super().__init__(earliest, rules)
        self._hold = Hold(self.config.hold_s)

    @classmethod
    @abstractmethod
    def amount(cls, deviation: Deviation) -> float:
        """How far the movement has gone; negative when it goes the other way."""

    @classmethod
    def reach(cls, rules: ActiveRules) -> float:
        """Amount that counts under these rules."""
        return cls.config.reach

    @classmethod
    def valid(cls, deviation: Deviation) -> bool:
        """Whether this frame may count as reached at all (tracking rules)."""
        return True

    @classmethod
    def at_rest(cls, deviation: Deviation) -> bool:
        """Whether the movement is over."""
        return cls.amount(deviation) <= cls.config.rest

    @classmethod
    def started(cls, deviation: Deviation) -> bool:
        """Whether the movement has visibly begun."""
        return cls.amount(deviation) >= cls.config.start

    @classmethod
    def reached(cls, deviation: Deviation, rules: ActiveRules) -> bool:
        """Whether this frame shows the whole movement."""
        return cls.amount(deviation) >= cls.reach(rules) and cls.valid(deviation)

    def update(self, deviation: Deviation) -> Progress:
        """Reached once held for `hold_s` without a lost face, a gap or a jump."""
        if self.onset is None and self.started(deviation):
            self.onset = deviation.t
        held = self._hold.update(deviation, self.reached(deviation, self.rules))
        return Progress.REACHED if held else Progress.WAITING

    def lost(self, t: CaptureTime) -> None:
        """A face that is gone holds nothing: tracking of a steeply tilted picture tears, that of a head goes on."""
        self._hold.reset()


class Hold:
    """Whether a condition has held for a time, without a gap in tracking or an impossible jump."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._since: CaptureTime | None = None
        self._last: Deviation | None = None

    def update(self, deviation: Deviation, condition: bool) -> bool:
        """Take one frame; True when the condition has held long enough."""
        last, self._last = self._last, deviation
        if not condition or (last is not None and _broken(last, deviation)):
            self._since = None
        if condition and self._since is None:
            self._since = deviation.t
        return self._since is not None and deviation.t - self._since >= self._hold_s - 1e-6

    def reset(self) -> None:
        """Forget what was held."""
        self._since = None
        self._last = None


def _broken(before: Deviation, after: Deviation) -> bool:
    gap = after.t - before.t
    if gap <= 0 or gap > MAX_GAP_S:
        return True
    return max(abs(after.yaw - before.yaw), abs(after.pitch - before.pitch)) > MAX_SPEED * gap
