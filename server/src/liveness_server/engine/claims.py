"""What the client says of its own sender: counted, held against what arrived, and believed for nothing.

A capture device is not trusted. It may say whatever it likes, so nothing here is evidence: no check reads it, no
outcome depends on it, and a client that says nothing is no worse off. It is of use to whoever looks for the cause of a
poor picture (an encoder short of processor time), and a stream that differs from what its sender claims is worth a word
to the relying party. Both are flags of `stream_integrity`: noticed, and deciding nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Final

from .. import wire
from ..types import FaceObservation, ServerTime, StreamStats

FEATURE: Final = "stats"
"""What a client announces that tells how its sender fares; without it what it tells is not taken."""
CHECK_NAME: Final = "stream_integrity"
"""The check whose result carries the flags."""

EVERY_S: Final = 1.0
"""Seconds between two reports that are taken."""
JITTER_S: Final = 0.5
"""Seconds a report may come early because the one before was late; on average they come no faster all the same."""
MIN_REPORTS: Final = 3
"""Reports before a difference is named: the first second of a stream is never as claimed."""
RATE_FACTOR: Final = 1.5
"""Claimed over received frame rate, or the reverse. A choice: bursts of loss differ by 1.2, a second video by 2."""
LIMITED_SHARE: Final = 0.5
"""Share of the reports that name a limit."""


@dataclass(slots=True)
class ClientClaims:
    """One session's reports."""

    announced: bool = False
    taken: int = 0
    ignored: int = 0
    """Reports that came too soon, or unannounced."""
    _due: float = 0.0
    _received_fps: float = 0.0
    _size: tuple[int, int] = (0, 0)
    _rates: list[float] = field(default_factory=list)
    _sizes: list[bool] = field(default_factory=list)
    _limits: list[str] = field(default_factory=list)

    def watch(self, observation: FaceObservation) -> None:
        """Note the size of the frames that arrive."""
        self._size = (observation.width, observation.height)

    def receive_stats(self, stats: StreamStats) -> None:
        """Note how fast frames arrive."""
        self._received_fps = stats.fps

    def receive(self, report: wire.ClientStats, now: ServerTime) -> None:
        """Take a report, or count it as one too many."""
        if not self.announced or now < self._due - JITTER_S:
            self.ignored += 1
            return
        self._due = max(self._due, now) + EVERY_S
        self.taken += 1
        if report.fps > 0 and self._received_fps > 0:
            self._rates.append(report.fps / self._received_fps)
        if 0 not in (report.width, report.height, *self._size):
            # A phone that is turned sends the same picture with its sides exchanged, and says so a moment later.
            self._sizes.append(sorted((report.width, report.height)) == sorted(self._size))
        if report.quality_limit is not None:
            self._limits.append(report.quality_limit)

    def flags(self) -> tuple[str, ...]:
        """What is odd, or explains a poor picture."""
        odd = {
            "client_rate_differs": self._rate_differs(),
            "client_size_differs": len(self._sizes) >= MIN_REPORTS and sum(self._sizes) < len(self._sizes) / 2,
            "client_cpu_limited": self._limited("cpu"),
            "client_bandwidth_limited": self._limited("bandwidth"),
        }
        return tuple(name for name, seen in odd.items() if seen)

    def counted(self) -> dict[str, object]:
        """What a log may say of it; empty where nothing was told."""
        if not (self.taken or self.ignored):
            return {}
        return {"taken": self.taken, "ignored": self.ignored, "flags": list(self.flags())}

    def _rate_differs(self) -> bool:
        if len(self._rates) < MIN_REPORTS:
            return False
        ratio = median(self._rates)
        return max(ratio, 1 / ratio) > RATE_FACTOR

    def _limited(self, limit: str) -> bool:
        return len(self._limits) >= MIN_REPORTS and self._limits.count(limit) > LIMITED_SHARE * len(self._limits)
