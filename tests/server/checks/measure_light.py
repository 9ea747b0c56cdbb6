"""Print what server/docs/light.md says: how often the check passes with and without a reflection, all of it modelled.

    python tests/server/checks/measure_light.py --detect 200     # against contrast, noise and drift
    python tests/server/checks/measure_light.py --false 1000     # recordings, other sequences, a tinted picture
    python tests/server/checks/measure_light.py --exact 2000     # the probability alone, for such recordings
    python tests/server/checks/measure_light.py --lags 200       # against the lag, and frames a second
    python tests/server/checks/measure_light.py --rendered 20    # the presenter through the vision pipeline
    python tests/server/checks/measure_light.py --flashes 1000   # luminance of drawn sequences, WCAG 2.3.1
    python tests/server/checks/measure_light.py --cost

No camera and no screen took part: traces are made of numbers (tests/reflecting.py), from fixed seeds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from flashing import flashes_per_second, luminance, saturated_red, trace, within
from liveness_server.checks.base import CheckContext
from liveness_server.checks.light_response import LightResponse, _controls
from liveness_server.evaluation.presenter import Presenter
from liveness_server.evaluation.presenter.light import Reflection
from liveness_server.signal.coupling import couple
from liveness_server.types import CaptureTime, CheckResult, Phase
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore
from reflecting import Scene, filmed, length, sequence, shown

CONTEXT = CheckContext(None, "")


def judge(frames, steps) -> CheckResult:
    check = LightResponse(CONTEXT)
    check.receive_light(steps, CaptureTime(0.0))
    for observation in frames:
        check.update(observation, Phase.CAPTURE, 0)
    return check.result()


def tally(results) -> str:
    counts = Counter(f"{r.outcome.value} {r.reason}" for r in results)
    return ", ".join(f"{n} {what}" for what, n in counts.most_common())


def detect(total: int) -> None:
    print(f"| face | background | noise, grey levels | drift | pass of {total} | otherwise |\n|-|-|-|-|-|-|")
    scenes = [*product((0.02, 0.05, 0.1, 0.2), (0.15,), (0.3, 1.0), (0.005,))]
    scenes += product((0.1,), (0.3, 0.6), (0.3,), (0.005, 0.02))
    for gain, share, noise, drift in scenes:
        results = []
        for seed in range(total):
            scene = Scene(
                skin=gain, behind=share * gain, noise=noise, drift=drift, seed=seed, lag_s=0.1 + seed % 7 / 10
            )
            results.append(judge(filmed(scene, sequence(seed)), sequence(seed)))
        passed = sum(r.outcome.value == "pass" for r in results)
        print(f"| {gain} | {share * gain:.3f} | {noise} | {drift} | {passed} | {tally(results)} |", flush=True)


def falsely(total: int) -> None:
    print(f"| what is before the camera | pass of {total} | all answers |\n|-|-|-|")
    kinds = {
        "no reflection at all, still": Scene(skin=0.0, behind=0.0),
        "no reflection at all, drifting": Scene(skin=0.0, behind=0.0, noise=0.5, drift=0.03),
        "a recording of another session's light": Scene(skin=0.15, behind=0.02),
        "the same, drifting": Scene(skin=0.15, behind=0.02, noise=0.5, drift=0.02),
    }
    for name, scene in kinds.items():
        results = []
        for seed in range(total):
            other = sequence(total + seed) if scene.skin else ()
            seconds = max(length(other), length(sequence(seed))) + 2
            played = filmed(Scene(**{**_fields(scene), "seed": seed}), other, seconds=seconds)
            results.append(judge(played, sequence(seed)))
        print(f"| {name} | {sum(r.outcome.value == 'pass' for r in results)} | {tally(results)} |", flush=True)
    special = {
        "only the background follows": Scene(skin=0.0, behind=0.1, noise=0.5, drift=0.02),
        "the whole picture is tinted": Scene(skin=0.1, behind=0.1, noise=0.5, drift=0.02),
    }
    for name, scene in special.items():
        results = [
            judge(filmed(Scene(**{**_fields(scene), "seed": s}), sequence(s)), sequence(s)) for s in range(total // 5)
        ]
        print(f"| {name} (of {total // 5}) | {sum(r.outcome.value == 'pass' for r in results)} | {tally(results)} |")


def exact(total: int) -> None:
    """How often the probability alone is as small for a recording of another session's light."""
    found = []
    for seed in range(total):
        t, skin, _ = Scene(seed=seed).traces(sequence(90_000 + seed), 8.5)
        found.append(couple(t, skin, shown(sequence(5000 + seed)), _controls(8)[:999], lags=(0.0, 1.3)).p)
    shares = ", ".join(
        f"p <= {limit}: {np.mean(np.array(found) <= limit):.4f}" for limit in (0.005, 0.01, 0.05, 0.1, 0.5)
    )
    print(f"of {total}: {shares}")


