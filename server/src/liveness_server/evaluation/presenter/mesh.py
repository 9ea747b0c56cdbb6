"""The face mesh of a portrait: MediaPipe's landmarks with their depth, and a soft grid for hair, neck and backdrop.

A vertex has a place in space (pixels; x right, y down, z away from the camera, 0 at the face's own depth), a place in
the canvas its colour comes from, a weight with which it follows the head, and a paint value (see `Mesh.paint`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from mediapipe.tasks.python import vision
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from ...errors import ConfigError
from ...types import Pose
from ...vision.geometry import pose
from ...vision.mediapipe_faces import find_faces
from .portraits import Canvas

Points = NDArray[np.float64]

LANDMARKS = 468
"""The face surface without the ten iris points."""
# fmt: off
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
        152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
LIPS_UPPER_INNER = (191, 80, 81, 82, 13, 312, 311, 310, 415)
LIPS_LOWER_INNER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
LIP_CORNERS_INNER = (78, 308)
LIPS_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
FOLDS = (247, 30, 29, 27, 28, 56, 190), (467, 260, 259, 257, 258, 286, 414)
"""The points above each upper lid point, in the order of `EYE_STRIPS`."""
BARE_SKIN = (9, 108, 337, 151, 8, 205, 425, 36, 266, 187, 411, 195, 5)
"""Forehead, cheeks and bridge of the nose: free of glasses, lashes and hair."""
EYE_STRIPS = (
    ((33, 133), (246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155)),
    ((263, 362), (466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382)),
)
"""Corners, upper and lower lid of the person's right and left eye; lids pair up point by point."""
# fmt: on
LIPS_INNER = (*LIPS_UPPER_INNER, *LIPS_LOWER_INNER, *LIP_CORNERS_INNER)

MIN_LIP_GAP = 1.0
"""Pixels kept between closed inner lips, so that the mesh does not fold over there."""
DEEPEST = 0.5
"""Depth, in face widths, that the sides of the face approach: at their true depth a picture taken from the front has
no colours for them, and the cheek before the ear would be drawn out into streaks."""
PIVOT_DEPTH = 0.5
"""Depth of the axis the head turns about, in face widths: the middle of the head."""
RINGS = (1.08, 1.2, 1.36, 1.56)
"""Rings of vertices around the face oval, as multiples of its size: they carry ears, hair and throat smoothly."""
GRID_CELLS = 16
"""Cells of the soft grid across the frame."""
SKIN, PLAIN, MOUTH = 1.0, 0.5, 0.0
"""Paint values: pulsing skin, untouched, inside of the mouth; in between is a mixture."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """A portrait's mesh in frame pixels. Landmarks come first, in MediaPipe's order."""

    points: Points
    """(n, 3) rest positions."""
    source: Points
    """(n, 2) canvas positions the colour comes from."""
    follow: Points
    """(n,) how much a vertex follows the head's rotation, 0..1."""
    near: Points
    """(n,) how much a vertex follows the body's way towards the camera, 0..1."""
    paint: Points
    """(n,) `SKIN`, `PLAIN` or `MOUTH`."""
    triangles: NDArray[np.int32]
    pivot: Points
    """(3,) the point the head turns about."""
    eye_distance: float
    """Pixels between the middles of the eyes: the unit of every expression."""
    rest: Pose
    """Pose of the portrait as it stands."""


def mesh_of(canvas: Canvas, bundle: bytes) -> Mesh:
    """Build the mesh of the portrait on `canvas` with the landmarks model's `bundle`."""
    found = find_faces(bundle, canvas.window(), limit=1)
    if not found:
        raise ConfigError("no face was found in the portrait")
    face = _with_open_lips(_shaped(found[0].points[:LANDMARKS], canvas.source.depth))
    surround = _surround(face, canvas)
    points = np.concatenate([face, surround, face[list(LIPS_INNER)]])
    follow, near = _weights(points)
    return Mesh(
        points=points,
        source=points[:, :2] + canvas.origin,
        follow=follow,
        near=near,
        paint=_paint(len(points)),
        triangles=np.concatenate([_face_triangles(), _surround_triangles(points, len(surround))]),
        pivot=_pivot(face),
        eye_distance=float(np.linalg.norm(face[[33, 133], :2].mean(0) - face[[263, 362], :2].mean(0))),
        rest=pose(found[0].matrix),
    )


def _pivot(face: Points) -> Points:
    """Between the ears, and lower: a head nods about the top of the neck."""
    middle = face[[10, 152], 1].mean() + 0.15 * np.ptp(face[:, 1])
    return np.array([face[168, 0], middle, PIVOT_DEPTH * np.ptp(face[list(OVAL), 0])])


def _ear_depth(face: Points) -> float:
    return float(face[[127, 356, 234, 454], 2].mean())


def _shaped(face: Points, gain: float) -> Points:
    """Scale the depth by `gain`, then bend what is behind the face's mean depth towards `DEEPEST`."""
    deepest, depth = DEEPEST * np.ptp(face[list(OVAL), 0]), gain * face[:, 2]
    bent = deepest * (1 - np.exp(-np.maximum(depth, 0.0) / deepest))
    return np.column_stack([face[:, :2], np.where(depth > 0, bent, depth)])


