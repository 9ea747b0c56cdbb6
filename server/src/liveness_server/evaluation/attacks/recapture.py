"""What the second camera sees: a room, the tone of ink and screens, pixel grid, bands, glare, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...vision.landmarks import Picture
from ..presenter.light import Glow
from ..presenter.sensor import Sensor
from .optics import Matrix

Floats = NDArray[np.float32]


def room(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """A plain room out of focus: a lit wall, furniture, a darker floor."""
    width, height = size
    wall = np.linspace(rng.uniform(150, 190), rng.uniform(95, 130), width, dtype=np.float32)
    picture = wall[None, :, None] * rng.uniform(0.95, 1.03, 3).astype(np.float32) * np.ones((height, 1, 1), np.float32)
    picture[round(0.82 * height) :] *= 0.6
    for _ in range(7):
        w, h = (rng.uniform(0.06, 0.22, 2) * (width, height)).astype(int)
        x, y = (rng.uniform(-0.05, 0.95, 2) * (width, height)).astype(int)
        colour = rng.uniform(45, 190) * rng.uniform(0.93, 1.07, 3)
        cv2.rectangle(picture, (int(x), int(y)), (int(x + w), int(y + 1.6 * h)), colour.tolist(), -1)
    return np.asarray(np.clip(cv2.GaussianBlur(picture, (0, 0), width / 200), 0, 255), dtype=np.uint8)


def tone(rgb: Picture, black: float, white: float, gamma: float, tint: tuple[float, float, float]) -> Picture:
    """Map 0..255 to `black`..`white` with `gamma`, each channel times its tint: what a medium can show."""
    ramp = np.linspace(0.0, 1.0, 256)[:, None] ** gamma
    table = (black + (white - black) * ramp) * np.array(tint)
    return np.asarray(cv2.LUT(rgb, np.clip(np.rint(table), 0, 255).astype(np.uint8)[:, None, :]), dtype=np.uint8)


def ink(rgb: Picture) -> Picture:
    """Home print in room light: no deep black, no bright white, slightly warm. Halftone lies below 640x480."""
    return tone(rgb, 34.0, 222.0, 1.05, (1.0, 0.985, 0.95))


class PixelGrid:
    """The aliased rest of a screen's sub-pixels: true phase of every stripe, sampled at the frame's pixels.

    `contrast` is what lens and photosite leave of the stripes' fundamental. It is chosen: a monitor's peak in the
    256 px moire spectrum is then where filmed screens have it, and denser screens in a moving hand stay at the floor
    (server/docs/attack-lab.md).
    """

    def __init__(self, pitch_mm: float, contrast: float, size: tuple[int, int]) -> None:
        self._pitch = pitch_mm
        self._contrast = contrast
        x, y = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
        self._x, self._y = x, y

    def gain(self, to_mm: Matrix, box: tuple[slice, slice], light: Floats) -> Floats:
        """(h, w, 3) factors of the frame's part `box`.

        `to_mm` leads from frame pixels to the screen's millimetres; `light` (h, 1) is multiplied in.
        """
        x, y, m = self._x[box], self._y[box], (2 * np.pi / self._pitch * to_mm).astype(np.float32)
        away = np.float32(to_mm[2, 0]) * x + np.float32(to_mm[2, 1]) * y + np.float32(to_mm[2, 2])
        across, down = ((row[0] * x + row[1] * y + row[2]) / away for row in m[:2])
        k = np.float32(self._contrast)
        # Red, green and blue stripes lie a third of a pixel apart: cos(a -+ 120 degrees) from one sine and cosine.
        even, odd = k * np.cos(across), np.float32(np.sqrt(0.75)) * k * np.sin(across)
        rows = 1 + k / 2 * np.cos(down)
        half = rows - even / 2
        return np.asarray(cv2.merge([light * (half + odd), light * (rows + even), light * (half - odd)]))


@dataclass(frozen=True, slots=True)
class Banding:
    """Dark bands that roll over a screen whose refresh the camera does not match."""

    depth: float
    """Half of the brightness difference, relative."""
    bands: float = 1.4
    """Bands on the frame's height."""
    speed: float = 0.7
    """Bands a second."""

    def gain(self, rows: int, t: float) -> Floats:
        """(rows, 1) factors at `t` seconds."""
        phase = self.bands * np.arange(rows) / rows - self.speed * t
        return np.asarray(1 + self.depth * np.sin(2 * np.pi * phase), dtype=np.float32)[:, None]


def glare(size: tuple[int, int], strength: float, rng: np.random.Generator) -> Picture:
    """(h, w, 3) light to add: a lamp's soft reflection that stays where it is while the screen moves."""
    width, height = size
    spot = np.zeros((height // 4, width // 4), np.float32)
    centre = (rng.uniform((0.3, 0.25), (0.7, 0.6)) * (width / 4, height / 4)).astype(int)
    axes = (rng.uniform(0.03, 0.07, 2) * (width / 4)).astype(int) + 1
    cv2.ellipse(spot, centre.tolist(), axes.tolist(), float(rng.uniform(0, 180)), 0, 360, strength, -1)
    soft = cv2.GaussianBlur(spot, (0, 0), width / 130)
    return np.asarray(cv2.cvtColor(cv2.resize(soft, size), cv2.COLOR_GRAY2RGB), dtype=np.uint8)


class SecondCamera:
    """The camera that films the instrument: its own blur and noise over everything."""

    def __init__(self, size: tuple[int, int], *, seed: int, blur_px: float) -> None:
        self._blur = blur_px
        self._sensor = Sensor(size, seed=seed, pulse_bpm=60.0, pulse_amplitude=0.0)

    def light(self, glow: Glow) -> None:
        """A screen beside the camera lights what it films."""
        self._sensor.glow = glow

    def film(self, rgb: Picture, t: float, shape: Picture) -> Picture:
        """The frame it delivers at `t` seconds; `shape` (h, w) is the alpha of the instrument, nearest to the light."""
        blurred = np.asarray(cv2.GaussianBlur(rgb, (0, 0), self._blur), dtype=np.uint8)
        return self._sensor.expose(blurred, t, near_weight(shape) if self._sensor.lit(t) else None)


def near_weight(shape: Picture) -> Floats:
    """(h / 2, w / 2) weight 0..1 of an alpha: what stands near enough to take the light as a face does."""
    half = cv2.resize(shape, (shape.shape[1] // 2, shape.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, dtype=np.float32) / np.float32(255)
