"""The colour challenge: which colours, when they are over, and what the client says of when it showed them.

Off unless the policy asks for `light_response` and the client announced that it can show colours (which a page does
only when the person agreed). The colours come after the movements and before the calm time of the capture, which they
would disturb. All have one luminance and change at most twice a second: see `signal.palette` and server/docs/light.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import log2
from typing import Final

from .. import wire
from ..challenges.plan import Draw
from ..signal.palette import PALETTE
from ..types import CaptureTime, LightStep

FEATURE: Final = "light"
"""What a client announces that can show colours."""
CHECK_NAME: Final = "light_response"
STEPS: Final = 8
"""Colours of a sequence. 4 * 3^7 sequences: a recording of another session shows the same one once in 8748."""
DURATION_S: Final = (0.55, 0.8)
"""Seconds each colour takes, drawn: never more than two changes a second."""
RAMP_S: Final = 0.15
"""Seconds of fading, so that nothing jumps; a quarter of the shortest step."""
SETTLE_S: Final = 1.35
"""Seconds after the last colour in which it may still be on its way: what the check looks at, and a frame."""
MAX_DRIFT_S: Final = 0.5
"""Seconds a client may have shown a colour earlier or later than asked; beyond that its report is not believed."""
ENTROPY_BITS: Final = log2(len(PALETTE)) + (STEPS - 1) * log2(len(PALETTE) - 1)
"""Of the colours alone; their durations are drawn too, and count for nothing here."""

ID: Final = 1
"""A session shows one sequence at most."""


def draw_steps(draw: Draw) -> tuple[LightStep, ...]:
    """Draw a sequence without equal neighbours, every one as likely as any other."""
    number = draw.below(len(PALETTE))
    steps = [_step(draw, number)]
    while len(steps) < STEPS:
        number = (number + 1 + draw.below(len(PALETTE) - 1)) % len(PALETTE)
        steps.append(_step(draw, number))
    return tuple(steps)


def _step(draw: Draw, number: int) -> LightStep:
    return LightStep(PALETTE[number], round(draw.uniform(*DURATION_S), 2), RAMP_S)


@dataclass(slots=True)
class LightShow:
    """One session's colours: `begin` once, then `busy` until they are over."""

    announced: bool = False
    """The client can show colours."""
    steps: tuple[LightStep, ...] = ()
    """As asked, whatever the client reports: what it reports is held against this."""
    _since: CaptureTime | None = None
    """When they were asked for; None before that."""
    _until: CaptureTime | None = None
    """When the last of them has come back."""
    _reported: bool = False
    _over: bool = False

    @property
    def length_s(self) -> float:
        """Seconds until `busy` ends."""
        return sum(step.duration_s for step in self.steps) + SETTLE_S

    def begin(self, draw: Draw, t: CaptureTime) -> wire.Light:
        """Draw the colours, and return what to send; `t` is the capture time of the newest frame."""
        self.steps, self._since = draw_steps(draw), t
        self._until = CaptureTime(t + self.length_s)
        return wire.Light(ID, [wire.LightStep(step.colour, step.duration_s, step.ramp_s) for step in self.steps])

    def busy(self, t: CaptureTime) -> bool:
        """Whether the colours are still on the face at capture time `t`."""
        if self._until is None:
            return False
        self._over = self._over or t >= self._until
        return not self._over

    def report(self, shown_s: Sequence[float]) -> tuple[tuple[LightStep, ...], CaptureTime] | None:
        """Take the client's word on when it showed them; return what to tell the checks, None when there is nothing.

        No times mean that the person skipped the light, so it is over. Times that are not of this sequence are ignored,
        and so is everything after a report that was believed: one may not be built upon another.
        """
        if self._since is None or self._over or self._reported:
            return None
        if not shown_s:
            self._over = True
            return (), self._since
        durations = _durations(self.steps, shown_s)
        if durations is None:
            return None
        self._reported = True
        self._until = CaptureTime(self._since + shown_s[-1] + durations[-1] + SETTLE_S)
        shown = tuple(replace(step, duration_s=d) for step, d in zip(self.steps, durations, strict=True))
        return shown, CaptureTime(self._since + shown_s[0])


def _durations(steps: Sequence[LightStep], shown_s: Sequence[float]) -> list[float] | None:
    """How long each colour was really shown, the last one as asked; None when the times are not of these steps."""
    asked = [0.0, *accumulate(step.duration_s for step in steps)][:-1]
    if len(shown_s) != len(steps):
        return None
    late = [shown - due for shown, due in zip(shown_s, asked, strict=True)]
    durations = [b - a for a, b in pairwise(shown_s)]
    if max(map(abs, late)) > MAX_DRIFT_S or any(d < RAMP_S for d in durations):
        return None
    return [*durations, steps[-1].duration_s]
