"""Mean colour of the skin regions a pulse is looked for in, and of the background as negative control."""

from __future__ import annotations

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


def skin_regions(rgb: Picture, points: Array) -> SkinRegions:
    """Average the regions of one frame.

    Parameters
    ----------
    rgb : shape (h, w, 3)
    points : shape (478, 3)
        Landmarks, pixels; may lie outside the frame.
    """
    return SkinRegions(
        forehead=polygon_mean(rgb, points[FOREHEAD, :2]),
        cheek_left=polygon_mean(rgb, points[CHEEK_LEFT, :2]),
        cheek_right=polygon_mean(rgb, points[CHEEK_RIGHT, :2]),
        background=background_mean(rgb, bounding_box(points)),
    )


def polygon_mean(rgb: Picture, corners: Array) -> RGB:
    """Mean colour inside a convex polygon, corners (n, 2) in pixels; zeros where it is out of the frame."""
    height, width = rgb.shape[:2]
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)) + 1, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return (0.0, 0.0, 0.0)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners - (left, top)).astype(np.int32), 255)
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
    bottom = round(min(max(top + BACKGROUND_BOTTOM * face_height, 0), height))
    margin = BACKGROUND_GROWTH * face_width
    edges = round(min(max(left - margin, 0), width)), round(min(max(left + face_width + margin, 0), width))
    strips = [rgb[:bottom:ROW_STEP, : edges[0]], rgb[:bottom:ROW_STEP, edges[1] :]]
    wide = [strip for strip in strips if strip.shape[1] >= BACKGROUND_MIN_PX and strip.shape[0]]
    if not wide:
        return NO_BACKGROUND
    sizes = [strip.shape[0] * strip.shape[1] for strip in wide]
    return _rgb(np.average([cv2.mean(strip) for strip in wide], axis=0, weights=sizes))


def _rgb(mean: object) -> RGB:
    """First three channels of a mean, rounded so that a transcript holds them exactly and briefly."""
    red, green, blue = np.round(np.asarray(mean, np.float64)[:3], 4).tolist()
    return red, green, blue
