"""What the receiver's statistics say of one stream: packets lost on the way, the codec, the rate it was announced with.

The server is the receiver, so these are its own reports, not the sender's word; only the announced rate is that.
"""

from __future__ import annotations

from statistics import median

from ..types import StreamStats

MIN_SAMPLES = 3
"""Samples of the frame rate, about a second each, before it is compared: the first may begin before the stream does."""


class Reception:
    """Follows the samples of one stream; `add` says whether the time since the last one can be believed."""

    def __init__(self, max_loss: float) -> None:
        self._max_loss = max_loss
        self._rates: list[float] = []
        self._last: StreamStats | None = None
        self._codec = ""
        self.recoded = False
        """Whether the codec changed."""

    def add(self, stats: StreamStats) -> bool:
        """Take a sample; True when more than `max_loss` of the packets since the last one were lost on the way."""
        before, self._last = self._last, stats
        self._follow_codec(stats.codec)
        if stats.fps > 0:
            self._rates.append(stats.fps)
        lost = stats.lost - (before.lost if before else 0)
        received = stats.packets - (before.packets if before else 0)
        return received > 0 and lost > self._max_loss * (lost + received)

    @property
    def lossless(self) -> bool:
        """Whether every packet came and no frame was dropped here: whatever is missing was never sent."""
        last = self._last
        return last is not None and last.packets > 0 and last.lost == 0 and last.dropped == 0

    @property
    def rate_ratio(self) -> float:
        """Frame rate over the announced one; 1 where none was announced or too little was seen."""
        if self._last is None or self._last.declared_fps <= 0 or len(self._rates) < MIN_SAMPLES:
            return 1.0
        return median(self._rates) / self._last.declared_fps

    def _follow_codec(self, codec: str) -> None:
        self.recoded |= "" not in (codec, self._codec) and codec != self._codec
        self._codec = codec or self._codec
