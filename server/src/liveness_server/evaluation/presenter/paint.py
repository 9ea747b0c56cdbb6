"""What a warp cannot show, painted over the rendered frame: closed lids and the inside of an open mouth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...vision.landmarks import Picture
from .mesh import BARE_SKIN, EYE_STRIPS, FOLDS, MOUTH, PLAIN, Mesh, Points

MOUTH_COLOUR = np.array([46.0, 16.0, 16.0], dtype=np.float32)
"""Inside of an open mouth, RGB."""
LID_SHADE = 0.86
"""Brightness of the lid's rim over that of its upper end."""
LASHES = 0.4
"""Brightness of the lash line over that of the skin."""
Grey = NDArray[np.float32]
"""Weights or colours in floating point."""
_SHIFT = 4
"""Fractional bits of polygon coordinates (OpenCV draws in fixed point)."""


def paint_mouth(rgb: Picture, paint: Grey, opened: float) -> None:
    """Darken the inside of the mouth in place, wholly from `opened` 1 on; `paint` is `Mesh.paint` at half size."""
    x, y, w, h = cv2.boundingRect((paint < PLAIN - 0.02).astype(np.uint8))
    if opened <= 0 or not w:
        return
    weight = np.clip((PLAIN - paint[y : y + h, x : x + w]) / (PLAIN - MOUTH), 0.0, 1.0)
    weight = cv2.resize(np.pad(weight, 1), (2 * w + 4, 2 * h + 4), interpolation=cv2.INTER_CUBIC)
    weight = min(opened, 1.0) * np.clip(cv2.GaussianBlur(weight, (0, 0), 1.2), 0.0, 1.0)[2:-2, 2:-2, None]
    mouth = rgb[2 * y : 2 * (y + h), 2 * x : 2 * (x + w)]
    mouth[:] = np.rint(mouth * (1 - weight) + MOUTH_COLOUR * weight)


class Lids:
    """Draws the upper lids down, in the colour of the skin above them mixed with that of the face."""

    def __init__(self, mesh: Mesh, texture: Picture) -> None:
        smooth, skin = _smoothed(texture, mesh), skin_colour(mesh, texture)
        parts = zip(EYE_STRIPS, FOLDS, strict=True)
        self._lids = [
            _Lid(strip, folds, (skin + _colour(smooth, mesh, folds)) / np.float32(2)) for strip, folds in parts
        ]

    def paint(self, rgb: Picture, projected: Points, closed: float) -> None:
        """Close both eyes by `closed` 0..1 in place; `projected` are the vertices' frame positions."""
        if closed > 0:
            for lid in self._lids:
                lid.paint(rgb, projected, closed)


class _Lid:
    def __init__(
        self,
        strip: tuple[tuple[int, int], tuple[int, ...], tuple[int, ...]],
        folds: tuple[int, ...],
        skin: Grey,
    ) -> None:
        (outer, inner), upper, lower = strip
        self._upper, self._lower = [outer, *upper, inner], [outer, *lower, inner]
        self._folds = [outer, *folds, inner]
        self._skin = skin

    def paint(self, rgb: Picture, projected: Points, closed: float) -> None:
        upper, lower, fold = (projected[row] for row in (self._upper, self._lower, self._folds))
        rim = upper + 1.04 * closed * (lower - upper)
        crease = upper + 0.8 * min(1.0, 2 * closed) * (fold - upper)
        outline = np.concatenate([crease, rim[::-1]])
        x, y, right, bottom = _bounds(outline, rgb.shape, pad=6)
        if x >= right or y >= bottom:
            return
        eye, corner = rgb[y:bottom, x:right], np.array([x, y])
        skin = self._skin * _shade(crease - corner, rim - corner, eye.shape[0])
        _blend(eye, skin, _filled(eye.shape[:2], outline - corner))
        _blend(eye, LASHES * self._skin, closed * _lashes(eye.shape[:2], rim - corner))


def skin_colour(mesh: Mesh, texture: Picture) -> Grey:
    """(3,) median colour of the face's bare skin, RGB."""
    return _colour(_smoothed(texture, mesh), mesh, BARE_SKIN)


def _smoothed(texture: Picture, mesh: Mesh) -> Picture:
    return np.asarray(cv2.GaussianBlur(texture, (0, 0), 0.04 * mesh.eye_distance), dtype=np.uint8)


def _colour(texture: Picture, mesh: Mesh, landmarks: tuple[int, ...]) -> Grey:
    """Median colour of the texture at some landmarks."""
    x, y = np.rint(mesh.source[list(landmarks)]).astype(int).T
    return np.asarray(np.median(texture[y, x], axis=0), dtype=np.float32)


def _bounds(points: Points, shape: tuple[int, ...], pad: int) -> tuple[int, int, int, int]:
    low, high = np.floor(points.min(0)).astype(int) - pad, np.ceil(points.max(0)).astype(int) + pad
    return max(low[0], 0), max(low[1], 0), min(high[0], shape[1]), min(high[1], shape[0])


def _shade(crease: Points, rim: Points, rows: int) -> Grey:
    """(rows, 1, 1) brightness from the crease down to the rim."""
    down = (np.arange(rows) - crease[:, 1].mean()) / max(rim[:, 1].mean() - crease[:, 1].mean(), 1.0)
    return np.asarray(1 - (1 - LID_SHADE) * np.clip(down, 0.0, 1.0), dtype=np.float32)[:, None, None]


def _filled(shape: tuple[int, int], outline: Points) -> Grey:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [_fixed(outline)], 255, cv2.LINE_AA, _SHIFT)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.3)[..., None] / np.float32(255), dtype=np.float32)


def _lashes(shape: tuple[int, int], rim: Points) -> Grey:
    mask = np.zeros(shape, np.uint8)
    cv2.polylines(mask, [_fixed(rim)], False, 255, 2, cv2.LINE_AA, _SHIFT)
    return np.asarray(cv2.GaussianBlur(mask, (3, 3), 0)[..., None] / np.float32(255), dtype=np.float32)


def _fixed(points: Points) -> NDArray[np.int32]:
    return np.rint(points * (1 << _SHIFT)).astype(np.int32)


def _blend(image: Picture, colour: Grey, weight: Grey) -> None:
    image[:] = np.rint(image * (1 - weight) + colour * weight)
