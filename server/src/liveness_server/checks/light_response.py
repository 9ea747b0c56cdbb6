"""The face answers the light of its own screen, by now and not by a recording: it confirms, and rarely denies.

PASS means: the skin changed its colour with the sequence that was drawn for this session, at one lag, as almost no
other sequence would have it, and more than the background behind it. So what is before the camera was lit by this
screen in this session. That is no proof of life: paper reflects like skin, a mask does, and a program that reads the
sequence can tint the picture it makes. A recording cannot pass, but as often as `max_p` says.

FAIL is only said where the light proves itself to have arrived: the background follows the sequence and the face, which
is nearer, does not. Where neither does, the room may be too bright or the screen too dark, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np

from ..signal.coupling import Coupling, Shown, couple, gain_at
from ..signal.palette import PALETTE, linear_light, random_sequences, rgb_of
from ..signal.valid import Array
from ..types import CaptureTime, CheckResult, FaceObservation, LightStep, Phase
from ..vision.flow import CALIBRATED_LANDMARKS
from .base import Check, CheckContext, Measured
from .limits import QualityLimits

CONTROLS: Final = 1999
"""Sequences compared with: the smallest probability that can be said is 1 in 2000."""
_COLOURS: Final[Array] = linear_light([rgb_of(colour) for colour in PALETTE])
_SKIN, _BACKGROUND, _LUMA, _CLIPPED = slice(0, 3), slice(3, 6), 6, 7


@dataclass(frozen=True, slots=True)
class LightConfig:
    """When the face answers. Measured on modelled faces in server/docs/light.md."""

    max_p: float = 0.005
    """Probability of as good a fit to a sequence that was not shown: a recording gets this far as often. A choice."""
    min_lag_s: float = 0.0
    """Seconds. Light is answered after it was asked for, never before."""
    max_lag_s: float = 1.0
    """Seconds from asking to the frame: network both ways, screen, camera and queues. A choice."""
    reach_s: float = 0.3
    """Seconds beyond the plausible lags that are looked at too, so that a later answer is seen to be late. A choice."""
    max_half_apart_s: float = 0.2
    """Seconds between the lag of the first half and that of the second. A third of a step: a choice."""
    min_sharpness: float = 0.25
    """Fall of the correlation 0.3 s beside its peak. Steps of 0.55 to 0.8 s fall by half and more without noise; drift
    does not. A choice."""
    max_background_share: float = 0.5
    """Ratio of the background's gain to that of the face. What stands twice as far gets a quarter of the light."""
    noise_margin: float = 3.0
    """Standard deviations that the face's gain may be under-measured by before it counts as not answering."""
    min_fps: float = 10.0
    """Frames per second; a step then has five at least. A choice."""
    max_gap_s: float = 0.5
    """Seconds between two frames: shorter than any step."""
    light: QualityLimits = field(default_factory=QualityLimits)
    """Luma 0..255 and clipped fraction of the face, medians, beyond which a room is too bright."""


