"""Prints what server/docs/light.md says of instruments in the light of a screen: the answers of `light_response`.

python tests/server/evaluation/attacks/measure_light.py --n 3
python tests/server/evaluation/attacks/measure_light.py phone_replay --n 3 --veils 0.001 0.005 0.01 0.02 0.03

An instrument is held still in its session's light; a run takes about 10 s of one core.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from functools import cache, partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from liveness_server.checks.base import CheckContext
from liveness_server.checks.light_response import LightResponse
from liveness_server.evaluation.attacks import SPECIES, PortraitSource
from liveness_server.evaluation.attacks.glass import VEIL
from liveness_server.evaluation.attacks.performer import Lit
from liveness_server.evaluation.attacks.screens import OnScreen
from liveness_server.types import Phase
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore
from reflecting import length, sequence

FPS, SIZE, LAG_S = 12.0, (480, 360), 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("species", nargs="*", default=list(SPECIES), metavar="SPECIES")
    parser.add_argument("--n", type=int, default=3, help="seeds of each, from 1")
    parser.add_argument("--source", default="hopper")
    parser.add_argument("--veils", type=float, nargs="+", default=[VEIL], help="of the glass of screens")
    options = parser.parse_args()
    print("| species | veil | answers |\n|-|-|-|")
    for name in options.species:
        performer = SPECIES[name].perform(source_of(options.source, 1), 1, SIZE)
        for veil in options.veils if isinstance(performer, OnScreen) else [None] if isinstance(performer, Lit) else []:
            said = Counter(answer(name, options.source, seed, veil) for seed in range(1, options.n + 1))
            told = ", ".join(f"{times} {what}" for what, times in said.most_common())
            print(f"| `{name}` | {'-' if veil is None else veil} | {told} |", flush=True)


def answer(name: str, source: str, seed: int, veil: float | None) -> str:
    performer, steps = SPECIES[name].perform(source_of(source, seed), seed, SIZE), sequence(seed)
    shine = partial(performer.light, veil=veil) if veil is not None else performer.light
    shine(steps, LAG_S)
    check = LightResponse(CheckContext(None, ""))
    check.receive_light(steps, 0.0)
    with FaceMeter(models(), embed_interval_s=1e6) as meter:
        for i in range(int((length(steps) + 1.6) * FPS)):
            check.update(meter.observe(performer.frame(i / FPS), i / FPS), Phase.CAPTURE, 0)
    result = check.result()
    return f"{result.outcome} {result.reason}"


def source_of(name: str, seed: int) -> PortraitSource:
    return PortraitSource(name, models().bundle, seconds=10.0, seed=seed)


@cache
def models() -> VisionModels:
    return VisionModels.load(ModelStore())


if __name__ == "__main__":
    main()
