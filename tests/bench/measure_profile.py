"""Print, as Markdown, what landmarks and embeddings do while a real, a rendered and a swapped face makes a movement.

    python tests/bench/measure_profile.py clips                       # real turns, and the lab's swap worn over them
    python tests/bench/measure_profile.py hand_across_face 1 2 3      # rendered, one line for each way of cheating
    python tests/bench/measure_profile.py turn_to_profile 1 2 3       # tables of server/docs/challenges.md

640x480, 30 fps or as filmed, nothing compressed; a line is a minute or two. `swap taken off`: worn until the prompt.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

sys.path.insert(0, str(Path(__file__).parents[1]))

from liveness_server.challenges.baseline import Baseline, Deviation
from liveness_server.challenges.same_face import SAME_FACE
from liveness_server.evaluation.attacks.source import still_of
from liveness_server.evaluation.attacks.swaps import Mask
from liveness_server.evaluation.presenter import PORTRAITS, Presenter
from liveness_server.evaluation.presenter.portraits import framed
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, Face, FaceObservation
from liveness_server.vision.landmarks import RIGID, SLOT, Picture
from liveness_server.vision.matching import cosine
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore
from server.evaluation.hidden import Dress, attempt

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
TURNS = (
    ("cap12_edit", 16.0, 24.0, "hopper"),
    ("cap12_edit", 35.0, 42.0, "astronaut"),
    ("franck", 157.0, 163.0, "astronaut"),
)
"""Clip, seconds of it that hold turns of 13 to 22 degrees that nobody asked for, and whose face is worn over them."""
SIZE = (640, 480)
NEIGHBOUR_S = 0.1
TURNED = 12.0
WAYS = ("presenter", "swap", "swap taken off")
_RIGID = [SLOT[i] for i in RIGID]


@dataclass(frozen=True)
class Film:
    """Frames before and after something was asked for (or, unasked, all of them as both), by a neutral face."""

    rest: Sequence[FaceObservation]
    asked: Sequence[FaceObservation]


def main() -> None:
    """Measure and print."""
    models = replace(VisionModels.load(ModelStore()), pad=None)
    what, *seeds = sys.argv[1:]
    print("| who | outcome | largest yaw | frames lost | mesh jump | turned, lowest cosine | clear, second lowest |")
    print("|-|-|-|-|-|-|-|")
    for line in clips(models) if what == "clips" else rendered(what, [int(seed) for seed in seeds], models):
        print(line, flush=True)


def clips(models: VisionModels) -> Iterator[str]:
    """Each part as it is, and with another's face worn over it."""
    for clip, begin, end, donor in TURNS:
        for way, dress in (("as it is", as_it_is), (f"wearing {donor}", mask(donor, models))):
            yield row(f"{clip} {begin:.0f}-{end:.0f} s, {way}", "-", [filmed(clip, (begin, end), dress, models)])


def filmed(clip: str, span: tuple[float, float], dress: Dress, models: VisionModels) -> Film:
    """One part of a clip, measured."""
    seen = []
    with FaceMeter(models) as meter:
        for t, rgb in takewhile(lambda frame: frame[0] < span[1], read_video(DATA / "clips" / f"{clip}.mp4")):
            if t >= span[0]:
                seen.append(meter.observe(dress(rgb, t), t))
    yaws = [o.face.pose.yaw for o in seen if o.face is not None]
    middle = median(yaws)
    frontal = [o for o in seen if o.face is not None and abs(o.face.pose.yaw - middle) < 5.0]
    return Film(frontal, seen)


def rendered(kind: str, seeds: list[int], models: VisionModels) -> Iterator[str]:
    """One challenge, answered by each portrait: as it is, wearing the other one's face, and taking that off."""
    tasks = [(name, way) for name in sorted(PORTRAITS) for way in WAYS]
    for name, way in track(tasks, "Measuring", console=Console(stderr=True)):
        films, outcomes = [], Counter[str]()
        for seed in seeds:
            other = next(portrait for portrait in PORTRAITS if portrait != name)
            presenter = Presenter(name, seed=seed, size=SIZE)
            dress = as_it_is if way == "presenter" else mask(other, models)
            result = attempt(kind, Unmasking(presenter, dress, way), models)  # type: ignore[arg-type]
            outcomes[str(result.outcome)] += 1
            assert result.prompted is not None
            films.append(Film([o for o in result.observations if o.t < result.prompted], result.asked))
        told = ", ".join(f"{outcome} {n}" for outcome, n in outcomes.items())
        yield row(f"{name}, {way}", told, films)


