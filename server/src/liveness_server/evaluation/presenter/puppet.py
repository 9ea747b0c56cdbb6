"""Renders one portrait's mesh in any pose and expression.

A puppet is a reenactment attack by nature. This one exists to test the server.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...vision.landmarks import Picture
from .expressions import expression_fields
from .mesh import PLAIN, SKIN, Mesh, Points, mesh_of
from .motion import HeadState
from .paint import Lids, paint_mouth, skin_colour
from .portraits import Canvas
from .raster import FOCAL, Patch, Raster, soften

REST_PITCH = 4.0
"""Pitch the portrait is brought to at rest, degrees: a person looking into a laptop's camera."""
POSE_GAIN = 0.85
"""Measured over rendered degrees of a small turn or nod."""
MOUTH_FULL = 0.2
"""Jaw opening from which the inside of the mouth is wholly dark."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One rendered frame and where its skin is."""

    rgb: Picture
    skin: NDArray[np.float32]
    """(h/2, w/2) weight of pulsing skin, 0..1."""


class Puppet:
    """A portrait that can be posed; not thread-safe (it reuses its buffers)."""

    def __init__(self, canvas: Canvas, bundle: bytes) -> None:
        self.canvas = canvas
        mesh = mesh_of(canvas, bundle)
        self.skin = skin_colour(mesh, canvas.rgb)
        """(3,) colour of the face, RGB."""
        self._lids = Lids(mesh, canvas.rgb)
        self._skeleton = Skeleton(mesh, canvas.size, canvas.source.rest)
        self._raster = Raster(mesh, self._skeleton.vertices({}), canvas.rgb.shape[1::-1], canvas.size)
        whole = self._raster.whole()
        self._rest = Rendered(self._look_up(whole), _skin(whole))

    def render(self, state: HeadState) -> Rendered:
        """The frame of `state`."""
        vertices = self._skeleton.vertices(state)
        rgb, skin = self._rest.rgb.copy(), self._rest.skin.copy()
        patch = self._raster.moved(vertices)
        if patch is not None:
            part = patch.of(rgb)
            part[:] = self._look_up(patch)
            paint_mouth(part, patch.paint, state.get("jaw", 0.0) / MOUTH_FULL)
            top, left = patch.top // 2, patch.left // 2
            skin[top : top + patch.paint.shape[0], left : left + patch.paint.shape[1]] = _skin(patch)
        self._lids.paint(rgb, self._skeleton.projected(vertices), state.get("blink", 0.0))
        return Rendered(rgb, skin)

    def _look_up(self, patch: Patch) -> Picture:
        rgb = cv2.remap(self.canvas.rgb, patch.texture_xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        soften(rgb, patch.folds)
        return np.asarray(rgb, dtype=np.uint8)


def _skin(patch: Patch) -> NDArray[np.float32]:
    return np.asarray(np.clip((patch.paint - PLAIN) / (SKIN - PLAIN), 0.0, 1.0), dtype=np.float32)


class Skeleton:
    """From a head state to the mesh's vertices in camera space."""

    def __init__(self, mesh: Mesh, size: tuple[int, int], rest: HeadState) -> None:
        self._mesh = mesh
        self._fields = expression_fields(mesh)
        self._size = size
        self._focal = FOCAL * size[0]
        self._rest = {
            "yaw": -mesh.rest.yaw / POSE_GAIN,
            "pitch": (REST_PITCH - mesh.rest.pitch) / POSE_GAIN,
            "roll": -mesh.rest.roll,
            **rest,
        }

    def vertices(self, state: HeadState) -> Points:
        """(n, 3) positions, x right and y down from the picture's centre, z the distance along the axis; pixels."""
        mesh = self._mesh
        points = mesh.points.copy()
        for name, field in self._fields.items():
            points += self._channel(state, name) * field
        points = self._turned(points, state)
        depth = self._focal + points[:, 2]
        off = (points[:, :2] - np.array(self._size) / 2) * (depth / self._focal)[:, None]
        off += np.array([state.get("x", 0.0), state.get("y", 0.0)]) * self._size[0] * mesh.follow[:, None]
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