def _fields(scene: Scene) -> dict[str, float]:
    return {name: getattr(scene, name) for name in scene.__dataclass_fields__}


def lags(total: int) -> None:
    print(f"| lag, s | frames a second | answers of {total} |\n|-|-|-|")
    for lag, fps in [
        *product((0.05, 0.5, 0.9, 1.1, 1.25, 1.5, 2.5), (30.0,)),
        *product((0.4,), (24.0, 15.0, 10.5, 8.0)),
    ]:
        results = [
            judge(filmed(Scene(lag_s=lag, fps=fps, drift=0.01, seed=s), sequence(s)), sequence(s)) for s in range(total)
        ]
        print(f"| {lag} | {fps} | {tally(results)} |", flush=True)


def rendered(total: int) -> None:
    models = VisionModels.load(ModelStore())
    print(f"| face | room | answers of {total} |\n|-|-|-|")
    for skin, room in ((0.25, 0.03), (0.1, 0.015), (0.05, 0.01), (0.0, 0.0)):
        results = [_rendered(models, Reflection(skin, room), seed) for seed in range(total)]
        print(f"| {skin} | {room} | {tally(results)} |", flush=True)


def _rendered(models: VisionModels, reflection: Reflection, seed: int, fps: float = 15.0) -> CheckResult:
    steps, person = sequence(seed), Presenter("hopper", seed=seed)
    person.light(steps, 0.2, reflection)
    check = LightResponse(CONTEXT)
    check.receive_light(steps, CaptureTime(0.0))
    with FaceMeter(models, embed_interval_s=1e6) as meter:
        for i in range(int((length(steps) + 1.6) * fps)):
            t = CaptureTime(i / fps)
            check.update(meter.observe(person.frame(t), t), Phase.CAPTURE, 0)
    return check.result()


def flashes(total: int) -> None:
    print("| ramps | largest swing of relative luminance | general flashes a second, most | saturated red |\n|-|-|-|-|")
    for name, encoded in (("in proportion of light", False), ("of sRGB values", True)):
        swing, most, red = 0.0, 0, False
        for seed in range(total):
            light = trace(sequence(seed), encoded=encoded)
            y = luminance(light)
            swing, most = max(swing, np.ptp(within(y, sequence(seed)))), max(most, flashes_per_second(y))
            red |= saturated_red(light)
        print(f"| {name} | {swing:.3f} | {most} | {'yes' if red else 'never'} |")


def cost(total: int = 50) -> None:
    frames, steps = filmed(Scene(), sequence(1)), sequence(1)
    check = LightResponse(CONTEXT)
    check.receive_light(steps, CaptureTime(0.0))
    begun = time.process_time()
    for observation in frames:
        check.update(observation, Phase.CAPTURE, 0)
    fed = time.process_time()
    check.result()
    first = time.process_time()
    for _ in range(total):
        check.result()
    each = (time.process_time() - first) / total
    print(f"{1e6 * (fed - begun) / len(frames):.0f} us a frame, {1e3 * each:.1f} ms a result (CPU)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--detect", type=int)
    parser.add_argument("--false", type=int, dest="falsely")
    parser.add_argument("--exact", type=int)
    parser.add_argument("--lags", type=int)
    parser.add_argument("--rendered", type=int)
    parser.add_argument("--flashes", type=int)
    parser.add_argument("--cost", action="store_true")
    options = parser.parse_args()
    for task in (detect, falsely, exact, lags, rendered, flashes):
        if getattr(options, task.__name__):
            task(getattr(options, task.__name__))
    if options.cost:
        cost()


if __name__ == "__main__":
    main()
