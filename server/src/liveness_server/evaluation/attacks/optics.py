"""Pictures in space before a camera: a flat or bent sheet, laid over a scene. Millimetres, degrees, pixels.

Axes as everywhere: x right, y down, z away from the camera; a sheet's own origin is its middle. Signs of the angles as
in `types`: yaw > 0 turns the picture's front towards image right, pitch > 0 down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...vision.landmarks import Picture

Matrix = NDArray[np.float64]
IPD_MM = 63.0
"""Distance of an adult's pupils (mean of the ANSUR survey): what makes a printed face life-size."""
FOCAL_SHARE = 600 / 640
"""Focal length over frame width: about 56 degrees across, a webcam."""
COARSE = 4
"""Pixels of the frame per sample of a bent sheet's map, which is smooth."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera with its axis through the middle of the frame."""

    size: tuple[int, int]
    """Width and height, pixels."""

    @property
    def focal(self) -> float:
        """Focal length, pixels."""
        return FOCAL_SHARE * self.size[0]

    @property
    def matrix(self) -> Matrix:
        """(3, 3) from millimetres in space to homogeneous pixels."""
        width, height = self.size
        return np.array([[self.focal, 0, (width - 1) / 2], [0, self.focal, (height - 1) / 2], [0, 0, 1.0]])


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a sheet's middle is and how it is turned."""

    distance: float
    """Along the camera's axis, mm."""
    x: float = 0.0
    y: float = 0.0
    """Aside and down, mm."""
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    """Degrees."""

    @property
    def rotation(self) -> Matrix:
        """(3, 3) from the sheet's axes to the camera's: roll first, then pitch, then yaw."""
        (cy, cp, cr), (sy, sp, sr) = (f(np.radians([self.yaw, self.pitch, self.roll])) for f in (np.cos, np.sin))
        yaw = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
        pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        return np.asarray(yaw @ pitch @ roll, dtype=np.float64)

    @property
    def position(self) -> Matrix:
        """(3,) mm."""
        return np.array([self.x, self.y, self.distance])


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A picture of known size: paper or a screen."""

    rgba: Picture
    """(h, w, 4) the picture and, as alpha 0 or 255, its shape."""
    mm_per_px: float

    @property
    def to_mm(self) -> Matrix:
        """(3, 3) from its pixels to millimetres from its middle."""
        height, width = self.rgba.shape[:2]
        m = self.mm_per_px
        return np.array([[m, 0, -m * (width - 1) / 2], [0, m, -m * (height - 1) / 2], [0, 0, 1.0]])


def homography(sheet: Sheet, placement: Placement, camera: Camera) -> Matrix:
    """(3, 3) from the pixels of a flat sheet to those of the frame."""
    rotation = placement.rotation
    to_space = np.column_stack([rotation[:, 0], rotation[:, 1], placement.position])
    return np.asarray(camera.matrix @ to_space @ sheet.to_mm, dtype=np.float64)


def flat(sheet: Sheet, placement: Placement, camera: Camera) -> Picture:
    """(h, w, 4) the frame's view of a flat sheet, colours already multiplied by its alpha."""
    matrix = homography(sheet, placement, camera)
    return np.asarray(cv2.warpPerspective(sheet.rgba, matrix, camera.size, flags=cv2.INTER_LINEAR), dtype=np.uint8)


def bent(sheet: Sheet, placement: Placement, camera: Camera, *, radius: float) -> Picture:
    """(h, w, 4) the same of a sheet bent to an upright cylinder of `radius` mm, its middle nearest to the camera."""
    where = cylinder_map(sheet, placement, camera, radius)
    where = cv2.resize(where, camera.size, interpolation=cv2.INTER_LINEAR)
    seen = cv2.remap(sheet.rgba, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(seen, dtype=np.uint8)


def cylinder_map(sheet: Sheet, placement: Placement, camera: Camera, radius: float) -> NDArray[np.float32]:
    """(h / COARSE, w / COARSE, 2) sheet pixel seen at each place; rays that miss get the cylinder's far side."""
    origin, rays = _rays(placement, camera)
    ox, oz = origin[0], origin[2] - radius
    dx, dz = rays[..., 0], rays[..., 2]
    square, half = dx * dx + dz * dz, ox * dx + oz * dz
    under_root = half * half - square * (ox * ox + oz * oz - radius * radius)
    hit = origin + ((-half - np.sqrt(np.maximum(under_root, 0.0))) / square)[..., None] * rays
    angle = np.arctan2(hit[..., 0], radius - hit[..., 2])
    angle = np.where(under_root < 0, np.copysign(np.pi, angle), angle)
    on_sheet = np.stack([radius * angle, hit[..., 1]], axis=-1)
    to_px = np.linalg.inv(sheet.to_mm)
    return np.asarray(on_sheet * to_px[0, 0] + to_px[:2, 2], dtype=np.float32)


def _rays(placement: Placement, camera: Camera) -> tuple[Matrix, NDArray[np.float32]]:
    """The camera's place and its (h, w, 3) coarse viewing rays, in the sheet's axes."""
    width, height = camera.size
    x = (np.arange(0, width, COARSE) + (COARSE - 1) / 2 - (width - 1) / 2) / camera.focal
    y = (np.arange(0, height, COARSE) + (COARSE - 1) / 2 - (height - 1) / 2) / camera.focal
    grid = np.stack([*np.meshgrid(x, y), np.ones((len(y), len(x)))], axis=-1)
    inverse = placement.rotation.T
    return -inverse @ placement.position, (grid @ inverse.T).astype(np.float32)


def over(seen: Picture, scene: Picture) -> Picture:
    """Lay what `flat` or `bent` shows over a scene (h, w, 3)."""
    hidden = cv2.cvtColor(cv2.bitwise_not(seen[..., 3]), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.add(cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB), cv2.multiply(scene, hidden, scale=1 / 255)))


def page(rgb: Picture, border: int = 0, colour: tuple[int, int, int] = (235, 233, 226)) -> Picture:
    """(h, w, 4) a picture with a border of `border` pixels on each side, opaque."""
    framed = cv2.copyMakeBorder(rgb, border, border, border, border, cv2.BORDER_CONSTANT, value=colour)
    return np.asarray(cv2.cvtColor(framed, cv2.COLOR_RGB2RGBA), dtype=np.uint8)
