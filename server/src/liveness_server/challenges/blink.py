"""Blink once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from ..types import CaptureTime
from .base import Challenge, Family, Progress
from .baseline import Deviation
from .rules import ActiveRules


@dataclass(frozen=True, slots=True)
class PromptedBlinkConfig:
    """How prompted blinks are counted."""

    max_width_s: float = 0.9
    """Seconds; a deliberate blink is longer than a spontaneous one (0.45)."""
    pair_s: float = 0.8
    """Seconds between the ends of two blinks of a pair; also how long a single one must stay alone. A choice."""
    max_yaw: float = 8.0
    """Degrees from neutral; beyond, landmarks of the far eye imitate blinks (photos rise by up to 0.74 there)."""


PROMPTED: Final = PromptedBlinkConfig()


class CountedBlinks(Challenge):
    """A number of blinks after the prompt, no fewer and no more."""

    family = Family.FACE
    Config = PromptedBlinkConfig
    config = PROMPTED
    count: ClassVar[int]

    def __init__(self, earliest: CaptureTime, rules: ActiveRules | None = None) -> None:
        super().__init__(earliest, rules)
        self._last: CaptureTime | None = None
        self._seen = 0

    def update(self, deviation: Deviation) -> Progress:
        """Reached when exactly `count` blinks have come and `pair_s` passed without another."""
        self._count(deviation)
        if self._seen > self.count:
            return Progress.WRONG
        alone = self._last is not None and deviation.t - self._last >= self.config.pair_s
        if alone and self._seen == self.count:
            return Progress.REACHED
        if alone:  # too few: spontaneous ones; the prompt still stands
            self._seen, self._last = 0, None
        return Progress.WAITING

    def _count(self, deviation: Deviation) -> None:
        blink = deviation.blink
        if blink is None or blink.onset < self.earliest or abs(deviation.yaw) > self.config.max_yaw:
            return
        self.onset = self.onset or blink.onset
        self._seen += 1
        self._last = blink.end


class BlinkOnce(CountedBlinks):
    """One blink, and no second one right after."""

    kind = "blink"
    count = 1
