"""Print what server/docs/pulse.md says: how often noise passes for a pulse, how right the rates are, and the cost.

    python tests/server/signal/measure_pulse.py --noise 10000     # false presence, by kind of noise and window
    python tests/server/signal/measure_pulse.py --rates 100       # error of the methods, synthetic, 45 to 180 bpm
    python tests/server/signal/measure_pulse.py --cost
    python tests/server/signal/measure_pulse.py --sensor          # against a finger sensor, $LIVENESS_TEST_DATA
    python tests/server/signal/measure_pulse.py --clips           # the check on the first 12 s of the shared clips
    python tests/server/signal/measure_pulse.py --bitrates        # the strength that VP8 and H264 leave of a clip

What is synthetic is drawn from fixed seeds. Rates exist here to compare with the truth, nowhere else; of the clips no
frame, trace or rate is printed or stored.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections import Counter
from itertools import product, takewhile
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

sys.path.insert(0, str(Path(__file__).parents[2]))

from liveness_server import checks
from liveness_server.checks.base import CheckContext
from liveness_server.checks.pulse import Pulse
from liveness_server.signal import pulse
from liveness_server.signal.filters import relative
from liveness_server.signal.lines import BLOOD, green_over_red, likeness_to_blood, strongest_lines
from liveness_server.signal.pulse import Presence, judge_pulse
from liveness_server.signal.resample import regular
from liveness_server.signal.rppg import METHODS
from liveness_server.signal.spectral import line
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, Phase
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore
from server.signal.synthetic import AMPLITUDE, FS, SKIN, in_band_noise, living, noisy, times, wave

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")
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
    spent: list[float] = []
    for _ in range(repeats):
        start = time.process_time()
        judge_pulse(traces)
        spent.append(time.process_time() - start)
    print(
        f"judge_pulse, 12 s at 30 fps, nothing skipped: median {1e3 * np.median(spent):.1f} ms, "
        f"fastest {1e3 * min(spent):.1f} ms of {repeats}"
    )


def sensor() -> None:
    t, r, g, b, ppg = np.genfromtxt(DATA / "pulse" / "vipl_p1v1s1.csv", delimiter=",", skip_header=1).T
    skin = np.stack([r, g, b], axis=1)
    print("| samples lost | method | MAE, bpm | correlation |\n|-|-|-|-|")
    for lost, (name, method) in product((0.0, 0.3), METHODS.items()):
        kept = np.random.default_rng(1).random(len(t)) >= lost
        pairs = [
            (_rate(method(_cut(t[kept], skin[kept], start), fs=FS)), _rate(_cut(t, ppg, start)))
            for start in np.arange(0, t[-1] - 10, 1.0)
        ]
        found, truth = np.array(pairs).T
        error, agreement = np.abs(found - truth).mean(), np.corrcoef(found, truth)[0, 1]
        print(f"| {lost:.0%} | {name} | {error:.2f} | {agreement:.2f} |")


def _cut(t: Array, x: Array, start: float) -> Array:
    inside = (t >= start) & (t <= start + 10)
    return regular(t[inside], x[inside], fs=FS)[1]


def _rate(x: Array) -> float:
    return 60 * strongest_lines(x[:, None], fs=FS)[0].hz


def clips() -> None:
    models = VisionModels.load(ModelStore())
    print(
        "| clip | answer | quality | speed, IPD/s | strength, dB | likeness to blood | green over red |\n"
        + "|-" * 7
        + "|"
    )
    for path in sorted([*DATA.glob("clips/*"), *DATA.glob("controls/*")]):
        check = Pulse(CheckContext(None, ""))
        with FaceMeter(models, embed_interval_s=1e6) as meter:
            for t, rgb in takewhile(lambda frame: frame[0] <= 12, read_video(path)):
                check.update(meter.observe(rgb, t), Phase.CAPTURE, 0)
        print(f"| {path.stem} | {_clip_row(check)} |", flush=True)


BITRATES = {"libvpx": (100, 150, 200, 250), "libx264": (25, 50, 100)}
"""Encoder -> bits per second asked for, thousands."""
CODED = "evm_face.mp4"
"""The clip with the strongest pulse."""


def bitrates() -> None:
    models = VisionModels.load(ModelStore())
    frames = list(takewhile(lambda frame: frame[0] <= 12, read_video(DATA / "clips" / CODED)))
    print("| encoder | asked for, kb/s | come to, kb/s | answer | strength, dB |\n|-|-|-|-|-|")
    for encoder, asked in BITRATES.items():
        for kbps in asked:
            _coded_row(models, frames, encoder, kbps)


def _coded_row(models: VisionModels, frames: list[tuple[float, Picture]], encoder: str, kbps: int) -> None:
    data = encoded([rgb for _, rgb in frames], encoder, 1000 * kbps)
    check, times_s = Pulse(CheckContext(None, "")), [t for t, _ in frames]
    with FaceMeter(models, embed_interval_s=1e6) as meter, av.open(io.BytesIO(data)) as file:
        for t, decoded in zip(times_s, file.decode(video=0), strict=True):
            check.update(meter.observe(decoded.to_ndarray(format="rgb24"), CaptureTime(t)), Phase.CAPTURE, 0)
    came_to = 8e-3 * len(data) / (times_s[-1] - times_s[0])
    result, window = check.result(), next(check._windows())
    strength = pulse._strength(pulse._window(checks.pulse._traces(*_cut_out(check, window))))
    print(f"| {encoder} | {kbps} | {came_to:.0f} | {result.outcome} {result.reason} | {strength:.1f} |", flush=True)


def encoded(pictures: list[Picture], encoder: str, bit_rate: int) -> bytes:
    """The pictures as an encoder in real time leaves them, with one key frame."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as file:
        stream = file.add_stream(encoder, rate=30)
        height, width = pictures[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = (
            width // 2 * 2,
            height // 2 * 2,
            "yuv420p",
            bit_rate,
        )
        stream.options = REAL_TIME[encoder]
        for picture in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    return buffer.getvalue()


REAL_TIME = {
    "libvpx": {"deadline": "realtime", "cpu-used": "6", "g": "3000", "lag-in-frames": "0"},
    "libx264": {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "g": "3000"},
}


def _cut_out(check: Pulse, window: slice) -> tuple[Array, Array]:
    return np.array(check._times[window]), np.array(check._rows[window])


def _clip_row(check: Pulse) -> str:
    result, window = check.result(), next(check._windows(), None)
    answer = f"{result.outcome} {result.reason} | {result.quality:.2f}"
    if window is None:
        return f"{answer} | – | – | – | –"
    seen = pulse._window(checks.pulse._traces(*_cut_out(check, window)))
    colour = line(relative(seen.skin[:, seen.best]), seen.hz, fs=FS)
    numbers = (check._speed(window), pulse._strength(seen), likeness_to_blood(colour), green_over_red(colour))
    return " | ".join([answer, *(f"{number:.2f}" for number in numbers)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", type=int, metavar="N")
    parser.add_argument("--rates", type=int, metavar="N")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--sensor", action="store_true")
    parser.add_argument("--clips", action="store_true")
    parser.add_argument("--bitrates", action="store_true")
    asked = parser.parse_args()
    if asked.noise:
        noise(asked.noise)
    if asked.rates:
        rates(asked.rates)
    if asked.cost:
        cost()
    if asked.sensor:
        sensor()
    if asked.clips:
        clips()
    if asked.bitrates:
        bitrates()


if __name__ == "__main__":
    main()
