"""Blinks as events: a rise of the eyelid signal over the person's own rest, with a width, and a release.

Levels do not transfer between people (blendshape eyeBlink between blinks: median 0.12, 95th percentile 0.31), the rise
over the preceding seconds does: a photo never rises by more than 0.08 while its yaw stays under 8 degrees, deep blinks
of live faces by 0.25 or more in 95 of 100. The gap 0.08-0.25 was measured on 231 blinks of 38 public clips and 14
rendered photos, with this landmark model; the threshold stands in its upper half because a smile or a downward look
also raises the signal (those last longer than a blink and fall to the width rule).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median, quantiles

from ..types import CaptureTime, FaceObservation


@dataclass(frozen=True, slots=True)
class BlinkConfig:
    """Definition of a blink."""

    min_rise: float = 0.20
    """Blendshape units over the running median; gap 0.08 (photos) .. 0.25 (5th percentile of deep live blinks)."""
    max_ear_ratio: float = 0.6
    """Eye aspect ratio relative to its running 80th percentile; deep blinks are under 0.55. A smile or a downward look
    also raises the blendshape, but closes the lid less. Of 72 blinks of two clips 0.6 and 0.8 find the same 70
    (server/docs/challenges.md)."""
    min_width_s: float = 0.06
    """Seconds above half the peak rise: two frames at 30 fps, one at 15. Widths of 77 blinks of two clips >= 0.08,
    5th percentile 0.12."""
    max_width_s: float = 0.45
    """Seconds; 95th percentile of spontaneous blinks 0.37."""
    window_s: float = 3.0
    """Seconds of history behind the running median (2-5 s work alike)."""
    min_history_s: float = 0.5
    """Seconds of history before the first blink can be told: a choice, above the longest spontaneous blink (0.45),
    so that a session that begins with closed eyes has an open eye in its median."""


@dataclass(frozen=True, slots=True)
class Blink:
    """One blink: when the lid began to fall, when it was open again (capture seconds), and its peak rise."""

    onset: CaptureTime
    end: CaptureTime
    peak: float


class BlinkDetector:
    """Causal detector over one face; feed it every observation in order."""

    def __init__(self, config: BlinkConfig | None = None, *, max_width_s: float | None = None) -> None:
        self.config = config or BlinkConfig()
        self._max_width = max_width_s or self.config.max_width_s
        self._history: deque[tuple[CaptureTime, float, float]] = deque()
        self._open: _Closing | None = None

    def update(self, observation: FaceObservation) -> Blink | None:
        """Return the blink that ends with this frame, else None. A lost face forgets a blink under way."""
        face = observation.face
        if face is None:
            self._open = None
            return None
        level = (face.expression.blink_left + face.expression.blink_right) / 2
        return self._step(observation.t, level, face.expression.ear)

    def _step(self, t: CaptureTime, level: float, ear: float) -> Blink | None:
        self._forget_before(t - self.config.window_s)
        blink = None
        if self._open is not None:
            blink = self._track(t, level, ear)
        elif self._has_history(t):
            self._watch(t, level, ear)
        # Frames inside a blink stay out of the rest level they are compared with.
        if self._open is None:
            self._history.append((t, level, ear))
        return blink

    def _watch(self, t: CaptureTime, level: float, ear: float) -> None:
        rest = median(entry[1] for entry in self._history)
        if level - rest >= self.config.min_rise / 2:
            open_ear = quantiles((entry[2] for entry in self._history), n=5)[3]
            self._open = _Closing(t, rest, open_ear, [(t, level - rest, ear)])

    def _track(self, t: CaptureTime, level: float, ear: float) -> Blink | None:
        closing = self._open
        assert closing is not None
        rise = level - closing.rest
        closing.samples.append((t, rise, ear))
        if t - closing.onset > 2 * self._max_width + self.config.window_s:
            self._open = None
            self._history.clear()  # the rest level itself has moved (glasses, a downward look): learn it anew
            return None
        if rise > max(0.5 * closing.peak, self.config.min_rise / 2):
            return None
        self._open = None
        return self._judge(closing, t)

    def _judge(self, closing: _Closing, t: CaptureTime) -> Blink | None:
        lowest = min(sample[2] for sample in closing.samples)
        width = closing.half_width(t)
        deep = closing.peak >= self.config.min_rise and lowest <= self.config.max_ear_ratio * closing.open_ear
        if deep and self.config.min_width_s <= width <= self._max_width:
            return Blink(closing.onset, t, closing.peak)
        return None

    def _has_history(self, t: CaptureTime) -> bool:
        return len(self._history) >= 5 and t - self._history[0][0] >= self.config.min_history_s

    def _forget_before(self, t: float) -> None:
        while len(self._history) > 5 and self._history[0][0] < t:
            self._history.popleft()


@dataclass(slots=True)
class _Closing:
    onset: CaptureTime
    rest: float
    open_ear: float
    samples: list[tuple[CaptureTime, float, float]]

    @property
    def peak(self) -> float:
        return max(sample[1] for sample in self.samples)

    def half_width(self, end: CaptureTime) -> float:
        """Seconds from the first sample above half the peak to the frame that fell below it."""
        half = self.peak / 2
        return end - next(t for t, rise, _ in self.samples if rise >= half)
