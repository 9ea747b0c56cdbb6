"""From a frame to a `FaceObservation`: the only place that sees pixels, and the last.

`VisionModels` is loaded once and shared; a `FaceMeter` belongs to one session, because the landmark network tracks.
Numbers are rounded here (pixels and degrees to 0.001, ratios to 1e-5, embeddings to 1e-6), so that a transcript is
short and holds exactly what was decided on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from ..types import Box, CaptureTime, Embedding, Face, FaceObservation
from . import geometry, landmarks
from .embedding import Embedder
from .flow import Planarity, Sight
from .landmarks import FaceFinder, FaceMesh, LandmarkTracker, Picture, bounding_box
from .mediapipe_faces import MediaPipeFinder, MediaPipeTracker, find_faces
from .models import ModelStore
from .occlusion import face_cells
from .pad import PadNet, PadSchedule
from .quality import face_quality
from .roi import skin_regions
from .sampling import Uniform, cadence
from .seams import Seams
from .surround import Surround

COUNT_INTERVAL_S = 0.15
"""Seconds between searches for a second face: every fifth frame at 30 fps, 3 ms each (0.6 ms a frame). The mean where
they are drawn (`vision.sampling`)."""
SAME_FACE_OVERLAP = 0.2
"""Intersection over union from which a found box is the tracked face; two faces in view hardly overlap."""
EMBED_INTERVAL_S = 0.32
"""Seconds of capture time from one embedding to the next: every tenth frame at 30 fps, 22 ms each. By time and not by
count, so that a slow camera gives the checks as many as a fast one. The mean where they are drawn."""

_KEPT = np.array(landmarks.KEPT)


@dataclass(frozen=True, slots=True)
class VisionModels:
    """The verified models of a process; share it between threads, and make one `FaceMeter` per session from it."""

    bundle: bytes = field(repr=False)
    """The landmarks bundle, as the tracker and the finder load it."""
    embedder: Embedder
    embedding_digest: str
    """SHA-256 of the loaded embedding file, as pinned in the manifest."""
    pad: PadNet | None = None
    """The print and replay network; None where its optional file is not in the store."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Role -> SHA-256 of every loaded file, as pinned in the manifest."""

    @classmethod
    def load(cls, store: ModelStore) -> VisionModels:
        """Load the models; raises `ModelError` when one is changed, or missing and not optional.

        OpenCV is told to use one thread in this process: sessions already fill the cores, and on pictures of this
        size its threads cost more than they give (planarity 1.6 ms with, 0.8 without; `tests/bench/bench_frame.py`).
        """
        cv2.setNumThreads(1)
        pad = _optional_pad(store)
        roles = ("landmarks", "embedding", *(("pad",) if pad is not None else ()))
        digests = {role: store.manifest.entry(role).sha256 for role in roles}
        embedder = Embedder(store.read("embedding"))
        return cls(store.read("landmarks"), embedder, digests["embedding"], pad, digests)

    def tracker(self) -> LandmarkTracker:
        """Make a landmark tracker for one stream."""
        return MediaPipeTracker(self.bundle)

    def finder(self) -> FaceFinder:
        """Make a finder of all faces."""
        return MediaPipeFinder(self.bundle)

    def find_faces(self, rgb: Picture, *, limit: int = 2) -> list[FaceMesh]:
        """Find up to `limit` faces of a single picture."""
        return find_faces(self.bundle, rgb, limit=limit)


def _optional_pad(store: ModelStore) -> PadNet | None:
    """Absent is allowed, changed is not: `read` refuses that."""
    if not (store.directory / store.manifest.entry("pad").file).is_file():
        return None
    return PadNet(store.read("pad"))


