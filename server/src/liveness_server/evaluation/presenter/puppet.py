"""Renders one portrait's mesh in any pose and expression: project, rasterise texture coordinates, look the colours up.

The mesh is rasterised at half the frame size (OpenCV's software rasteriser, with depth test), and the map of texture
coordinates is enlarged: it is smooth, so nothing is lost, and a frame costs a quarter.

A puppet is a reenactment attack by nature. This one exists to test the server.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .expressions import expression_fields
from .mesh import PLAIN, SKIN, Mesh, Points, mesh_of
from .motion import HeadState
from .paint import Lids, paint_mouth
from .portraits import Picture, framed

FOCAL = 1.1
"""Focal length over frame width: about 49 degrees across, a laptop camera."""
FOLD_JUMP = 8.0
"""Texture pixels between neighbours of the half-size map (2 at rest) that betray a fold."""
FOLD_BLUR = 1.2
"""Pixels (standard deviation) along the folds: hides their two-pixel steps."""
NEAR, FAR = 1.0, 1e5
REST_PITCH = 4.0
"""Pitch the portrait is brought to at rest, degrees: a person looking into a laptop's camera."""
POSE_GAIN = 0.85
"""Measured over rendered degrees of a mesh turn."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One rendered frame and where its skin is."""

    rgb: Picture
    skin: NDArray[np.float32]
    """(h/2, w/2) weight of pulsing skin, 0..1."""


