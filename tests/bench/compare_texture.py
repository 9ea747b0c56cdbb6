"""Print, as Markdown, what the bare print and replay network says of single frames, and what our texture check says.

    python tests/bench/compare_texture.py CACHE         # the table of server/docs/degradation.md
    python tests/bench/compare_texture.py CACHE --quick # without rendered species; --kept: what is kept only

CACHE as in `degrade_checks.py`. The network alone is asked as its package shows: one frame, one crop of 2.7 times the
face, live from 0.5. No score of a person is printed, only how many frames fall on which side.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

sys.path.insert(0, str(Path(__file__).parent))

from degrade_checks import AS_IT_IS, CLIPS, CONTROLS, counted, print_head, print_row, worded
from degrade_clips import DATA, Cache, Picture, Subject, clip, measured, rendered

from liveness_server.checks.base import CheckContext
from liveness_server.evaluation.analysis import run_checks
from liveness_server.types import CaptureTime, CheckResult, FaceObservation, Outcome
from liveness_server.vision.landmarks import bounding_box
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import ModelStore
from liveness_server.vision.pad import CHIP_PX, CROPS, FACE_POINTS, INTERVAL_S, PadNet, crop
from liveness_server.vision.picture import decode_picture

LIVE = 0.5
"""From which the network's `live` is live, as its package has it."""
STILL_SAMPLES = 12
"""Times that a still is shown to our check, which wants ten: the same numbers half a second apart."""
PRESENTED = {
    **dict.fromkeys(("flat_print", "bent_print", "print_eye_holes", "brightness_pulsed_photo"), "astronaut"),
    **dict.fromkeys(("handheld_photo", "shaken_photo", "phone_replay", "monitor_replay"), "clips/liveportrait_d13.mp4"),
}
"""Presentation attacks of the lab, and what they are made of."""


@dataclass(frozen=True, slots=True)
class Row:
    """One subject by both."""

    name: str
    attack: bool
    frames: int
    refused: int
    """Frames that the network alone calls print or replay."""
    ours: CheckResult


def main() -> None:
    """Ask both about everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    for flag in ("--quick", "--keep-old", "--kept"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_args()
    models = VisionModels.load(ModelStore())
    if models.pad is None:
        sys.exit("no pad model: run `liveness-server models fetch`")
    asked.cache.mkdir(parents=True, exist_ok=True)
    os.nice(10)
    cache = Cache(asked.cache, models, keep_old=asked.keep_old, measure=not asked.kept)
    print_rows([*rows(models, models.pad, cache, quick=asked.quick)])


def rows(models: VisionModels, net: PadNet, cache: Cache, *, quick: bool) -> Iterator[Row]:
    for path in sorted((DATA / "pad").rglob("*.jpg")):
        yield still_row(path, models, net)
    found = subjects(models, quick=quick)
    for subject in track(found, "subjects", console=Console(stderr=True)):
        kept = cache.of(subject, AS_IT_IS)
        if kept is None:
            continue
        said = [bare(rgb, models, net) for rgb in sampled(subject)]
        yield row(subject.name, subject.attack, said, kept.observations, models)


def subjects(models: VisionModels, *, quick: bool) -> list[Subject]:
    people = [clip(f"clips/{name}") for name in (*(f"{name}.mp4" for name in CLIPS), "franck.mp4", "face_noface.mov")]
    attacks = [clip(name, attack=True) for name in CONTROLS]
    return people + attacks + ([] if quick else [rendered(name, models, of=of) for name, of in PRESENTED.items()])


def still_row(path: Path, models: VisionModels, net: PadNet) -> Row:
    rgb = decode_picture(path.read_bytes())
    [seen] = measured([(CaptureTime(0.0), rgb)], models)
    shown = [replace(seen, t=CaptureTime(number * INTERVAL_S)) for number in range(STILL_SAMPLES)]
    return row(str(path.relative_to(DATA)), path.parent.name != "live", [bare(rgb, models, net)], shown, models)


def row(
    name: str, attack: bool, said: Sequence[bool | None], seen: Sequence[FaceObservation], models: VisionModels
) -> Row:
    checks = {check.name: check for check in run_checks(seen, CheckContext(None, models.embedding_digest))}
    judged = [live for live in said if live is not None]
    return Row(name, attack, len(judged), judged.count(False), checks["texture"].result())


def sampled(subject: Subject) -> Iterator[Picture]:
    """A frame every half second, as our check samples."""
    due = 0.0
    for t, rgb in subject.film():
        if t >= due:
            due = t + INTERVAL_S
            yield rgb


def bare(rgb: Picture, models: VisionModels, net: PadNet) -> bool | None:
    """Whether the network alone calls one frame live; None without a face."""
    for mesh in models.find_faces(rgb, limit=1):
        cut = crop(rgb, bounding_box(mesh.points[:FACE_POINTS]), CROPS[0])
        chip = cv2.resize(cut, (CHIP_PX, CHIP_PX), interpolation=cv2.INTER_LINEAR)
        return net.live(np.asarray(chip, np.uint8)) >= LIVE
    return None


def print_rows(found: Sequence[Row]) -> None:
    print_head("clip, still or species", "truth", "network alone: frames called attack", "our check")
    for seen in found:
        print_row(seen.name, truth(seen.attack), f"{seen.refused} of {seen.frames}", worded(seen.ours))
    print()
    print_head("", "network alone, frames called attack", "any frame", "our check")
    for attack in (False, True):
        group = [seen for seen in found if seen.attack is attack]
        refused, frames = sum(seen.refused for seen in group), sum(seen.frames for seen in group)
        some = sum(seen.refused > 0 for seen in group)
        said = counted(str(seen.ours.outcome) for seen in group)
        print_row(f"{truth(attack)} ({len(group)})", f"{refused} of {frames}", f"{some} of {len(group)}", said)
    wrong = [seen.name for seen in found if not seen.attack and seen.ours.outcome is Outcome.FAIL]
    print(f"\nBona fide called print or replay by our check: {', '.join(wrong) or 'none'}")


def truth(attack: bool) -> str:
    return "attack" if attack else "bona fide"


if __name__ == "__main__":
    main()