class LightResponse(Check):
    """PASS when the skin answers the colours shown; FAIL when only the background does; INCONCLUSIVE otherwise."""

    name = "light_response"
    Config = LightConfig
    measured = Measured("probability of the response without the light", "1", "max_p", higher_is_live=False)
    calibrated_on = MappingProxyType({"landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: LightConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or LightConfig()
        self._times: list[CaptureTime] = []
        self._rows: list[tuple[float, ...]] = []
        self._shown: Shown | None = None
        self._asked: CaptureTime | None = None

    def receive_light(self, steps: Sequence[LightStep], t: CaptureTime) -> None:
        """Expect these colours from `t` on, or none; replaces what was expected before."""
        self._asked = t if self._asked is None else self._asked
        self._shown = _shown(steps, t) if steps else None

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep the colours of one frame, from the first light on, which is after all that covers the face."""
        face, t = observation.face, observation.t
        if self._asked is None or face is None or t < self._asked or (self._times and t <= self._times[-1]):
            return
        self._times.append(t)
        skin = np.mean([face.skin.forehead, face.skin.cheek_left, face.skin.cheek_right], axis=0)
        self._rows.append((*skin, *face.skin.background, face.luma, face.clipped))

    def result(self) -> CheckResult:
        """Compare the skin with the light, and with the background."""
        if self._shown is None:
            return self.abstained("not_run", 0.5)  # not for want of pictures: to be named beside anything else
        if not self._complete(self._shown):
            return self.abstained("incomplete")
        rows = np.array(self._rows)
        skin = self._coupling(_colours(rows, _SKIN), self._shown)
        if skin.p > self.config.max_p:
            return self._unanswered(skin, rows, self._shown)
        if self._lag_unclear(skin):
            return self.abstained("lag_unclear", 0.5)
        return self._against_background(skin, rows, self._shown)

    def measure(self) -> float | None:
        """Return the probability of the skin's response without the light."""
        if self._shown is None or not self._complete(self._shown):
            return None
        return self._coupling(_colours(np.array(self._rows), _SKIN), self._shown).p

    def _complete(self, shown: Shown) -> bool:
        """Whether there are frames enough, over the light and all lags."""
        times = np.array(self._times)
        first, last = shown.starts[0] + shown.ramps[0], shown.end + self.config.max_lag_s + self.config.reach_s
        if len(times) < 2 or times[0] > first or times[-1] < last:
            return False
        within = times[: np.searchsorted(times, last) + 1]
        dense = len(within) > self.config.min_fps * (within[-1] - within[0])
        return bool(dense and (np.diff(within) <= self.config.max_gap_s).all())

    def _coupling(self, rgb: Array, shown: Shown) -> Coupling:
        lags = (self.config.min_lag_s, self.config.max_lag_s + self.config.reach_s)
        return couple(self._times, rgb, shown, _controls(len(shown.starts)), lags=lags)

    def _lag_unclear(self, skin: Coupling) -> bool:
        first, second = skin.half_lags_s
        plausible = self.config.min_lag_s < skin.lag_s <= self.config.max_lag_s
        stable = abs(first - second) <= self.config.max_half_apart_s
        return not (plausible and stable and skin.sharpness >= self.config.min_sharpness)

    def _unanswered(self, skin: Coupling, rows: Array, shown: Shown) -> CheckResult:
        behind = self._coupling(_colours(rows, _BACKGROUND), shown)
        if behind.p <= self.config.max_p and not self._lag_unclear(behind):
            most = gain_at(self._times, _colours(rows, _SKIN), shown, lag_s=behind.lag_s)
            if most + self.config.noise_margin * skin.noise < behind.gain:
                return self.failed("no_response")
        return self.abstained("too_bright_room" if self._bright(rows) else "weak_response", 0.5)

    def _against_background(self, skin: Coupling, rows: Array, shown: Shown) -> CheckResult:
        if not rows[:, _BACKGROUND].any(axis=1).all():
            return self.abstained("no_background", 0.5)
        behind = gain_at(self._times, _colours(rows, _BACKGROUND), shown, lag_s=skin.lag_s)
        if behind > self.config.max_background_share * skin.gain:
            return self.abstained("background_follows", 0.5)
        return self.passed(min(max(skin.correlation, 0.0), 1.0))

    def _bright(self, rows: Array) -> bool:
        luma, clipped = np.median(rows[:, (_LUMA, _CLIPPED)], axis=0)
        return bool(luma > self.config.light.max_luma or clipped > self.config.light.max_clipped)


def _colours(rows: Array, part: slice) -> Array:
    """A region's trace; black, as where it is out of view, is as dark as one grey level."""
    return np.maximum(rows[:, part], 1.0)


def _shown(steps: Sequence[LightStep], t: float) -> Shown:
    ends = t + np.cumsum([step.duration_s for step in steps])
    return Shown(
        colours=linear_light([rgb_of(step.colour) for step in steps]),
        starts=np.concatenate([[t], ends[:-1]]),
        ramps=np.array([step.ramp_s for step in steps]),
        end=float(ends[-1]),
    )


@cache
def _controls(steps: int) -> Array:
    """Sequences after the law of `engine.light`, the same at every call: shape (m, steps, 3)."""
    return np.asarray(_COLOURS[random_sequences(CONTROLS, steps, len(PALETTE), np.random.default_rng(steps))])