class Puppet:
    """A portrait that can be posed; not thread-safe (it reuses its buffers)."""

    def __init__(self, name: str, size: tuple[int, int], bundle: bytes) -> None:
        self.canvas = framed(name, size)
        self.mesh = mesh_of(self.canvas, bundle)
        self._lids = Lids(self.mesh, self.canvas.rgb)
        self._skin = _Skinning(self.mesh, size, rest_smile=-self.canvas.source.smile)
        self._raster = _Raster(self.mesh, self.canvas.rgb.shape[1::-1], size)

    def render(self, state: HeadState) -> Rendered:
        """The frame of `state`."""
        vertices = self._skin.vertices(state)
        texture_xy, paint, folds = self._raster(vertices)
        rgb = cv2.remap(self.canvas.rgb, texture_xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        _soften(rgb, folds)
        paint_mouth(rgb, paint, min(1.0, 5.0 * state.get("jaw", 0.0)))
        self._lids.paint(rgb, self._skin.projected(vertices), state.get("blink", 0.0))
        return Rendered(rgb, np.clip((paint - PLAIN) / (SKIN - PLAIN), 0.0, 1.0))


class _Skinning:
    """From a head state to vertices in camera space."""

    def __init__(self, mesh: Mesh, size: tuple[int, int], *, rest_smile: float) -> None:
        self._mesh = mesh
        self._fields = expression_fields(mesh)
        self._size = size
        self._focal = FOCAL * size[0]
        self._rest = {
            "yaw": -mesh.rest.yaw / POSE_GAIN,
            "pitch": (REST_PITCH - mesh.rest.pitch) / POSE_GAIN,
            "roll": -mesh.rest.roll,
            "smile": rest_smile,
        }

    def vertices(self, state: HeadState) -> Points:
        """(n, 3) positions, x right and y down from the picture's centre, z the distance along the axis."""
        mesh = self._mesh
        points = mesh.points.copy()
        for name, field in self._fields.items():
            weight = self._channel(state, name)
            if weight:
                points += weight * field
        points = self._turned(points, state)
        depth = self._focal + points[:, 2]
        off = (points[:, :2] - np.array(self._size) / 2) * (depth / self._focal)[:, None]
        off += np.array([state.get("x", 0.0), state.get("y", 0.0)]) * self._size[0] * mesh.near[:, None]
        depth -= mesh.near * self._focal * (1 - 1 / (1 + state.get("closer", 0.0)))
        return np.column_stack([off, depth])

    def projected(self, vertices: Points) -> Points:
        """(n, 2) frame positions of vertices, pixels."""
        flat = vertices[:, :2] * (self._focal / vertices[:, 2:]) + np.array(self._size) / 2
        return np.asarray(flat, dtype=np.float64)

    def _channel(self, state: HeadState, name: str) -> float:
        return state.get(name, 0.0) + self._rest.get(name, 0.0)

    def _turned(self, points: Points, state: HeadState) -> Points:
        """Roll, pitch and yaw about the pivot, each vertex by its share."""
        x, y, z = (points - self._mesh.pivot).T
        roll, pitch, yaw = (np.radians(self._channel(state, c)) * self._mesh.follow for c in ("roll", "pitch", "yaw"))
        x, y = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
        y, z = y * np.cos(pitch) - z * np.sin(pitch), y * np.sin(pitch) + z * np.cos(pitch)
        x, z = x * np.cos(yaw) - z * np.sin(yaw), x * np.sin(yaw) + z * np.cos(yaw)
        return np.column_stack([x, y, z]) + self._mesh.pivot


class _Raster:
    """Rasterises texture coordinates and paint of a mesh with fixed triangles."""

    def __init__(self, mesh: Mesh, texture_size: tuple[int, int], size: tuple[int, int]) -> None:
        self._size = size
        self._half = (size[0] // 2, size[1] // 2)
        self._triangles = mesh.triangles
        # The rasteriser promises right colours within 0..1 only.
        self._colours = (np.column_stack([mesh.source, mesh.paint]) / [*texture_size, 1.0]).astype(np.float32)
        self._to_texture = np.array([[texture_size[0], 0, 0, -0.5], [0, texture_size[1], 0, -0.5]], dtype=np.float32)
        self._colour = np.zeros((*self._half[::-1], 3), np.float32)
        self._depth = np.empty(self._half[::-1], np.float32)
        self._camera = np.eye(4, dtype=np.float32)
        self._view = 2 * np.arctan(size[1] / 2 / (FOCAL * size[0]))
        self._settings = cv2.TriangleRasterizeSettings()
        self._settings.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
        self._settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)

    def __call__(self, vertices: Points) -> tuple[NDArray[np.float32], NDArray[np.float32], Picture]:
        """Texture position (x, y) of every frame pixel; paint and a mask of folds at half size."""
        self._depth.fill(FAR)
        flipped = (vertices * (1.0, -1.0, -1.0)).astype(np.float32)
        cv2.triangleRasterize(
            flipped, self._triangles, self._colours, self._colour, self._depth, self._camera, self._view, NEAR, FAR,
            self._settings,
        )  # fmt: skip
        where = cv2.transform(self._colour, self._to_texture)
        whole = cv2.resize(where, self._size, interpolation=cv2.INTER_LINEAR)
        folds = _folds(where)
        _unmixed(whole, where, folds)
        return whole, self._colour[..., 2], folds


def _folds(half: NDArray[np.float32]) -> Picture:
    """Mask of where the half-size map jumps, because the nose or the jaw hides what is behind it."""
    smooth = np.full(half.shape[:2], 255, np.uint8)
    for behind, ahead in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        step = cv2.inRange(cv2.subtract(half[ahead], half[behind]), (-FOLD_JUMP,) * 2, (FOLD_JUMP,) * 2)
        smooth[behind] &= step
        smooth[ahead] &= step
    return np.asarray(cv2.bitwise_not(smooth), dtype=np.uint8)


def _unmixed(whole: NDArray[np.float32], half: NDArray[np.float32], folds: Picture) -> None:
    """Take the nearest value at the folds, in place: a mixture of both sides would show what lies between them."""
    y, x = np.nonzero(folds)
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        whole[2 * y + dy, 2 * x + dx] = half[y, x]


def _soften(rgb: Picture, folds: Picture) -> None:
    """Smooth the steps along the folds, in place."""
    x, y, w, h = (2 * side for side in cv2.boundingRect(folds))
    if not w:
        return
    part = rgb[y : y + h, x : x + w]
    mask = cv2.resize(folds[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2], (w, h), interpolation=cv2.INTER_NEAREST)
    cv2.copyTo(cv2.GaussianBlur(part, (0, 0), FOLD_BLUR), cv2.dilate(mask, np.ones((3, 3), np.uint8)), part)