class FaceMeter:
    """Measures the frames of one session. Not thread-safe; make it in an executor (40-100 ms) and close it.

    `uniform`: a secret source that the intervals between costly measurements are drawn from, for a stream whose sender
    may be an attacker; without one they are fixed, and the same frames give the same numbers.
    """

    def __init__(
        self, models: VisionModels, *, embed_interval_s: float = EMBED_INTERVAL_S, uniform: Uniform | None = None
    ) -> None:
        self._embedder = models.embedder
        self._tracker = models.tracker()
        self._bystanders = BystanderWatch(models.finder(), uniform)
        self._planarity = Planarity()
        self._pad = PadSchedule(models.pad, uniform=uniform)
        self._surround = Surround(uniform)
        self._seams = Seams(uniform)
        self._embeddings = cadence(embed_interval_s, uniform)
        self._size = (0, 0)

    def observe(self, rgb: Picture, t: CaptureTime) -> FaceObservation:
        """Measure one frame, RGB (h, w, 3); frames must come in capture order.

        The largest face is measured; an embedding comes with its first frame, with its first frame after it was gone,
        and then every `embed_interval_s` seconds, in the mean where they are drawn. Planarity and texture come with the
        frames that complete them.
        """
        rgb = np.ascontiguousarray(rgb)
        height, width = rgb.shape[:2]
        mesh = self._tracker.track(rgb, t)
        if mesh is None or (width, height) != self._size:
            # Nothing is followed over a lost face, nor into a picture of another size: browsers change it as they go.
            self._begin_anew()
        self._size = (width, height)
        if mesh is None:
            self._embeddings.at_once()
            return FaceObservation(t, width, height, 0, None)
        box = normalised_box(mesh, width, height)
        faces = 1 + self._bystanders.others(rgb, t, box)
        face = measure_face(rgb, mesh, box, self._embedding(rgb, mesh, t))
        return FaceObservation(t, width, height, faces, self._over_time(rgb, mesh, t, face))

    def close(self) -> None:
        """Free the networks of this session."""
        self._tracker.close()
        self._bystanders.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin_anew(self) -> None:
        self._planarity.reset()
        self._surround.reset()
        self._seams.reset()

    def _over_time(self, rgb: Picture, mesh: FaceMesh, t: CaptureTime, face: Face) -> Face:
        """Add what takes more than one frame, or not every frame."""
        plane = self._planarity.update(rgb, Sight(t, mesh.points, face.pose, face.ipd_px, face.aspect))
        texture = self._pad.sample(rgb, mesh.points, t)
        surround = self._surround.update(rgb, mesh.points, t)
        seam = self._seams.update(rgb, mesh.points, t)
        if not (plane or texture or surround or seam):
            return face
        return replace(face, plane=plane, texture=texture, surround=surround, seam=seam)

    def _embedding(self, rgb: Picture, mesh: FaceMesh, t: CaptureTime) -> Embedding | None:
        return self._embedder.embed(rgb, mesh.points) if self._embeddings.due(t) else None


class BystanderWatch:
    """Says whether a second face is in view, searching only every `COUNT_INTERVAL_S` of capture time."""

    def __init__(self, finder: FaceFinder, uniform: Uniform | None = None) -> None:
        self._finder = finder
        self._searches = cadence(COUNT_INTERVAL_S, uniform)
        self._others = 0

    def others(self, rgb: Picture, t: CaptureTime, face: Box) -> int:
        """Return 1 when a face other than `face` is in view, else 0, as of the last search."""
        if self._searches.due(t):
            self._others = int(any(overlap(face, box) < SAME_FACE_OVERLAP for box in self._finder.boxes(rgb)))
        return self._others

    def close(self) -> None:
        """Free the finder."""
        self._finder.close()


def measure_face(rgb: Picture, mesh: FaceMesh, box: Box, embedding: Embedding | None) -> Face:
    """Turn one face of a frame into numbers."""
    points = mesh.points
    quality, ipd_px = face_quality(rgb, points), geometry.ipd(points)
    return Face(
        box=box,
        pose=geometry.pose(mesh.matrix),
        expression=geometry.expression(mesh, ipd_px),
        skin=skin_regions(rgb, points),
        ipd_px=round(ipd_px, 3),
        aspect=round(geometry.aspect(points), 5),
        sharpness=quality.sharpness,
        luma=quality.luma,
        clipped=quality.clipped,
        points=tuple(map(tuple, np.round(points[_KEPT], 3).tolist())),
        embedding=embedding,
        cells=face_cells(rgb, points),
    )


def normalised_box(mesh: FaceMesh, width: int, height: int) -> Box:
    """Return the box of all landmarks as fractions of the frame; it may reach beyond the frame."""
    left, top, box_width, box_height = bounding_box(mesh.points)
    return Box(*(round(v, 5) for v in (left / width, top / height, box_width / width, box_height / height)))


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    intersection = max(width, 0.0) * max(height, 0.0)
    union = a.w * a.h + b.w * b.h - intersection
    return intersection / union if union > 0 else 0.0
