"""Mean colour of the skin regions a pulse is looked for in, and of the background as negative control."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..types import RGB, SkinRegions
from .landmarks import Picture, bounding_box

Array = NDArray[np.float64]

FOREHEAD = (107, 66, 69, 109, 10, 338, 299, 296, 336, 9)
CHEEK_LEFT = (346, 347, 330, 266, 425, 411, 352)
CHEEK_RIGHT = (117, 118, 101, 36, 205, 187, 123)
"""Convex polygons on skin that neither lids, lips nor brows cover; left is the person's own left."""

BACKGROUND_GROWTH = 0.5
"""Face widths kept free at each side, and heights above, so that hair and ears are no background."""
BACKGROUND_BOTTOM = 0.8
"""Where the background ends, in face heights from the top of the face: above the shoulders."""
BACKGROUND_MIN_PX = 8
"""Narrower strips, pixels, are left out: too few pixels for a stable mean."""
ROW_STEP = 4
"""Every fourth row of the background is averaged: thousands of pixels remain."""

NO_BACKGROUND: RGB = (0.0, 0.0, 0.0)
"""What stands for the background where the face leaves none in view."""


_CORNERS = np.array(FOREHEAD + CHEEK_LEFT + CHEEK_RIGHT)
_FOREHEAD, _CHEEK_LEFT, _CHEEK_RIGHT = slice(0, 10), slice(10, 17), slice(17, 24)
"""Where each region's corners stand in `_CORNERS`."""


def skin_regions(rgb: Picture, points: Array) -> SkinRegions:
    """Average the regions of one frame.

    Parameters
    ----------
    rgb : shape (h, w, 3)
    points : shape (478, 3)
        Landmarks, pixels; may lie outside the frame.
    """
    corners = np.rint(points[_CORNERS, :2]).astype(np.int32)
    return SkinRegions(
        forehead=_mean_inside(rgb, corners[_FOREHEAD]),
        cheek_left=_mean_inside(rgb, corners[_CHEEK_LEFT]),
        cheek_right=_mean_inside(rgb, corners[_CHEEK_RIGHT]),
        background=background_mean(rgb, bounding_box(points)),
    )


def polygon_mean(rgb: Picture, corners: Array) -> RGB:
    """Mean colour inside a convex polygon, corners (n, 2) in pixels; zeros where it is out of the frame."""
    return _mean_inside(rgb, np.rint(corners).astype(np.int32))


def _mean_inside(rgb: Picture, polygon: NDArray[np.int32]) -> RGB:
    height, width = rgb.shape[:2]
    x, y, w, h = cv2.boundingRect(polygon)
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    if right <= left or bottom <= top:
        return (0.0, 0.0, 0.0)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(mask, polygon - (left, top), 255)
    return _rgb(cv2.mean(rgb[top:bottom, left:right], mask))


def background_mean(rgb: Picture, face: tuple[float, float, float, float]) -> RGB:
    """Mean colour left and right of the grown face box, above the shoulders; `NO_BACKGROUND` if none is in view.

    Parameters
    ----------
    rgb : shape (h, w, 3)
    face : left, top, width, height of the face, pixels
    """
    left, top, face_width, face_height = face
    height, width = rgb.shape[:2]
    margin = BACKGROUND_GROWTH * face_width
    bottom = _inside(top + BACKGROUND_BOTTOM * face_height, height)
    before, after = _inside(left - margin, width), _inside(left + face_width + margin, width)
    rows = rgb[:bottom:ROW_STEP]
    strips = [strip for strip in (rows[:, :before], rows[:, after:]) if strip.shape[1] >= BACKGROUND_MIN_PX]
    area = sum(strip.shape[1] for strip in strips) if bottom else 0
    if not area:
        return NO_BACKGROUND
    means = [(cv2.mean(strip), strip.shape[1] / area) for strip in strips]
    return _rgb([sum(mean[channel] * share for mean, share in means) for channel in range(3)])


def _inside(edge: float, limit: int) -> int:
    return round(min(max(edge, 0), limit))


def _rgb(mean: Sequence[float]) -> RGB:
    """First three channels of a mean, rounded so that a transcript holds them exactly and briefly."""
    return round(mean[0], 4), round(mean[1], 4), round(mean[2], 4)


def cr_cb(rgb: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Cr + i Cb of ITU-R BT.601, shape (n,), in 8-bit levels about 0, of colours R, G, B in 0..255, shape (n, 3)."""
    red, green, blue = rgb.T
    return np.asarray(0.5 * red - 0.4187 * green - 0.0813 * blue + 1j * (0.5 * blue - 0.1687 * red - 0.3313 * green))
