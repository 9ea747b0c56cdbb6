"""Rasterises texture coordinates: from a mesh in space to the texture position of every frame pixel.

OpenCV's software rasteriser draws the mesh at half the frame size, with depth test, and the map of texture coordinates
is enlarged: it is smooth, so nothing is lost, and a frame costs a quarter. Only triangles that have left their rest
positions are drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...vision.landmarks import Picture
from .mesh import Mesh, Points

FOCAL = 1.1
"""Focal length over frame width: about 49 degrees across, a laptop camera."""
NEAR, FAR = 1.0, 1e5
"""Clipping planes, pixels."""
MOVED = 0.02
"""Pixels from its rest position beyond which a vertex is drawn again."""
FOLD_JUMP = 8.0
"""Texture pixels between neighbours of the half-size map (2 at rest) that betray a fold."""
FOLD_BLUR = 1.2
"""Pixels (standard deviation) along the folds: hides their two-pixel steps."""


@dataclass(frozen=True, slots=True)
class Patch:
    """The part of a frame that has to be drawn."""

    left: int
    top: int
    texture_xy: NDArray[np.float32]
    """(h, w, 2) texture position of each pixel."""
    paint: NDArray[np.float32]
    """(h/2, w/2) `Mesh.paint`."""
    folds: Picture
    """(h/2, w/2) mask of the folds."""

    def of(self, frame: Picture) -> Picture:
        """The view of `frame` this patch covers."""
        height, width = self.texture_xy.shape[:2]
        return frame[self.top : self.top + height, self.left : self.left + width]


class Raster:
    """Draws one mesh again and again; not thread-safe (it reuses its buffers)."""

    def __init__(self, mesh: Mesh, rest: Points, texture_size: tuple[int, int], size: tuple[int, int]) -> None:
        self._triangles = mesh.triangles
        # The rasteriser promises right colours within 0..1 only.
        self._colours = (np.column_stack([mesh.source, mesh.paint]) / [*texture_size, 1.0]).astype(np.float32)
        self._to_texture = np.array([[texture_size[0], 0, 0, -0.5], [0, texture_size[1], 0, -0.5]], dtype=np.float32)
        self._half = (size[0] // 2, size[1] // 2)
        self._view = 2 * np.arctan(size[1] / 2 / (FOCAL * size[0]))
        self._focal = FOCAL * self._half[0]
        self._settings = cv2.TriangleRasterizeSettings()
        self._settings.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
        self._settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
        self._depth = np.empty(self._half[::-1], np.float32)
        self._map = np.zeros((*self._half[::-1], 3), np.float32)
        self._rest = rest
        self._draw(rest, self._triangles)
        self._rest_map = self._map.copy()

    def whole(self) -> Patch:
        """The whole frame at rest."""
        return self._patch(0, 0, *self._half)

    def moved(self, vertices: Points) -> Patch | None:
        """What has to be drawn again with the vertices at (n, 3) positions in camera space; None at rest."""
        moved = np.abs(vertices - self._rest).max(axis=1) > MOVED
        triangles = self._triangles[moved[self._triangles].any(axis=1)]
        if not len(triangles):
            return None
        np.copyto(self._map, self._rest_map)
        self._draw(vertices, triangles)
        drawn = np.zeros(len(vertices), dtype=bool)
        drawn[triangles] = True
        corners = np.concatenate([vertices[drawn], self._rest[drawn]])
        flat = corners[:, :2] * (self._focal / corners[:, 2:]) + np.array(self._half) / 2
        low = np.maximum(np.floor(flat.min(0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(flat.max(0)).astype(int) + 1, self._half)
        return self._patch(*low, *high)

    def _draw(self, vertices: Points, triangles: NDArray[np.int32]) -> None:
        """Draw into the map; the rasteriser's camera has y up and looks down the negative z axis."""
        self._depth.fill(FAR)
        flipped = (vertices * (1.0, -1.0, -1.0)).astype(np.float32)
        cv2.triangleRasterize(
            flipped, triangles, self._colours, self._map, self._depth, np.eye(4, dtype=np.float32), self._view,
            NEAR, FAR, self._settings,
        )  # fmt: skip

    def _patch(self, left: int, top: int, right: int, bottom: int) -> Patch:
        part = self._map[top:bottom, left:right]
        half = cv2.transform(part, self._to_texture)
        whole = cv2.resize(half, (2 * half.shape[1], 2 * half.shape[0]), interpolation=cv2.INTER_LINEAR)
        folds = _folds(half)
        _unmix(whole, half, folds)
        return Patch(2 * left, 2 * top, whole, part[..., 2], folds)


def _folds(half: NDArray[np.float32]) -> Picture:
    """Mask of where the half-size map jumps, because the nose or the jaw hides what is behind it."""
    smooth = np.full(half.shape[:2], 255, np.uint8)
    for behind, ahead in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        step = cv2.inRange(cv2.subtract(half[ahead], half[behind]), (-FOLD_JUMP,) * 2, (FOLD_JUMP,) * 2)
        smooth[behind] &= step
        smooth[ahead] &= step
    return np.asarray(cv2.bitwise_not(smooth), dtype=np.uint8)


def _unmix(whole: NDArray[np.float32], half: NDArray[np.float32], folds: Picture) -> None:
    """Take the nearest value at the folds, in place: a mixture of both sides would show what lies between them."""
    found = cv2.findNonZero(folds)
    if found is None:
        return
    x, y = found.reshape(-1, 2).T
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        whole[2 * y + dy, 2 * x + dx] = half[y, x]


def soften(rgb: Picture, folds: Picture) -> None:
    """Smooth the steps along the folds (mask at half size), in place."""
    x, y, w, h = cv2.boundingRect(folds)
    if not w:
        return
    part = rgb[2 * y : 2 * (y + h), 2 * x : 2 * (x + w)]
    mask = cv2.resize(folds[y : y + h, x : x + w], (2 * w, 2 * h), interpolation=cv2.INTER_NEAREST)
    smooth = cv2.GaussianBlur(part, (0, 0), FOLD_BLUR)
    part[:] = cv2.copyTo(smooth, cv2.dilate(mask, np.ones((3, 3), np.uint8)), part.copy())
