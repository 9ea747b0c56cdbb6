"""How things move in front of a camera: a hand that holds, a hand that shakes, a wave from side to side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .optics import Placement

SLOW_HZ, TREMOR_HZ = (0.15, 1.2), (5.0, 10.0)
"""Bands of a holding arm and of its tremor. Assumed, not recorded of hands."""
WAVES = 3
"""Sine waves per band and axis."""


@dataclass(frozen=True, slots=True)
class Grip:
    """How much a hand moves what it holds: standard deviations."""

    shift: float
    """Slow movement aside, down and along the axis, mm."""
    turn: float
    """Slow yaw, pitch and roll, degrees."""
    tremor: float
    """Fast movement aside and down, mm."""


STAND = Grip(0.0, 0.0, 0.0)
HELD = Grip(2.0, 0.8, 0.12)
SHAKEN = Grip(6.0, 2.0, 0.4)
"""6 mm and 2 degrees: the shaken photo that the depth cues were measured on."""


class Hand:
    """Moves a placement; deterministic from its generator."""

    def __init__(self, grip: Grip, rng: np.random.Generator) -> None:
        self._grip = grip
        self._slow = [_Wave(SLOW_HZ, rng) for _ in range(6)]
        self._fast = [_Wave(TREMOR_HZ, rng) for _ in range(2)]

    def hold(self, placement: Placement, t: float) -> Placement:
        """Where `placement` is at `t` seconds."""
        x, y, z, yaw, pitch, roll = (wave.at(t) for wave in self._slow)
        fx, fy = (wave.at(t) for wave in self._fast)
        shift, turn, tremor = self._grip.shift, self._grip.turn, self._grip.tremor
        return replace(
            placement,
            x=placement.x + shift * x + tremor * fx,
            y=placement.y + shift * y + tremor * fy,
            distance=placement.distance + shift * z,
            yaw=placement.yaw + turn * yaw,
            pitch=placement.pitch + turn * pitch,
            roll=placement.roll + turn * roll,
        )


class _Wave:
    """A sum of sines with standard deviation 1."""

    def __init__(self, band: tuple[float, float], rng: np.random.Generator) -> None:
        self._omega = 2 * np.pi * rng.uniform(*band, WAVES)
        self._phase = rng.uniform(0, 2 * np.pi, WAVES)

    def at(self, t: float) -> float:
        return float(np.sin(self._omega * t + self._phase).sum() * np.sqrt(2 / WAVES))


@dataclass(frozen=True, slots=True)
class Tilting:
    """Turns a sheet as an attacker does who is asked to turn the head: yaw to both sides, then pitch."""

    yaw: float
    pitch: float
    """Largest angles, degrees."""
    period: float = 4.0
    """Seconds of one swing to both sides."""

    def tilt(self, placement: Placement, t: float) -> Placement:
        """The placement at `t` seconds; two swings of yaw, one of pitch, and so on."""
        swing, share = divmod(t / self.period, 1.0)
        angle = float(np.sin(2 * np.pi * share))
        if swing % 3 < 2:
            return replace(placement, yaw=placement.yaw + self.yaw * angle)
        return replace(placement, pitch=placement.pitch + self.pitch * angle)