def _with_open_lips(face: Points) -> Points:
    face = face.copy()
    upper, lower = list(LIPS_UPPER_INNER), list(LIPS_LOWER_INNER)
    lack = np.maximum(0.0, MIN_LIP_GAP - (face[lower, 1] - face[upper, 1])) / 2
    face[upper, 1] -= lack
    face[lower, 1] += lack
    return face


def _surround(face: Points, canvas: Canvas) -> Points:
    """Rings around the face oval, then a grid past the frame's edges, at the depth of the nearest part of the oval."""
    oval = face[list(OVAL)]
    centre, step = oval[:, :2].mean(0), canvas.size[0] / GRID_CELLS
    rings = np.concatenate([centre + ring * (oval[:, :2] - centre) for ring in RINGS])
    hull = (centre + RINGS[-1] * (oval[:, :2] - centre)).astype(np.float32)
    grid = np.array([(x, y) for x, y in _grid(canvas, step) if cv2.pointPolygonTest(hull, (x, y), True) < -step / 3])
    flat = np.concatenate([rings, grid])
    distance = np.linalg.norm(flat[:, None] - oval[None, :, :2], axis=-1)
    nearness = 1.0 / np.maximum(distance, 1.0) ** 3
    depth = (nearness * oval[:, 2]).sum(1) / nearness.sum(1)
    fade = np.exp(-distance.min(1) / (0.3 * np.ptp(oval[:, 0])))
    return np.column_stack([flat, depth * fade + _ear_depth(face) * (1 - fade)])


def _grid(canvas: Canvas, step: float) -> Points:
    (mx, my), (width, height) = canvas.origin, canvas.size
    x = np.linspace(-mx + 1, width + mx - 2, round((width + 2 * mx) / step) + 1)
    y = np.linspace(-my + 1, height + my - 2, round((height + 2 * my) / step) + 1)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _weights(points: Points) -> tuple[Points, Points]:
    """Follow weights by the distance from the face in units of its half axes: hair and hat go along, shoulders stay."""
    oval = points[list(OVAL), :2]
    centre, half = (oval.max(0) + oval.min(0)) / 2, np.ptp(oval, axis=0) / 2
    off = (points[:, :2] - centre) / half
    above = off[:, 1:] < 0
    head = np.linalg.norm(off * np.where(above, [1.0, 0.62], [1.0, 1.0]), axis=1)
    body = np.linalg.norm(off * np.where(above, [0.8, 0.62], [0.8, 0.2]), axis=1)
    follow, near = 1 - smooth((head - 1.15) / 0.95), 1 - smooth((body - 1.1) / 2.2)
    follow[:LANDMARKS] = near[:LANDMARKS] = 1.0
    follow[-len(LIPS_INNER) :] = near[-len(LIPS_INNER) :] = 1.0
    return follow, near


def smooth(x: Points) -> Points:
    """Smoothstep from 0 to 1, clamped outside."""
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x), dtype=np.float64)


def _paint(count: int) -> Points:
    paint = np.full(count, PLAIN)
    paint[:LANDMARKS] = SKIN
    eyes = [p for strip in EYE_STRIPS for row in strip for p in row]
    paint[[*LIPS_INNER, *LIPS_OUTER, *eyes, *OVAL]] = PLAIN
    paint[-len(LIPS_INNER) :] = MOUTH
    return paint


def _face_triangles() -> NDArray[np.int32]:
    """MediaPipe's own tessellation, its eye holes closed with strips, its mouth with a strip of the lips' copies."""
    edges = vision.FaceLandmarksConnections.FACE_LANDMARKS_TESSELATION
    corners = [sorted({p for e in edges[i : i + 3] for p in (e.start, e.end)}) for i in range(0, len(edges), 3)]
    eyes = [t for ends, upper, lower in EYE_STRIPS for t in _strip(ends, upper, lower)]
    return np.array(corners + eyes, dtype=np.int32)


def _strip(ends: tuple[int, int], upper: tuple[int, ...], lower: tuple[int, ...]) -> list[list[int]]:
    """Triangles between two rows of as many points that meet at both ends."""
    top, bottom = (ends[0], *upper, ends[1]), (ends[0], *lower, ends[1])
    quads = zip(top, top[1:], bottom, bottom[1:], strict=False)
    return [t for a, b, c, d in quads for t in ([a, b, c], [b, c, d]) if len(set(t)) == 3]


def _surround_triangles(points: Points, count: int) -> NDArray[np.int32]:
    """Delaunay triangles between the face oval and the frame, and the mouth's strip."""
    index = np.array([*OVAL, *range(LANDMARKS, LANDMARKS + count)], dtype=np.int32)
    triangles = index[Delaunay(points[index, :2]).simplices]
    outside = triangles[(triangles >= LANDMARKS).any(axis=1)]
    copy = {point: LANDMARKS + count + i for i, point in enumerate(LIPS_INNER)}
    mouth = _strip(LIP_CORNERS_INNER, LIPS_UPPER_INNER, LIPS_LOWER_INNER)
    return np.concatenate([outside, np.array([[copy[p] for p in t] for t in mouth], dtype=np.int32)])
