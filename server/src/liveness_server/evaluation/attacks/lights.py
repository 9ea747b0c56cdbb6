"""Family: a lit picture. A photograph whose light beats like a pulse."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...vision.landmarks import Picture
from ..presenter.light import Glow, Reflection, Step
from ..presenter.sensor import NOISE, pulse_wave
from .optics import Camera, Placement, flat, over
from .performer import Deaf
from .prints import BLUR, PHOTO_DISTANCE, photograph
from .recapture import Floats, near_weight, room
from .source import Size, Source
from .species import Family, Species, Timing

BEAT_BPM = (60.0, 90.0)
BEAT_DEPTH = 0.008
"""Half of the light's change, relative: about one grey level on a lit face, as a strong pulse has in green."""


class PulsedPhoto(Deaf):
    """A photograph on a stand in beating light."""

    def __init__(self, source: Source, seed: int, size: Size) -> None:
        rng = np.random.default_rng(seed)
        seen = flat(photograph(source.still(size)), Placement(PHOTO_DISTANCE), Camera(size))
        self._near = near_weight(seen[..., 3])
        self._scene = cv2.GaussianBlur(over(seen, room(size, rng)), (0, 0), BLUR).astype(np.float32)
        self._bpm = float(rng.uniform(*BEAT_BPM))
        self._seed = seed
        self._glow: Glow | None = None

    def light(self, steps: Sequence[Step], t: float) -> None:
        """Let a screen's light fall on the photograph and the room."""
        self._glow = Glow(steps, t, Reflection())

    def frame(self, t: float) -> Picture:
        """The frame at `t` seconds. The beat is below a grey level, so it must be there before noise and rounding."""
        scene = self._lit(t)
        light = np.float32(1 + BEAT_DEPTH * pulse_wave(t, self._bpm))
        rng = np.random.default_rng([self._seed, round(t * 1e4)])
        noise = rng.standard_normal(self._scene.shape[:2], dtype=np.float32) * np.float32(NOISE)
        return np.asarray(cv2.add(scene * light, cv2.merge([noise] * 3), dtype=cv2.CV_8U), dtype=np.uint8)

    def _lit(self, t: float) -> Floats:
        glow = self._glow
        return self._scene if glow is None or not glow.on(t) else glow.fall_on(self._scene, self._near, t)


LIGHTS = (
    Species(
        "brightness_pulsed_photo",
        Family.PRESENTATION,
        "artefact: photograph on a stand under a lamp that beats at 60 to 90 a minute",
        "A still picture with a colour change that a naive pulse detector takes for a heart.",
        "Deaf: stands still in its light.",
        "The whole scene beats alike and in every channel alike; no lamp spectrum, no local light.",
        Timing.STEADY,
        PulsedPhoto,
    ),
)
