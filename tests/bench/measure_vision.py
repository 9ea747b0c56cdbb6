"""Print, as Markdown, what the vision part measures on the shared real clips and what a frame costs.

    python tests/bench/measure_vision.py            # both tables; LIVENESS_TEST_DATA or ../shared/data
    python tests/bench/measure_vision.py --cost     # only the cost per frame, on a portrait

Only aggregates leave this script: no frame, landmark or embedding is printed or stored.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, Face, FaceObservation
from liveness_server.vision import geometry, quality, roi
from liveness_server.vision.landmarks import SLOT
from liveness_server.vision.matching import cosine
from liveness_server.vision.measure import FaceMeter, VisionModels, measure_face, normalised_box
from liveness_server.vision.models import ModelStore

Array = NDArray[np.float64]

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
NEIGHBOUR_S = 0.05
"""Frames at most this far apart are neighbours, seconds."""
FRONTAL, TURNED = 10.0, 12.0
"""Degrees of yaw under and from which an embedding counts as frontal and as turned."""
EMBED_INTERVAL_S = 0.16
"""Twice as often as in a session, seconds."""


@dataclass
class Clip:
    """One measured clip."""

    name: str
    person: str
    observations: list[FaceObservation] = field(default_factory=list)

    @property
    def faces(self) -> list[tuple[CaptureTime, Face]]:
        return [(o.t, o.face) for o in self.observations if o.face is not None]

    def neighbours(self) -> Iterator[tuple[float, Face, Face]]:
        for (t0, a), (t1, b) in pairwise(self.faces):
            if 0 < t1 - t0 <= NEIGHBOUR_S:
                yield t1 - t0, a, b

    def embeddings(self, low: float, high: float) -> list[tuple[float, ...]]:
        return [f.embedding for _, f in self.faces if f.embedding and low <= abs(f.pose.yaw) < high]


def bridge(face: Face) -> Array:
    return np.array(face.points[SLOT[168]][:2])


def moves(clip: Clip) -> Array:
    """Nose bridge between neighbours, % of pupil distance."""
    steps = [float(np.linalg.norm(bridge(b) - bridge(a))) / a.ipd_px for _, a, b in clip.neighbours()]
    return 100 * np.array(steps or [0.0])


def scales(clip: Clip) -> Array:
    return np.array([max(a.ipd_px, b.ipd_px) / min(a.ipd_px, b.ipd_px) for _, a, b in clip.neighbours()] or [1.0])


def yaw_speeds(clip: Clip, span: float) -> Array:
    """Degrees per second over about `span` seconds."""
    t = np.array([t for t, _ in clip.faces])
    yaw = np.array([face.pose.yaw for _, face in clip.faces])
    later = np.searchsorted(t, t + span * 0.95)
    valid = np.flatnonzero(later < len(t))
    elapsed = t[later[valid]] - t[valid]
    speed = np.abs(yaw[later[valid]] - yaw[valid]) / np.maximum(elapsed, 1e-6)
    return speed[elapsed <= span + NEIGHBOUR_S] if len(speed) else np.zeros(1)


def largest_gap(clip: Clip) -> float:
    """Seconds between two frames that show a face, the ends of the clip included."""
    t = [clip.observations[0].t, *(t for t, _ in clip.faces), clip.observations[-1].t]
    return max(b - a for a, b in pairwise(t))


def spread(values: Sequence[float] | Array, digits: int = 2, *percentiles: float) -> str:
    if len(values) == 0:
        return "–"
    return " / ".join(f"{v:.{digits}f}" for v in np.percentile(values, percentiles or (0, 1, 50)))


def motion_row(clip: Clip) -> list[str]:
    faces = [face for _, face in clip.faces]
    yaw = [face.pose.yaw for face in faces]
    return [
        clip.name,
        f"{len(faces)}/{len(clip.observations)}",
        str(sum(o.faces > 1 for o in clip.observations)),
        spread(moves(clip), 1, 50, 99, 100),
        spread(scales(clip), 3, 99, 100),
        f"{largest_gap(clip):.2f}",
        spread(yaw, 0, 0, 50, 100),
        spread(yaw_speeds(clip, 1 / 30), 0, 99, 100),
        spread(yaw_speeds(clip, 0.2), 0, 99, 100),
    ]


def quality_row(clip: Clip) -> list[str]:
    faces = [face for _, face in clip.faces]
    return [
        clip.name,
        spread([f.box.w for f in faces], 2, 0, 50, 100),
        spread([f.ipd_px for f in faces], 0, 0, 50, 100),
        spread([f.sharpness for f in faces], 0, 1, 50, 99),
        spread([f.luma for f in faces], 0, 1, 50, 99),
        spread([f.clipped for f in faces], 3, 1, 50, 99),
        spread([f.aspect for f in faces], 2, 1, 50, 99),
        spread([f.expression.ear for f in faces], 2, 1, 50, 99),
    ]


def mean_direction(embeddings: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(np.mean(embeddings, axis=0).tolist())


def identity_row(clip: Clip, clips: list[Clip]) -> list[str]:
    """Cosines to the mean frontal embedding of the clip: its own frames, its turned ones, other persons'."""
    frontal, turned = clip.embeddings(0, FRONTAL), clip.embeddings(TURNED, 90)
    if len(frontal) < 2:
        return [clip.name, "–", "–", "–", "–"]
    anchor = mean_direction(frontal)
    others = [other for other in clips if other.person != clip.person]
    foreign = [[cosine(anchor, e) for other in others for e in other.embeddings(*band)] for band in BANDS]
    own = [[cosine(anchor, e) for e in band] for band in (frontal, turned)]
    sizes = f"{len(frontal)} / {len(turned)}"
    return [clip.name, sizes, *(spread(v) for v in own), *(spread(v, 2, 50, 99, 100) for v in foreign)]


