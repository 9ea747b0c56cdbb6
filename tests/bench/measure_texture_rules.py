"""Print, as Markdown, two choices of the texture check: when sides are looked for, and how near a face may be.

    python tests/bench/measure_texture_rules.py schedules       # sides of a frame: as built, and as first measured
    python tests/bench/measure_texture_rules.py widths          # the network's score, cropped around the face

Both read the shared clips and pictures ($LIVENESS_TEST_DATA) and the attack lab's prints and screens.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from measure_depth_texture import ATTACK_CLIP, ATTACK_S, ATTACKS, DATA, EXCERPTS, Frames, species_frames

from liveness_server.checks.texture import TextureConfig
from liveness_server.evaluation.attacks import ClipSource, PortraitSource
from liveness_server.transport.files import read_video
from liveness_server.vision.landmarks import Picture, bounding_box
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import ModelStore
from liveness_server.vision.pad import FACE_POINTS, PadNet, working_picture
from liveness_server.vision.picture import decode_picture
from liveness_server.vision.surround import frame_sides, small

LIMITS = TextureConfig()
FIRST_STEP = 8
"""Frames from one look to the next in the first measurements, at 640x480; as built: one a second, at 320x240."""
REPLAYS = {"controls/face_photo_handheld.mp4", "controls/face_still_noise.mp4", "controls/face_screen_replay.mp4"}
ANIMATED = "clips/avatar_sun.mp4"
WIDTHS = (0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8)
SAMPLES, SAMPLE_STEP = 10, 15
Array = NDArray[np.float64]


def main() -> None:
    """Print the tables that were asked for."""
    models = VisionModels.load(ModelStore())
    cv2.setNumThreads(1)
    wanted = sys.argv[1:] or ["schedules", "widths"]
    if "schedules" in wanted:
        print_schedules(models)
    if "widths" in wanted and models.pad is not None:
        print_widths(models, models.pad)


def films(models: VisionModels) -> Iterator[tuple[str, str, Frames]]:
    """Name, truth (`bona fide`, `attack`, `rendered attack`) and frames."""
    for path, (first, last) in EXCERPTS.items():
        truth = "attack" if path in REPLAYS or path == ANIMATED else "bona fide"
        yield path, truth, islice(read_video(DATA / path), first, max(last, first + 240))
    portrait = PortraitSource("hopper", models.bundle, seconds=ATTACK_S, seed=1)
    clip = ClipSource(DATA / ATTACK_CLIP, models.bundle, seconds=ATTACK_S)
    for name in ATTACKS:
        for source in (portrait, clip):
            yield f"{name}, {source.label}", "rendered attack", species_frames(name, source)


def stills() -> Iterator[tuple[str, str, Picture]]:
    for path in sorted([*(DATA / "pad").rglob("*.jpg"), *(DATA / "identity").glob("*/*.*")]):
        truth = "attack" if path.parent.name in {"print", "replay"} else "bona fide"
        yield str(path.relative_to(DATA)), truth, decode_picture(path.read_bytes())


# Sides


def print_schedules(models: VisionModels) -> None:
    print("\n| clip, still or species | truth | first schedule: looks, three sides | as built: looks, three sides |")
    print("|-|-|-|-|")
    totals: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for name, truth, frames in films(models):
        looked = sides_of(models, frames)
        print_sides(name, truth, *looked)
        totals["videos", truth].append(framed(looked[0]))
        totals["as built, videos", truth].append(framed(looked[1]))
    for name, truth, rgb in stills():
        found = both(models, rgb)
        if found is not None:
            print_sides(name, truth, [found[0]], [found[1]])
            totals["stills", truth].append(found[0] >= LIMITS.frame_sides)
            totals["as built, stills", truth].append(found[1] >= LIMITS.frame_sides)
    for (what, truth), said in totals.items():
        print(f"\n{what}, {truth}: {sum(said)} of {len(said)}")


def sides_of(models: VisionModels, frames: Frames) -> tuple[list[int], list[int]]:
    """Sides at every look of the first schedule, and of the built one."""
    first: list[int] = []
    built: list[int] = []
    due = 0.0
    for i, (t, rgb) in enumerate(frames):
        if i % FIRST_STEP:
            continue
        found = both(models, rgb)
        if found is None:
            continue
        first.append(found[0])
        # One of three or four of the same frames: a look a second.
        if t >= due:
            built.append(found[1])
            due = t + 1.0
    return first, built


def both(models: VisionModels, rgb: Picture) -> tuple[int, int] | None:
    """Sides at 640x480 and at 320x240."""
    faces = models.find_faces(rgb)
    if not faces:
        return None
    points = faces[0].points[:FACE_POINTS]
    large, scale = working_picture(rgb)
    grey = np.asarray(cv2.cvtColor(large, cv2.COLOR_RGB2GRAY), np.uint8)
    half, half_scale = small(rgb)
    return sides(grey, points * scale), sides(half, points * half_scale)


def sides(grey: NDArray[np.uint8], points: Array) -> int:
    lines = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    return 0 if lines is None else frame_sides(lines.reshape(-1, 4).astype(np.float64), bounding_box(points))


def framed(looks: list[int]) -> bool:
    hits = sum(found >= LIMITS.frame_sides for found in looks)
    return len(looks) > 0 and hits >= LIMITS.framed * len(looks)


def print_sides(name: str, truth: str, first: list[int], built: list[int]) -> None:
    cells = [f"{len(looks)}, {np.mean([n >= LIMITS.frame_sides for n in looks]):.2f}" if looks else "-"
             for looks in (first, built)]  # fmt: skip
    print("|", " | ".join([name, truth, *cells]), "|", flush=True)


# Widths


def print_widths(models: VisionModels, pad: PadNet) -> None:
    print("\nMean score, cropped so that the face has this part of the width; - where it has more already\n")
    print("|", " | ".join(["clip, still or species", "truth", *map(str, WIDTHS)]), "|")
    print("|-|-|" + "-|" * len(WIDTHS))
    for name, truth, frames in films(models):
        taken = [rgb for _, rgb in islice(frames, 0, SAMPLES * SAMPLE_STEP, SAMPLE_STEP)]
        print_scores(name, truth, models, pad, taken)
    for name, truth, rgb in stills():
        print_scores(name, truth, models, pad, [rgb])


def print_scores(name: str, truth: str, models: VisionModels, pad: PadNet, taken: Iterable[Picture]) -> None:
    found: dict[float, list[float]] = {width: [] for width in WIDTHS}
    for rgb in taken:
        for mesh in models.find_faces(rgb)[:1]:
            for width in WIDTHS:
                cut = around(rgb, mesh.points, width)
                found[width] += [] if cut is None else [pad.sample(*cut).live]
    cells = [f"{np.mean(live):.3f}" if live else "-" for live in found.values()]
    print("|", " | ".join([name, truth, *cells]), "|", flush=True)


def around(rgb: Picture, points: Array, width: float) -> tuple[Picture, Array] | None:
    """The picture cut, in its own proportions, to where the face has `width` of it; None where it has more."""
    left, top, face_width, face_height = bounding_box(points)
    scale = face_width / width / rgb.shape[1]
    if scale > 1:
        return None
    wide, high = round(scale * rgb.shape[1]), round(scale * rgb.shape[0])
    x = round(float(np.clip(left + face_width / 2 - wide / 2, 0, rgb.shape[1] - wide)))
    y = round(float(np.clip(top + face_height / 2 - high / 2, 0, rgb.shape[0] - high)))
    return np.ascontiguousarray(rgb[y : y + high, x : x + wide]), points - (x, y, 0)


if __name__ == "__main__":
    main()
