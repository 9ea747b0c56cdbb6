"""Head pose, and openness of eyes and mouth, from landmarks. Signs as in `liveness_server.types`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..types import Expression, Pose
from . import landmarks as lm
from .landmarks import FaceMesh

Array = NDArray[np.float64]

EYES = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
"""Per eye p1..p6 of the eye aspect ratio: corner, two upper lid points, corner, two lower lid points."""


def pose(matrix: Array) -> Pose:
    """Head pose from the 4x4 matrix, degrees.

    Parameters
    ----------
    matrix : shape (4, 4)
        Canonical face to camera; x right, y up, z towards the camera. Scale is taken out.

    Notes
    -----
    yaw = atan2(M02, M22) and pitch = asin(-M12) say where the nose (the z axis) points: right in the image, down.
    roll = atan2(-M10, M11): the matrix has y up, so a head leaning clockwise in the image has M10 < 0.

    Examples
    --------
    >>> import numpy as np
    >>> turned = np.eye(4)
    >>> turned[:3, :3] = [[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]]
    >>> round(pose(turned).yaw, 2)
    36.87
    """
    axes = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    yaw = np.arctan2(axes[0, 2], axes[2, 2])
    pitch = np.arcsin(np.clip(-axes[1, 2], -1.0, 1.0))
    roll = np.arctan2(-axes[1, 0], axes[1, 1])
    return Pose(*(round(float(angle), 3) for angle in np.degrees((yaw, pitch, roll))))


def distance(points: Array, a: int, b: int, *, depth: bool = False) -> float:
    """Distance of two landmarks of (478, 3) pixel points, in the image or (`depth`) in space; pixels."""
    difference = points[a, : 3 if depth else 2] - points[b, : 3 if depth else 2]
    return float(np.sqrt(difference @ difference))


def ipd(points: Array) -> float:
    """Pupil distance in space, pixels: a turn does not shrink it."""
    return distance(points, *lm.IRISES, depth=True)


def aspect(points: Array) -> float:
    """Outer eye corner distance over face height, |33-263| / |10-2|; a steeply tilted flat picture breaks it."""
    return distance(points, 33, 263) / max(distance(points, 10, 2), 1.0)


def eye_aspect_ratio(points: Array) -> float:
    """Mean of both eyes of (|p2-p6| + |p3-p5|) / (2 |p1-p4|) [1]_.

    References
    ----------
    .. [1] Soukupova and Cech, Real-Time Eye Blink Detection using Facial Landmarks, CVWW 2016.
    """
    return sum(_one_eye(points, eye) for eye in EYES) / len(EYES)


def _one_eye(points: Array, eye: tuple[int, ...]) -> float:
    p1, p2, p3, p4, p5, p6 = eye
    gap = distance(points, p2, p6) + distance(points, p3, p5)
    return gap / max(2 * distance(points, p1, p4), 1.0)


def expression(mesh: FaceMesh, ipd_px: float) -> Expression:
    """Openness of eyes and mouth; `ipd_px` is the unit of the mouth's ratios, pixels."""
    shapes, unit = mesh.blendshapes, max(ipd_px, 1.0)
    return Expression(
        blink_left=_short(shapes[lm.EYE_BLINK_LEFT]),
        blink_right=_short(shapes[lm.EYE_BLINK_RIGHT]),
        ear=_short(eye_aspect_ratio(mesh.points)),
        look_down=_short((shapes[lm.EYE_LOOK_DOWN_LEFT] + shapes[lm.EYE_LOOK_DOWN_RIGHT]) / 2),
        jaw_open=_short(shapes[lm.JAW_OPEN]),
        mouth_gap=_short(distance(mesh.points, 13, 14) / unit),
        smile=_short((shapes[lm.MOUTH_SMILE_LEFT] + shapes[lm.MOUTH_SMILE_RIGHT]) / 2),
        mouth_width=_short(distance(mesh.points, 61, 291) / unit),
    )


def _short(ratio: float) -> float:
    """Round a ratio so that a transcript holds it exactly and briefly."""
    return round(float(ratio), 5)
