"""A pulse that hangs together, in the calmest stretch of the session: it supports, and never denies.

PASS means: a line that is coherent over methods, regions and time, in the colour of blood, and absent from background,
movement and stream. It never FAILs. An absent pulse is no attack (most web video has lost it), and everything that
imitates one happens to honest people too: a flickering lamp, a nod in rhythm, an encoder's beat. A replay on a screen
and many face swaps carry the pulse of a real person and pass here: other checks are for those. No rate leaves this
file, in any field, log or reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import hypot, log, sqrt
from statistics import median
from types import MappingProxyType
from typing import Final

import numpy as np

from ..signal.pulse import Decision, Presence, PulseLimits, Traces, judge_pulse
from ..signal.resample import runs
from ..signal.valid import Array
from ..types import CaptureTime, CheckResult, Face, FaceObservation, LightStep, Phase, StreamStats
from ..vision.flow import CALIBRATED_LANDMARKS
from ..vision.landmarks import KEPT
from .base import Check, CheckContext, Measured
from .limits import QualityLimits

_BRIDGE = KEPT.index(168)
_SKIN: Final = slice(0, 9)
_BACKGROUND: Final = slice(9, 12)
_PLACE: Final = slice(12, 15)
"""Nose bridge x, y in pixels, and the pupil distance in pixels."""
_POSE: Final = slice(15, 18)
_SHARPNESS, _LUMA, _CLIPPED = 18, 19, 20


@dataclass(frozen=True, slots=True)
class PulseConfig:
    """Where a pulse is looked for; when it counts as one stands in `limits`."""

    limits: PulseLimits = field(default_factory=PulseLimits)
    """When a line counts as a pulse; each with unit and source in `signal/pulse.py`."""
    min_margin: float = 0.0
    """Decibels that a line must stand out more than its window asks for (`limits.min_snr`): 0 by definition; a policy
    may ask for more."""
    light: QualityLimits = field(default_factory=QualityLimits)
    """Luma 0..255 and clipped fraction, medians of the window, beyond which nothing is said."""
    window_s: float = 12.0
    """Seconds of the longest window. 8 to 12 s is what a session waits for; longer ones drift with the pulse itself."""
    step_s: float = 1.0
    """Seconds between windows that are compared for calm. A choice."""
    max_gap_s: float = 1.0
    """Seconds without a face that a window may bridge: a freeze of 1 s cost 2 dB of 9 on a still face."""
    min_bitrate_vp8: float = 190_000.0
    """Bits per second of VP8, median of the receiver's samples in the window; less leaves no pulse. A still face of 528
    by 592 pixels keeps 4.9 dB of 9.2 at 220 kb/s and 0.1 dB at 165: the middle by ratio (server/docs/pulse.md)."""
    min_bitrate_h264: float = 160_000.0
    """Bits per second of H.264, likewise. The same face has its pulse at 188 kb/s, and at 138 a line of 8.0 dB in
    another colour: the middle by ratio. Of other codecs no limit is known."""
    max_speed: float = 0.6
    """Pupil distances per second, rms of the nose bridge: a pulse was read at 0.08 on a real face and at 0.48 on a
    rendered one; at 1.2 the strongest line was the head's own. Under the middle. See server/docs/pulse.md."""
    lead_s: float = 4.0
    """Seconds of positioning that may count: half of any window at least is after the first prompt. A choice."""
    light_tail_s: float = 1.3
    """Seconds after the last colour of the light in which it may still be on the face: the 1.0 + 0.3 in which
    `light_response` looks for its answer."""


