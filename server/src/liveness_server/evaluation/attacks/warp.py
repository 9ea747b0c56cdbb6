"""One face's picture warped onto another's landmarks: what a landmark face swap is made of."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...vision.landmarks import Picture
from ..presenter.mesh import LANDMARKS
from .source import Size, Still

Floats = NDArray[np.float32]
FOCAL = 4.0
"""Virtual focal length over frame width: far away, so that depth only sorts."""
NEAR, FAR = 1.0, 1e5
FEATHER = 0.055
"""Softness of the seam, in face widths."""


@dataclass(frozen=True, slots=True)
class Worn:
    """A face as it is to be laid over a part of a frame."""

    rgb: Picture
    mask: Floats
    """(h, w) 0..1, soft at the seam."""
    box: tuple[slice, slice]
    """The part of the frame."""


class FaceWarp:
    """Draws a donor's face on any landmarks; not thread-safe (it reuses its buffers).

    Eyes and mouth are holes of the landmark mesh: there the wearer's own show, as in real-time swaps that keep them.
    """

    def __init__(self, donor: Still) -> None:
        height, width = donor.rgb.shape[:2]
        self._donor = donor
        colours = np.column_stack([donor.points[:LANDMARKS, :2] / (width, height), np.ones(LANDMARKS)])
        self._colours = colours.astype(np.float32)
        self._triangles = _triangles()
        self._settings = cv2.TriangleRasterizeSettings()
        self._settings.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
        self._settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)

    def onto(self, points: NDArray[np.float64], size: Size) -> Worn:
        """Draw the donor's face at the landmarks `points` (478, 3) of a frame of `size`."""
        drawn = self._drawn(points / 2, (size[0] // 2, size[1] // 2))
        x, y, w, h = cv2.boundingRect((drawn[..., 2] > 0).astype(np.uint8))
        part = np.ascontiguousarray(drawn[y : y + h, x : x + w])
        box = np.s_[2 * y : 2 * (y + h), 2 * x : 2 * (x + w)]
        if not w:
            return Worn(np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), np.float32), box)
        height, width = self._donor.rgb.shape[:2]
        mask = cv2.resize(_seam(part[..., 2], float(np.ptp(points[:, 0])) / 2), (2 * w, 2 * h))
        where = cv2.resize(part[..., :2] * np.array([width, height], np.float32), (2 * w, 2 * h))
        worn = cv2.remap(self._donor.rgb, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return Worn(np.asarray(worn, dtype=np.uint8), np.asarray(mask, dtype=np.float32), box)

    def _drawn(self, points: NDArray[np.float64], size: Size) -> Floats:
        """(h, w, 3) donor position (0..1) and coverage at each pixel of a frame of `size`."""
        focal = FOCAL * size[0]
        depth = focal + points[:LANDMARKS, 2]
        off = (points[:LANDMARKS, :2] - np.array(size) / 2) * (depth / focal)[:, None]
        space = np.column_stack([off[:, 0], -off[:, 1], -depth]).astype(np.float32)
        picture = np.zeros((size[1], size[0], 3), np.float32)
        far = np.full((size[1], size[0]), FAR, np.float32)
        view = 2 * np.arctan(size[1] / 2 / focal)
        cv2.triangleRasterize(
            space, self._triangles, self._colours, picture, far, np.eye(4, dtype=np.float32), view, NEAR, FAR,
            self._settings,
        )  # fmt: skip
        return picture


def _triangles() -> NDArray[np.int32]:
    """MediaPipe's tessellation: three consecutive edges are one triangle."""
    from mediapipe.tasks.python import vision  # noqa: PLC0415 - one second to import

    edges = vision.FaceLandmarksConnections.FACE_LANDMARKS_TESSELATION
    corners = [sorted({p for e in edges[i : i + 3] for p in (e.start, e.end)}) for i in range(0, len(edges), 3)]
    return np.array(corners, dtype=np.int32)


def _seam(covered: Floats, face_width: float) -> Floats:
    """Mask that is 0 before the drawn part ends, so that nothing undrawn is mixed in."""
    sigma = FEATHER * face_width
    inner = cv2.erode(
        (covered > 0.99).astype(np.float32), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_odd(sigma),) * 2)
    )
    soft = cv2.GaussianBlur(inner, (0, 0), sigma / 2)
    return np.asarray(np.minimum(soft, (covered > 0.99).astype(np.float32)), dtype=np.float32)


def _odd(x: float) -> int:
    return 2 * round(x) + 1
