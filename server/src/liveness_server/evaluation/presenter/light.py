"""What the light of a screen does to the presenter: skin and room take on its colour, the nearer the more.

A model, not a measurement: relative change of light by a gain of its own for skin and for the room, after one lag.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ...signal.coupling import Shown
from ...signal.palette import linear_light, rgb_of
from ...vision.landmarks import Picture

GAMMA: Final = 2.2
"""Exponent of the camera's encoding: light that grows by 10 % shows as 4.4 %."""
Grey = NDArray[np.float32]


class Step(Protocol):
    """A colour as on the wire."""

    @property
    def colour(self) -> str:
        """sRGB as `#rrggbb`."""

    @property
    def duration_s(self) -> float:
        """Seconds to the next one."""

    @property
    def ramp_s(self) -> float:
        """Seconds of fading to it."""


def as_asked(steps: Sequence[Step]) -> list[float]:
    """When each colour begins, seconds from the first: a rendered screen is never late."""
    return [0.0, *accumulate(step.duration_s for step in steps)][:-1]


@dataclass(frozen=True, slots=True)
class Reflection:
    """How the scene answers a screen."""

    skin: float = 0.25
    """Light of a full channel of the screen over that of the room, on the face. A laptop of 300 cd/m2 and 0.06 m2 gives
    72 lux at half a metre, where an office has 300."""
    room: float = 0.03
    """The same on what is behind: three times as far, a ninth of the light."""
    lag_s: float = 0.2
    """Seconds from asking to light: network, page and display."""


class Glow:
    """A light that falls on the presenter from `t` on."""

    def __init__(self, steps: Sequence[Step], t: float, reflection: Reflection) -> None:
        starts = np.array([0.0, *accumulate(step.duration_s for step in steps)]) + t + reflection.lag_s
        colours = linear_light([rgb_of(step.colour) for step in steps])
        self._reflection = reflection
        self._shown = Shown(colours, starts[:-1], np.array([step.ramp_s for step in steps]), float(starts[-1]))

    def on(self, t: float) -> bool:
        """Whether any of it is there at stream time `t`."""
        return bool(self._shown.starts[0] < t < self._shown.end)

    def fall_on(self, rgb: Picture, skin: NDArray[np.float32] | None, t: float) -> Grey:
        """The lit scene in grey levels; `skin` is a half-size weight map, None for what reflects like the room."""
        light = self._shown.light([t])[0]
        skin_share, room_share = ((1 + gain * light) ** (1 / GAMMA) for gain in self._gains())
        share = np.broadcast_to(room_share, rgb.shape).astype(np.float32)
        if skin is not None:
            weight = cv2.resize(skin, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)[..., None]
            share += weight * (skin_share - room_share).astype(np.float32)
        return rgb * share

    def _gains(self) -> tuple[float, float]:
        return self._reflection.skin, self._reflection.room
