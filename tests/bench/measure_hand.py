"""What `strict`, which asks for a hand across the face, makes of the rendered presenter and of a swap worn over it.

    python tests/bench/measure_hand.py presenter hopper 1 2 3
    python tests/bench/measure_hand.py presenter hopper 1 --yaw 31
    python tests/bench/measure_hand.py face_swap astronaut 1 2

Virtual time, 640x480 at 25 fps, nothing compressed. The presenter is an attack itself, so its passes say only that the
policy can be passed, and nothing of people.
"""

from __future__ import annotations

import argparse

from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.attacks import SPECIES, PortraitSource
from liveness_server.evaluation.attacks.performer import Performer
from liveness_server.evaluation.presenter import MOVES, Presenter, motion
from liveness_server.evaluation.simulate import attempt, simulate
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import ModelStore

SIZE, FPS, LIMIT_S = (640, 480), 25.0, 118.0


def performer(who: str, portrait: str, models: VisionModels, seed: int) -> Performer:
    if who == "presenter":
        return Presenter(portrait, seed=seed, size=SIZE)
    return SPECIES[who].perform(PortraitSource(portrait, models.bundle, seconds=12.0, seed=seed), seed, SIZE)


def row(who: str, portrait: str, models: VisionModels, seed: int) -> str:
    terms = attempt(shipped_policies()["strict"], models, seed=seed)
    verdict = simulate(performer(who, portrait, models, seed), models, terms, fps=FPS, limit_s=LIMIT_S).verdict
    assert verdict is not None, "every session ends"
    challenges = ", ".join(f"{timing.kind} {timing.outcome}" for timing in verdict.challenges)
    return f"| {who} {portrait} {seed} | {challenges} | {verdict.decision} {' '.join(verdict.reasons)} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("who", choices=["presenter", *SPECIES])
    parser.add_argument("portrait")
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument("--yaw", type=float, default=motion.YAW, help="degrees that the presenter's mesh is turned")
    given = parser.parse_args()
    for kind, side in (("turn_left", 1), ("turn_right", -1)):
        MOVES[kind] = motion._held("yaw", side * given.yaw)
    models = VisionModels.load(ModelStore())
    for seed in given.seeds:
        print(row(given.who, given.portrait, models, seed), flush=True)


if __name__ == "__main__":
    main()
