"""How evenly frames come: a flag, and no more, since every file is paced like a constant sender."""

from __future__ import annotations

from collections import Counter
from typing import Final

TICKS_PER_S: Final = 90_000
"""RTP clock of video, Hz: steps are counted in its ticks, so that their memory is bounded."""


class Pacing:
    """Counts the steps of capture time of one stream."""

    def __init__(self) -> None:
        self._steps: Counter[int] = Counter()

    def add(self, step_s: float) -> None:
        """Take the time from one frame to the next, seconds."""
        self._steps[round(step_s * TICKS_PER_S)] += 1

    def exact(self, within_s: float, at_least: int) -> float:
        """Share of steps within so many seconds of their median; 0 while there are fewer than `at_least`."""
        total = self._steps.total()
        if total < at_least:
            return 0.0
        median = sorted(self._steps.elements())[total // 2]
        near = within_s * TICKS_PER_S
        return sum(n for step, n in self._steps.items() if abs(step - median) <= near) / total
