"""Eyes of one face seen through holes in the picture of another, or of the same."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...types import CaptureTime
from ...vision.landmarks import EYE_CORNERS, Picture
from .source import Still
from .trackers import own_tracker

HOLE_HALF = (0.85, 0.5)
"""Half axes of a hole, in widths of the eye."""
EDGE = 1.0
"""Softness of its rim, pixels."""
_EYES = (EYE_CORNERS[:2], EYE_CORNERS[2:])


class EyeHoles:
    """Fills the eyes of a page with those of moving footage."""

    def __init__(self, still: Still, bundle: bytes, *, offset: tuple[int, int]) -> None:
        self._tracker = own_tracker(self, bundle)
        corners = still.points[:, :2] - offset
        self._holes = [_Hole(corners[list(eye)]) for eye in _EYES]

    def fill(self, rgba: Picture, footage: Picture, t: CaptureTime) -> Picture:
        """A copy of the page with the footage's eyes; without a face in it the printed eyes stay."""
        mesh = self._tracker.track(footage, t)
        filled = rgba.copy()
        if mesh is not None:
            for hole, eye in zip(self._holes, _EYES, strict=True):
                hole.fill(filled, footage, mesh.points[list(eye), :2])
        return filled


class _Hole:
    """One hole of a page, at the two corners of the printed eye."""

    def __init__(self, corners: NDArray[np.float64]) -> None:
        width = float(np.linalg.norm(corners[1] - corners[0]))
        half = np.array(HOLE_HALF) * width
        self._at = np.floor(corners.mean(0) - half - 3).astype(int)
        self._shape = tuple(np.ceil(2 * half + 6).astype(int))
        self._corners = corners - self._at
        mask = np.zeros(self._shape[::-1], np.uint8)
        middle = np.rint(self._corners.mean(0)).astype(int)
        cv2.ellipse(mask, middle.tolist(), np.rint(half).astype(int).tolist(), 0, 0, 360, 255, -1, cv2.LINE_AA)
        self._mask = cv2.GaussianBlur(mask, (0, 0), EDGE).astype(np.float32)[..., None] / np.float32(255)

    def fill(self, rgba: Picture, footage: Picture, eye: NDArray[np.float64]) -> None:
        """Warp the footage so that its eye's corners come to lie on the printed ones, and show it in the hole."""
        seen = cv2.warpAffine(footage, _similarity(eye, self._corners), self._shape, borderMode=cv2.BORDER_REPLICATE)
        (x, y), (w, h) = self._at, self._shape
        part = rgba[y : y + h, x : x + w, :3]
        part[:] = np.rint(part * (1 - self._mask) + seen * self._mask)


def _similarity(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) the rotation, scale and shift that takes two points to two others."""
    (a, b), (c, d) = (points @ (1, 1j) for points in (before, after))
    factor = (d - c) / (b - a)
    shift = c - factor * a
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
