"""How things move in front of a camera: a hand that holds, a hand that shakes, a hand that turns what it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from ..presenter.behaviour import Behaviour, Director
from ..presenter.motion import DOWN, YAW
from .optics import Placement
from .performer import Script

SLOW_HZ, TREMOR_HZ = (0.15, 1.2), (5.0, 10.0)
"""Bands of a holding arm and of its tremor. Assumed, not recorded of hands."""
WAVES = 3
"""Sine waves per band and axis."""
TILTS = ("turn_left", "turn_right", "look_up", "look_down")
TILT_START, TILT_STEP = 0.2, 2.2
"""Seconds until a rendering's first movement of a sheet, and from each to the next."""


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


class Handling:
    """Holds a placement, and turns, tilts or brings it nearer as an attacker does who is asked to move the head."""

    def __init__(self, grip: Grip, rng: np.random.Generator, *, tilt: float) -> None:
        self._hand = Hand(grip, rng)
        self._director = Director(Behaviour(), rng)
        self._turn, self._nod = tilt / YAW, tilt / DOWN

    def prompt(self, kind: str, t: float) -> None:
        """The challenge `kind` was heard at `t`; what paper cannot do stays undone."""
        self._director.prompt(kind, t)

    def done(self, t: float) -> None:
        """Bring the sheet back."""
        self._director.done(t)

    def hold(self, placement: Placement, t: float) -> Placement:
        """Where `placement` is at `t` seconds."""
        held, asked = self._hand.hold(placement, t), self._director.state(t)
        return replace(
            held,
            yaw=held.yaw + self._turn * asked.get("yaw", 0.0),
            pitch=held.pitch + self._nod * asked.get("pitch", 0.0),
            distance=held.distance / (1 + asked.get("closer", 0.0)),
        )


def tilts(seed: int) -> Script:
    """What a rendering asks of a sheet: turned to both sides, up and down, over and over."""
    return ((TILT_START + number * TILT_STEP, kind) for number, kind in enumerate(cycle(TILTS)))
