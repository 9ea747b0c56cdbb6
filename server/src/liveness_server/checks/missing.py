"""How much of a stream is missing: time without a frame, without a face where one should be, or with packets lost.

Two checks count it alike. `stream_integrity` does not judge over it; so `face_continuity`, which every shipped policy
asks to confirm, leaves the session open for the same reason, and nobody gains by losing something.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..types import CaptureTime


@dataclass(frozen=True, slots=True)
class MissingLimits:
    """How much may be missing. Both figures are explained in server/docs/stream.md."""

    max_loss: float = 0.2
    """Share of the packets between two samples of the statistics that may be lost on the way, repaired or not. With a
    tenth lost at random single seconds came to 0.16 and nearly every frame arrived; above that a decoder that lacks
    packets may repeat and smear what it has."""
    max_share: float = 0.2
    """Share of the watched time without a frame, uncovered without a face, or between two samples with more lost than
    `max_loss`. A choice: with more gone a loop can hide."""


class Missing:
    """Adds up the time of one stream, and what is missing of it."""

    def __init__(self, max_gap_s: float, max_share: float) -> None:
        self._max_gap_s = max_gap_s
        self._max_share = max_share
        self._t: CaptureTime | None = None
        self._span_s = 0.0
        self._missing_s = 0.0
        self._kept = (0.0, 0.0)

    @property
    def too_much(self) -> bool:
        """Whether more is missing than may be."""
        return self._missing_s > self._max_share * self._span_s

    def advance(self, t: CaptureTime, *, missing: bool) -> bool:
        """Take a frame, in which the face may be `missing`; True when the time before it was a gap."""
        past_s = 0.0 if self._t is None else t - self._t
        gap = past_s > self._max_gap_s
        self._t = t
        self._span_s += past_s
        if gap or missing:
            self._missing_s += past_s
        return gap

    def keep(self) -> None:
        """Remember what is known so far, for `take_back`."""
        self._kept = (self._span_s, self._missing_s)

    def take_back(self) -> None:
        """Count everything since `keep` as missing."""
        span_s, missing_s = self._kept
        self._missing_s = missing_s + self._span_s - span_s