BANDS = ((0.0, FRONTAL), (TURNED, 90.0))

MOTION_HEAD = (
    "clip | frames with a face | frames with 2 faces | nose bridge, % IPD between frames, p50/p99/max | "
    "size ratio between frames, p99/max | longest time without a face, s | yaw min/p50/max, ° | "
    "yaw speed frame to frame, °/s, p99/max | over 0.2 s, p99/max"
)
QUALITY_HEAD = (
    "clip | face width / frame width, min/p50/max | IPD px, min/p50/max | sharpness p1/p50/p99 | luma p1/p50/p99 | "
    "clipped p1/p50/p99 | aspect p1/p50/p99 | EAR p1/p50/p99"
)
IDENTITY_HEAD = (
    "clip | frontal / turned embeddings | own frontal, min/p1/p50 | own turned, min/p1/p50 | "
    "other persons' frontal, p50/p99/max | other persons' turned, p50/p99/max"
)


def table(head: str, rows: list[list[str]]) -> str:
    columns = head.count("|") + 1
    lines = [f"| {head} |", "|" + "-|" * columns, *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


def measure(models: VisionModels, path: Path) -> Clip:
    person = "evm_face" if path.parent.name == "controls" else path.stem
    clip = Clip(path.name, person)
    with FaceMeter(models, embed_interval_s=EMBED_INTERVAL_S) as meter:
        clip.observations += [meter.observe(rgb, t) for t, rgb in read_video(path)]
    return clip


def clips_report(models: VisionModels, console: Console) -> None:
    paths = sorted(p for d in ("clips", "controls") for p in (DATA / d).iterdir() if p.suffix != ".md")
    clips = [measure(models, path) for path in track(paths, "measuring", console=console)]
    print(table(MOTION_HEAD, [motion_row(clip) for clip in clips]))
    print(table(QUALITY_HEAD, [quality_row(clip) for clip in clips]))
    print(table(IDENTITY_HEAD, [identity_row(clip, clips) for clip in clips]))


def milliseconds(action: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median and 95th percentile of one call's CPU time, all threads: neighbours on the machine do not count."""
    for _ in range(10):
        action()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        action()
        times.append(1000 * (time.process_time() - start))
    p50, p95 = np.percentile(times, (50, 95))
    return float(p50), float(p95)


def cost_report(models: VisionModels) -> None:
    from skimage import data

    rgb = np.ascontiguousarray(cv2.resize(data.astronaut(), (640, 640))[:480])
    (mesh,) = models.find_faces(rgb)
    box, tracker, finder = normalised_box(mesh, 640, 480), models.tracker(), models.finder()
    clock = iter(range(10**9))
    stages: dict[str, tuple[Callable[[], object], int]] = {
        "landmark network (MediaPipe)": (lambda: tracker.track(rgb, CaptureTime(next(clock) / 30)), 200),
        "face finder (BlazeFace), every 0.15 s": (lambda: finder.boxes(rgb), 100),
        "embedding (SFace), every 10th frame": (lambda: models.embedder.embed(rgb, mesh.points), 50),
        "our own: one face to numbers": (lambda: measure_face(rgb, mesh, box, None), 500),
        "– skin regions and background": (lambda: roi.skin_regions(rgb, mesh.points), 500),
        "– sharpness and exposure": (lambda: quality.face_quality(rgb, mesh.points), 500),
        "– pose and openness": (lambda: (geometry.pose(mesh.matrix), geometry.expression(mesh, 80.0)), 500),
    }
    rows = [[name, *(f"{ms:.2f}" for ms in milliseconds(*stage))] for name, stage in stages.items()]
    tracker.close()
    finder.close()
    print(table("stage, 640x480 | p50 CPU ms | p95 CPU ms", rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cost", action="store_true", help="only the cost per frame")
    only_cost = parser.parse_args().cost
    if not only_cost and not DATA.is_dir():
        sys.exit("no clips: set LIVENESS_TEST_DATA to their folder")
    models = VisionModels.load(ModelStore())
    if not only_cost:
        clips_report(models, Console(stderr=True))
    cost_report(models)


if __name__ == "__main__":
    main()
