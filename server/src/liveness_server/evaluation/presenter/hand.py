"""A hand for the presenter to hold in front of the face: capsules with a skin's colour, shaded as rounded bodies.

It is drawn, not photographed: one flat hand without joints, lit from the camera, that keeps its shape while it moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from .puppet import Rendered

BREADTH = 0.62
"""Breadth of the palm over that of the face: 85 of 150 mm, and a little nearer to the camera."""
REACH = 1.05
"""Where the hand stands beside the face, in face widths from its middle: clear of it by a third of a face."""
RAISED, LOWERED = 0.3, 2.6
"""Height of the palm's middle under that of the face with the hand up and down, in face widths."""
# From, to (in palm breadths, y down, the palm's middle at the origin) and radius of each part.
PARTS = (
    *(((x, y), (x, y + 0.9), 0.22) for x in (-0.28, 0.0, 0.28) for y in (-0.45,)),
    ((-0.37, -0.45), (-0.42, -1.05), 0.125),
    ((-0.13, -0.5), (-0.14, -1.3), 0.125),
    ((0.12, -0.5), (0.14, -1.25), 0.125),
    ((0.37, -0.45), (0.42, -0.95), 0.115),
    ((-0.35, 0.35), (-0.72, -0.2), 0.15),
    ((0.0, 0.5), (0.0, 4.5), 0.34),
)
LEFT, TOP, RIGHT, BOTTOM = -1.0, -1.5, 0.7, 4.5
"""The part of that plane the picture of the hand covers."""
EDGE_SHADE = 0.45
"""How much darker a rounded part is at its edge than at its middle."""
CREASE_SHADE = 0.15
"""How much darker the lines of the palm are than its skin."""
PALM_TINT = np.array([1.03, 0.95, 0.93], dtype=np.float32)
"""Colour of a palm over that of the same person's face: redder."""
BRIGHTEST = 246.0
"""Grey level the hand's skin stays under: the face it is lit with does not clip either."""
MOTTLE = 0.025
"""Standard deviation of the skin's unevenness, of 1."""
SOFT_PX = 1.5
"""Width of the hand's outline, pixels: as soft as a webcam's edges."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """The face a hand belongs to, in frame pixels."""

    centre: tuple[float, float]
    width: float
    skin: Floats
    """(3,) its colour."""


class Hand:
    """One person's hand, drawn once; `hold` lays it over rendered frames."""

    def __init__(self, place: Place, *, seed: int) -> None:
        self._place = place
        self._seed = seed
        self._unit = BREADTH * place.width

    @cached_property
    def _layers(self) -> tuple[Floats, Floats]:
        """Coverage (h, w) and colour times coverage (h, w, 3)."""
        size = round((RIGHT - LEFT) * self._unit), round((BOTTOM - TOP) * self._unit)
        inside, shade = _relief(size, self._unit)
        rough = np.random.default_rng([self._seed, 3]).normal(0.0, 1.0, (size[1], size[0])).astype(np.float32)
        rough = cv2.GaussianBlur(rough, (0, 0), 0.06 * self._unit)
        shade = shade * (1 + np.float32(MOTTLE / rough.std()) * rough)
        colour = np.minimum(self._place.skin * PALM_TINT * shade[..., None], BRIGHTEST) * inside[..., None]
        return inside, np.asarray(colour, dtype=np.float32)

    def hold(self, rendered: Rendered, raised: float, across: float) -> None:
        """Draw the hand in place, `raised` 0..1, `across` the face from -1 (image left) to 1; nothing when lowered."""
        if raised <= 0:
            return
        corner, coverage = self._corner(raised, across), self._layers[0]
        rows, columns = (
            _even(c, length, n) for c, length, n in zip(corner, coverage.shape, rendered.rgb.shape, strict=False)
        )
        size = columns.stop - columns.start, rows.stop - rows.start
        if min(size) <= 0:
            return
        shift = np.array([[1.0, 0.0, corner[1] - columns.start], [0.0, 1.0, corner[0] - rows.start]])
        alpha, covered = (cv2.warpAffine(layer, shift, size) for layer in self._layers)
        part = rendered.rgb[rows, columns]
        part[:] = np.rint(part * (1 - alpha[..., None]) + covered)
        skin = rendered.skin[_half(rows), _half(columns)]
        skin *= 1 - cv2.resize(alpha, skin.shape[::-1], interpolation=cv2.INTER_AREA)

    def _corner(self, raised: float, across: float) -> tuple[float, float]:
        """Row and column, in frame pixels, of the upper left corner of the hand's picture."""
        (x, y), width = self._place.centre, self._place.width
        down = LOWERED + raised * (RAISED - LOWERED)
        return y + down * width + TOP * self._unit, x + REACH * across * width + LEFT * self._unit


def _even(corner: float, length: int, limit: int) -> slice:
    """The part of the frame, in whole blocks of two pixels, that a picture of `length` at `corner` touches."""
    start, stop = max(int(corner) - 1, 0) // 2 * 2, min(int(corner) + length + 3, limit) // 2 * 2
    return slice(start, max(stop, start))


def _half(part: slice) -> slice:
    return slice(part.start // 2, part.stop // 2)


def _relief(size: tuple[int, int], unit: float) -> tuple[Floats, Floats]:
    """Coverage and brightness, both (h, w) 0..1, of a hand on a picture of `size`."""
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32) / np.float32(unit)
    at = np.stack([x + np.float32(LEFT), y + np.float32(TOP)], axis=-1)
    height = np.zeros(size[::-1], np.float32)
    outside = np.full(size[::-1], np.inf, np.float32)
    for start, end, radius in PARTS:
        off = _distance(at, np.array(start, np.float32), np.array(end, np.float32))
        outside = np.minimum(outside, off - np.float32(radius))
        height = np.maximum(height, np.sqrt(np.maximum(1 - (off / np.float32(radius)) ** 2, 0)))
    inside = np.clip(0.5 - outside * np.float32(unit / SOFT_PX), 0, 1)
    shade = (1 - np.float32(EDGE_SHADE) * (1 - height)) * _creases(at)
    return inside, np.asarray(shade, dtype=np.float32)


def _distance(at: Floats, start: Floats, end: Floats) -> Floats:
    """(h, w) distance of each place from a line segment."""
    way = end - start
    along = np.clip((at - start) @ way / (way @ way), 0, 1)
    return np.asarray(np.linalg.norm(at - start - along[..., None] * way, axis=-1), dtype=np.float32)


def _creases(at: Floats) -> Floats:
    """Brightness (h, w) of the two lines across a palm and the one around the thumb's ball."""
    x, y = at[..., 0], at[..., 1]
    lines = (y + 0.2 + 0.3 * x * x, y + 0.02 - 0.25 * x, np.hypot(x + 0.55, y - 0.35) - 0.5)
    deep = sum(np.exp(-((line / np.float32(0.02)) ** 2)) for line in lines)
    palm = (np.abs(x) < 0.45) & (np.abs(y) < 0.5)
    return np.asarray(1 - CREASE_SHADE * np.minimum(deep, 1) * palm, dtype=np.float32)
