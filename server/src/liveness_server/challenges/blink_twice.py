"""Blink twice."""

from __future__ import annotations

from .blink import CountedBlinks


class BlinkTwice(CountedBlinks):
    """Two blinks in a row, and no third one right after."""

    kind = "blink_twice"
    count = 2
