"""What the camera adds: noise, and the faint colour of a pulse on the skin; and how a head sways at rest."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...vision.landmarks import Picture
from .light import Glow

NOISE = 1.5
"""Standard deviation of the noise, grey levels: a webcam in room light."""
SPARE = 64
"""Pixels by which the noise tile is larger than the frame: each frame shows another part of it."""
PULSE_COLOUR = np.array([0.33, 0.77, 0.53], dtype=np.float32) / np.float32(0.77)
"""Relative pulse amplitude in R, G, B (blood volume vector of de Haan and van Leest, 2014), green = 1."""
PULSE_AMPLITUDE = 0.8
"""Grey levels of the pulse in green: about 0.5 % of a lit face."""
SWAY = {
    "yaw": (0.6, (0.11, 0.29)),
    "pitch": (0.4, (0.09, 0.23)),
    "roll": (0.3, (0.07, 0.19)),
    "x": (0.0025, (0.13, 0.31)),
    "y": (0.0015, (0.10, 0.27)),
}
"""Channel -> (amplitude in its unit, frequencies in Hz). Camera-facing people drift by 0.9 degrees of yaw in 2 s."""


class Sway:
    """Slow, small head movement at rest; deterministic from its generator."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._phases = {channel: rng.uniform(0, 2 * np.pi, len(freqs)) for channel, (_, freqs) in SWAY.items()}

    def at(self, t: float) -> dict[str, float]:
        """Value of each swaying channel at stream time `t`."""
        return {channel: self._wave(channel, t) for channel in SWAY}

    def _wave(self, channel: str, t: float) -> float:
        amplitude, freqs = SWAY[channel]
        angles = 2 * np.pi * np.array(freqs) * t + self._phases[channel]
        return amplitude * float(np.sin(angles).sum())


def pulse_wave(t: float, bpm: float) -> float:
    """A pulse wave between about -1 and 1: fundamental and first harmonic."""
    phase = 2 * np.pi * bpm / 60 * t
    return float(0.85 * np.sin(phase) + 0.25 * np.sin(2 * phase + 0.6))


class Sensor:
    """Exposes rendered pictures: adds the pulse to the skin, then noise, then rounds to 8 bits."""

    def __init__(self, size: tuple[int, int], *, seed: int, pulse_bpm: float, pulse_amplitude: float) -> None:
        self._seed = seed
        self._bpm = pulse_bpm
        self._amplitude = pulse_amplitude
        shape = (size[1] + SPARE, size[0] + SPARE, 1)
        tile = np.random.default_rng([seed, 1]).normal(0.0, NOISE, shape).astype(np.float32)
        self._tile = np.ascontiguousarray(np.repeat(tile, 3, axis=2))
        self.glow: Glow | None = None
        """Light of a screen, once there is any."""

    def expose(self, rgb: Picture, t: float, skin: NDArray[np.float32] | None = None) -> Picture:
        """The frame the camera delivers at stream time `t`; `skin` is a half-size weight map, None without a pulse."""
        noise = self._noise(t, rgb.shape)
        lit = self.glow.fall_on(rgb, skin, t) if self.glow is not None and self.lit(t) else rgb
        frame = cv2.add(lit, noise, dtype=cv2.CV_8U)
        if skin is not None and self._amplitude:
            self._add_pulse(frame, lit, noise, skin, t)
        return np.asarray(frame, dtype=np.uint8)

    def lit(self, t: float) -> bool:
        """Whether there is light of a screen at `t`."""
        return self.glow is not None and self.glow.on(t)

    def _noise(self, t: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
        y, x = np.random.default_rng([self._seed, 2, round(abs(t) * 1e4)]).integers(0, SPARE, 2)
        return self._tile[y : y + shape[0], x : x + shape[1]]

    def _add_pulse(
        self,
        frame: Picture,
        rgb: Picture | NDArray[np.float32],
        noise: NDArray[np.float32],
        skin: NDArray[np.float32],
        t: float,
    ) -> None:
        """Expose the skin's part again: the pulse is smaller than a grey level, so it must go in before rounding."""
        x, y, w, h = cv2.boundingRect((skin > 0).astype(np.uint8))
        if not w:
            return
        where = np.s_[2 * y : 2 * (y + h), 2 * x : 2 * (x + w)]
        weight = cv2.resize(skin[y : y + h, x : x + w], (2 * w, 2 * h), interpolation=cv2.INTER_LINEAR)
        blood = weight[..., None] * (self._amplitude * pulse_wave(t, self._bpm) * PULSE_COLOUR)
        frame[where] = cv2.add(rgb[where], noise[where] + blood, dtype=cv2.CV_8U)
