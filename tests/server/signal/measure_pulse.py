"""Print what server/docs/pulse.md says: how often noise passes for a pulse, how right the rates are, and the cost.

    python tests/server/signal/measure_pulse.py --noise 10000     # false presence, by kind of noise and window
    python tests/server/signal/measure_pulse.py --rates 100       # error of the methods, synthetic, 45 to 180 bpm
    python tests/server/signal/measure_pulse.py --cost

Everything is synthetic and drawn from fixed seeds. Rates exist here to compare with the truth, nowhere else.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
from rich.progress import track

sys.path.insert(0, str(Path(__file__).parents[2]))

from liveness_server.signal.lines import BLOOD, strongest_lines
from liveness_server.signal.pulse import Presence, judge_pulse
from liveness_server.signal.rppg import METHODS
from server.signal.synthetic import AMPLITUDE, FS, SKIN, in_band_noise, living, noisy, times, wave

NOISES = {"white": 0.0, "pink": 1.0, "random walk": 2.0}
SHARES = (0.0, 0.5, 1.0)
WINDOWS = (8.0, 10.0, 12.0)


def noise(total: int) -> None:
    kinds = list(product(NOISES, SHARES, WINDOWS))
    each = -(-total // len(kinds))
    print(f"| noise | shared by regions | window, s | called coherent of {each} | weak_signal |\n|-|-|-|-|-|")
    false = 0
    for name, share, seconds in track(kinds, disable=not sys.stderr.isatty()):
        answers = Counter(_noise_answer(seed, NOISES[name], share, seconds) for seed in range(each))
        false += answers["ok"]
        print(f"| {name} | {share} | {seconds:g} | {answers['ok']} | {answers['weak_signal']} |", flush=True)
    print(f"\n{false} of {each * len(kinds)} noise traces called coherent")


def _noise_answer(seed: int, exponent: float, share: float, seconds: float) -> str:
    rng = np.random.default_rng((seed, round(10 * exponent), round(10 * share), round(seconds)))
    return judge_pulse(noisy(rng, times(seconds), exponent=exponent, shared=share)).reason


def rates(each: int) -> None:
    print("| noise at 0 dB | method | within 2 bpm | median error, bpm |\n|-|-|-|-|")
    for kind in ("pulse wave alone", "brightness (motion)", "camera, each channel"):
        errors: dict[str, list[float]] = {}
        for seed in range(each):
            for name, error in _rate_errors(seed, kind).items():
                errors.setdefault(name, []).append(error)
        for name, found in errors.items():
            print(f"| {kind} | {name} | {np.mean(np.array(found) <= 2):.1%} of {each} | {np.median(found):.2f} |")


def _rate_errors(seed: int, kind: str) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    bpm, t = rng.uniform(45, 180), times(10)
    beat = wave(t, bpm)
    power = float(np.mean(beat**2))
    if kind == "pulse wave alone":
        signals = {"-": beat + in_band_noise(rng, len(t), power)}
    else:
        if kind.startswith("brightness"):
            disturbance = in_band_noise(rng, len(t), power)[:, None] * BLOOD[1] * np.ones(3)
            disturbance = disturbance + 0.1 * rng.normal(size=(len(t), 3))
        else:
            disturbance = BLOOD[1] * np.sqrt(power) * rng.normal(size=(len(t), 3))
        rgb = SKIN[0] * (1 - AMPLITUDE * (beat[:, None] * BLOOD + disturbance))
        signals = {name: method(rgb, fs=FS) for name, method in METHODS.items()}
    return {name: abs(60 * strongest_lines(x[:, None], fs=FS)[0].hz - bpm) for name, x in signals.items()}


def cost(repeats: int = 100) -> None:
    traces = living(np.random.default_rng(1), times(12))
    assert judge_pulse(traces).presence is Presence.COHERENT
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        judge_pulse(traces)
        spent.append(time.perf_counter() - start)
    print(
        f"judge_pulse, 12 s at 30 fps, nothing skipped: median {1e3 * np.median(spent):.1f} ms, "
        f"fastest {1e3 * min(spent):.1f} ms of {repeats}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", type=int, metavar="N")
    parser.add_argument("--rates", type=int, metavar="N")
    parser.add_argument("--cost", action="store_true")
    asked = parser.parse_args()
    if asked.noise:
        noise(asked.noise)
    if asked.rates:
        rates(asked.rates)
    if asked.cost:
        cost()


if __name__ == "__main__":
    main()
