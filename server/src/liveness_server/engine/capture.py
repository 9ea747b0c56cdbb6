"""What comes after the last challenge: the colours, the neutral time, and the wait for missing confirmations."""

from __future__ import annotations

from typing import Final

from .. import wire
from ..challenges.plan import Draw
from ..types import CaptureTime
from .judge import Judge
from .light import CHECK_NAME, LightShow
from .policy import Timing

POLL_S: Final = 0.5
"""Capture seconds between two looks for missing confirmations: a look costs about 10 ms (the pulse)."""


class Capture:
    """One session's capture: `shine` when it begins, then every frame to `neutral_until` once nothing is `busy`."""

    def __init__(self, timing: Timing, judge: Judge, draw: Draw) -> None:
        self.light = LightShow()
        self._timing = timing
        self._judge = judge
        self._draw = draw
        self._neutral_since: CaptureTime | None = None
        self._steady_at: CaptureTime | None = None
        self._next_look_s = 0.0

    @property
    def steady(self) -> bool:
        """Whether the face was neutral for as long as it is captured; the rest is waiting."""
        return self._steady_at is not None

    def shine(self, t: CaptureTime) -> wire.Light | None:
        """Ask for colours first where they may matter: they would disturb the calm time."""
        if not (self.light.announced and self._judge.wants(CHECK_NAME)):
            return None
        asked = self.light.begin(self._draw, t)
        self._judge.receive_light(self.light.steps, t)
        return asked

    def report_light(self, report: wire.LightShown) -> None:
        """Take the client's word on when it showed them."""
        told = self.light.report(report.shown_s)
        if told is not None:
            self._judge.receive_light(*told)

    def update(self, t: CaptureTime, *, neutral: bool) -> bool:
        """Take one frame after the colours; True when there is nothing more to be had."""
        if not neutral:
            self._neutral_since = None
            return False
        self._neutral_since = t if self._neutral_since is None else self._neutral_since
        if t - self._neutral_since < self._timing.capture_s:
            return False
        self._steady_at = t if self._steady_at is None else self._steady_at
        return self._enough(t - self._steady_at)

    def _enough(self, waited_s: float) -> bool:
        """Whether nothing more is to be had by waiting for missing confirmations."""
        if waited_s >= self._timing.wait_s:
            return True
        if waited_s < self._next_look_s:
            return False
        self._next_look_s = waited_s + POLL_S
        return not self._judge.waiting(CHECK_NAME)  # the colours, if there were any, are over