class Pulse(Check):
    """PASS on a coherent pulse; INCONCLUSIVE otherwise, never FAIL: most web video has lost it."""

    name = "pulse"
    Config = PulseConfig
    calibrated_on = MappingProxyType({"landmarks": CALIBRATED_LANDMARKS})
    measured = Measured("strength of the line over what its window asks for", "dB", "min_margin", higher_is_live=True)

    def __init__(self, context: CheckContext, config: PulseConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or PulseConfig()
        self._times: list[CaptureTime] = []
        self._rows: list[tuple[float, ...]] = []
        self._moved: list[float] = []
        """Integral of the nose bridge's squared speed up to each frame, (pupil distances)^2 / s."""
        self._started: CaptureTime | None = None
        self._lit: tuple[float, float] | None = None
        """Capture times between which coloured light may have been on the face."""
        self._needed = {"VP8": self.config.min_bitrate_vp8, "H264": self.config.min_bitrate_h264}
        self._rates: list[tuple[CaptureTime, float]] = []
        """Capture time of the newest face, and the bits of the second before over those that its codec needs."""

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep what is needed of one frame, in any phase; a covered face is a gap."""
        if self._started is None and phase is not Phase.POSITIONING:
            self._started = observation.t
        face, t = observation.face, observation.t
        if face is None or phase is Phase.COVERED or (self._times and t <= self._times[-1]):
            return
        row = _row(face, observation.width)
        step_moved = _moved(self._rows[-1], row) ** 2 / (t - self._times[-1]) if self._times else 0.0
        self._moved.append(step_moved + (self._moved[-1] if self._moved else 0.0))
        self._times.append(t)
        self._rows.append(row)

    def receive_stats(self, stats: StreamStats) -> None:
        """Note what the stream held at this moment, where it is known how little is too little."""
        needed = self._needed.get(stats.codec)
        if self._times and needed is not None:
            self._rates.append((self._times[-1], stats.bitrate / needed))

    def receive_light(self, steps: Sequence[LightStep], t: CaptureTime) -> None:
        """Leave out the time in which these colours are shown; of a light that was skipped, the time until now."""
        since = t if self._lit is None else min(self._lit[0], t)
        shown_s = sum(step.duration_s for step in steps)
        last = t + shown_s if steps else (self._times or [t])[-1]
        self._lit = (since, last + self.config.light_tail_s)

    def result(self) -> CheckResult:
        """Judge the calmest window of all."""
        decision = self._decision()
        if decision.presence is Presence.COHERENT:
            return self.passed(decision.quality)
        return self.abstained(decision.reason, decision.quality)

    def measure(self) -> float | None:
        """Strength of the line in the calmest window; None where no window is fit to be judged."""
        margin = self._decision().margin_db
        return None if margin is None else margin + self.config.min_margin

    def _decision(self) -> Decision:
        windows = list(self._windows())
        if not windows:
            return Decision(Presence.ABSTAIN, "too_short")
        speed, window = min(((self._speed(window), window) for window in windows), key=lambda pair: pair[0])
        if speed > self.config.max_speed:
            return Decision(Presence.ABSTAIN, "large_motion")
        rows, t = np.array(self._rows[window]), np.array(self._times[window])
        problem = self._light(rows) or self._coding(t)
        if problem is not None:
            return Decision(Presence.ABSTAIN, problem)
        limits = self.config.limits
        raised = tuple(snr + self.config.min_margin for snr in limits.min_snr)
        return judge_pulse(_traces(t, rows), replace(limits, min_snr=raised))

    def _speed(self, window: slice) -> float:
        """Rms speed of the nose bridge, pupil distances per second."""
        last = window.stop - 1
        moved = self._moved[last] - self._moved[window.start]
        return float(sqrt(moved / (self._times[last] - self._times[window.start])))

    def _windows(self) -> Iterator[slice]:
        """Every window long enough: within a run without gaps, a step apart, the last one ending with the run."""
        if self._started is None or len(self._times) < 2:
            return
        t = np.array(self._times)
        for run in self._unlit(t):
            first, last = max(t[run.start], self._started - self.config.lead_s), t[run.stop - 1]
            if last - first < self.config.limits.min_seconds:
                continue
            latest = max(last - self.config.window_s, first)
            starts = np.append(np.arange(first, latest, self.config.step_s), latest)
            ends = np.minimum(starts + self.config.window_s + 1e-6, last)
            for start, stop in zip(np.searchsorted(t, starts), np.searchsorted(t, ends, "right"), strict=True):
                yield slice(int(start), int(stop))

    def _unlit(self, t: Array) -> list[slice]:
        """Runs without a gap, of which one is the coloured light."""
        whole = runs(t, max_gap=self.config.max_gap_s)
        if self._lit is None:
            return whole
        start, stop = np.searchsorted(t, self._lit[0]), np.searchsorted(t, self._lit[1], "right")
        before = [slice(run.start, min(run.stop, int(start))) for run in whole]
        after = [slice(max(run.start, int(stop)), run.stop) for run in whole]
        return [run for run in (*before, *after) if run.start < run.stop]

    def _light(self, rows: Array) -> str | None:
        luma, clipped = np.median(rows[:, _LUMA]), np.median(rows[:, _CLIPPED])
        if luma < self.config.light.min_luma:
            return "too_dark"
        return "too_bright" if luma > self.config.light.max_luma or clipped > self.config.light.max_clipped else None

    def _coding(self, t: Array) -> str | None:
        within = [rate for at, rate in self._rates if t[0] < at <= t[-1]]
        return "low_bitrate" if within and median(within) < 1 else None


def _row(face: Face, width: int) -> tuple[float, ...]:
    """Numbers of one frame; places in widths of the frame, which a sender may change as it goes."""
    skin, pose = face.skin, face.pose
    x, y, _ = face.points[_BRIDGE]
    return (
        *skin.forehead,
        *skin.cheek_left,
        *skin.cheek_right,
        *skin.background,
        x / width,
        y / width,
        max(face.ipd_px, 1e-6) / width,
        pose.yaw,
        pose.pitch,
        pose.roll,
        log(max(face.sharpness, 1e-6)),
        face.luma,
        face.clipped,
    )


def _moved(before: tuple[float, ...], row: tuple[float, ...]) -> float:
    """Way of the nose bridge between two rows, pupil distances."""
    (x0, y0, _), (x, y, ipd) = before[_PLACE], row[_PLACE]
    return hypot(x - x0, y - y0) / ipd


def _traces(t: Array, rows: Array) -> Traces:
    ipd = float(np.median(rows[:, _PLACE][:, 2]))
    place = 100 * rows[:, _PLACE] / ipd
    intervals = np.diff(t, prepend=2 * t[0] - t[1])
    pacing = intervals / intervals.mean()
    return Traces(
        t=t,
        skin=rows[:, _SKIN].reshape(-1, 3, 3),
        background=rows[:, _BACKGROUND],
        motion=np.concatenate([place, rows[:, _POSE]], axis=1),
        stream=np.stack([rows[:, _SHARPNESS], pacing], axis=1),
    )