class Unmasking:
    """A presenter who wears a mask, and where that is the way takes it off at the prompt."""

    def __init__(self, presenter: Presenter, dress: Dress, way: str) -> None:
        self._presenter, self._dress, self._way = presenter, dress, way

    def prompt(self, kind: str, t: float) -> None:
        """Hear it, and unmask."""
        self._presenter.prompt(kind, t)
        if self._way == "swap taken off":
            self._dress = as_it_is

    def frame(self, t: float) -> Picture:
        """The frame at `t`."""
        return self._dress(self._presenter.frame(t), CaptureTime(t))


def as_it_is(rgb: Picture, t: CaptureTime) -> Picture:
    """No mask."""
    return rgb


def mask(name: str, models: VisionModels) -> Dress:
    """The face of a portrait, to be worn."""
    return Mask(still_of(framed(name, SIZE).window(), models.bundle), models.bundle).wear


def row(who: str, outcome: str, films: Sequence[Film]) -> str:
    """One line: the largest of all films, or their range."""
    figures = [measured(film) for film in films]
    yaw, lost, jump, turned, clear = zip(*figures, strict=True)
    return (
        f"| {who} | {outcome} | {max(yaw):.1f} | {min(lost)}-{max(lost)} | {max(jump):.1f} | {span(turned)} "
        f"| {span(clear)} |"
    )


def span(values: Sequence[float | None]) -> str:
    """From the lowest film's to the highest one's."""
    there = [f"{value:.2f}" for value in values if value is not None]
    return "-".join(dict.fromkeys((min(there), max(there)))) if there else "-"


def measured(film: Film) -> tuple[float, int, float, float | None, float | None]:
    """Largest yaw, degrees; frames lost; largest jump of the mesh; cosines to the mean of the frames at rest: lowest
    of the turned face, and second lowest of the clear one."""
    baseline = Baseline.of(film.rest)
    mean = np.sum([o.face.embedding for o in film.rest if o.face and o.face.embedding], axis=0).tolist()
    shown = [(o.t, o.face) for o in film.asked if o.face is not None]
    seen = [(Deviation.of(face, t, baseline, None), face) for t, face in shown]
    turned = [cosine(mean, f.embedding) for d, f in seen if f.embedding and abs(d.yaw) >= TURNED]
    clear = [
        cosine(mean, f.embedding)
        for d, f in seen
        if f.embedding and abs(d.yaw) <= SAME_FACE.max_yaw and not any(d.covered)
    ]
    return (
        max(abs(d.yaw) for d, _ in seen),
        sum(o.face is None for o in film.asked),
        max((jump(a[1], b[1]) for a, b in pairwise(shown) if b[0] - a[0] < NEIGHBOUR_S), default=0.0),
        min(turned, default=None),
        sorted(clear)[1] if len(clear) > 1 else None,
    )


def jump(before: Face, after: Face) -> float:
    """How far the rigid landmarks are from having moved as one body, root mean square, % of the pupil distance.

    The best similarity in space, by the singular value decomposition (Umeyama 1991).
    """
    a, b = (_centred(face) for face in (before, after))
    u, s, vt = np.linalg.svd(a.T @ b)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    moved = a @ (u * sign) @ vt * (s @ sign) / (a**2).sum()
    return float(100 * np.sqrt(((moved - b) ** 2).sum(axis=1).mean()) / after.ipd_px)


def _centred(face: Face) -> NDArray[np.float64]:
    points = np.asarray(face.points)[_RIGID]
    return np.asarray(points - points.mean(axis=0), dtype=np.float64)


if __name__ == "__main__":
    main()
