"""Print what server/docs/pulse.md says: how often noise passes for a pulse, how right the rates are, and the cost.

    python tests/server/signal/measure_pulse.py --noise 10000     # false presence, by kind of noise and window
    python tests/server/signal/measure_pulse.py --strengths 5000  # of the best line in noise, by window: the thresholds
    python tests/server/signal/measure_pulse.py --rates 100       # error of the methods, synthetic, 45 to 180 bpm
    python tests/server/signal/measure_pulse.py --agreement       # of methods, halves, regions, colour: sensor, noise
    python tests/server/signal/measure_pulse.py --controls        # how often calm people's movements would be blamed
    python tests/server/signal/measure_pulse.py --cost
    python tests/server/signal/measure_pulse.py --sensor          # against a finger sensor, $LIVENESS_TEST_DATA
    python tests/server/signal/measure_pulse.py --clips           # the check on the first 12 s of the shared clips
    python tests/server/signal/measure_pulse.py --bitrates        # the strength that VP8 and H264 leave of a clip
    python tests/server/signal/measure_pulse.py --key-frames      # what a beat of key frames does to a still

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
from collections.abc import Iterator
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
from liveness_server.signal.lines import BLOOD, green_over_red, likeness_to_blood, phase_gap, strongest_lines
from liveness_server.signal.pulse import Presence, PulseLimits, Traces, judge_pulse
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
FRESH = 1_000_000
"""First seed of the noise that thresholds are taken from, so that `--noise` tests them on noise of its own."""


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
    return judge_pulse(_noise(seed, exponent, share, seconds)).reason


def _noise(seed: int, exponent: float, share: float, seconds: float) -> Traces:
    rng = np.random.default_rng((seed, round(10 * exponent), round(10 * share), round(seconds)))
    return noisy(rng, times(seconds), exponent=exponent, shared=share)


def strengths(total: int) -> None:
    """Print the strength of the best line in noise; seeds are other ones than those of `noise`."""
    kinds = list(product(NOISES, SHARES))
    each = -(-total // len(kinds))
    print(f"| window, s | traces | 95 %, dB | **99 %, dB** | {' | '.join(f'99 %, {name}' for name in NOISES)} |")
    print("|-" * (4 + len(NOISES)) + "|")
    for seconds in PulseLimits().snr_windows:
        found = {
            kind: [_noise_strength(FRESH + seed, *kind, seconds) for seed in range(each)]
            for kind in track(kinds, disable=not sys.stderr.isatty())
        }
        every = np.concatenate(list(found.values()))
        by_name = (np.concatenate([found[name, share] for share in SHARES]) for name in NOISES)
        high = (f"{np.percentile(values, 99):.2f}" for values in by_name)
        p95, p99 = np.percentile(every, (95, 99))
        print(f"| {seconds:g} | {len(every)} | {p95:.2f} | **{p99:.2f}** | {' | '.join(high)} |", flush=True)


def _noise_strength(seed: int, name: str, share: float, seconds: float) -> float:
    return pulse._strength(pulse._window(_noise(seed, NOISES[name], share, seconds)))


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
        print(f"| {path.stem} | {_clip_row(_watched(models, path, seconds=12))} |", flush=True)


def _watched(models: VisionModels, path: Path, *, seconds: float = np.inf) -> Pulse:
    """The check after the start of a film."""
    check = Pulse(CheckContext(None, ""))
    with FaceMeter(models, embed_interval_s=1e6) as meter:
        for t, rgb in takewhile(lambda frame: frame[0] <= seconds, read_video(path)):
            check.update(meter.observe(rgb, t), Phase.CAPTURE, 0)
    return check


STRONG_DB = 2.0
"""Strength from which a window of the sensor's clip counts as one with a pulse to be read."""


def agreement() -> None:
    """Print the worst of the sensor's strong windows, and how often noise is worse than the limits."""
    t, *rgb = np.genfromtxt(DATA / "pulse" / "vipl_p1v1s1.csv", delimiter=",", skip_header=1).T[:4]
    skin = np.repeat(np.stack(rgb, axis=1)[:, None], 2, axis=1)
    cuts = [(t >= at) & (t <= at + s) for s in PulseLimits().snr_windows for at in np.arange(0, t[-1] - s, 1.0)]
    filmed = [_agreement(Traces(t[cut], skin[cut], *3 * (np.zeros((cut.sum(), 3)),))) for cut in cuts]
    strong = np.array([found for found in filmed if found[0] >= STRONG_DB])
    print(f"sensor's clip: {len(strong)} of {len(filmed)} windows of {STRONG_DB} dB and more")
    print(f"  methods at most {strong[:, 1].max():.1f} and halves {strong[:, 2].max():.1f} per minute apart")
    print(f"  likeness at least {strong[:, 4].min():.2f}, green over red {strong[:, 5].min():.2f}")
    kinds = product((0.0, 1.0, 2.0), (0.0, 0.5), range(100))
    drawn = np.array([_agreement(_noise(seed, exponent, share, 10.0)) for exponent, share, seed in kinds])
    worse = np.mean(drawn[:, 1:4] > (5, 8, 45), axis=0)
    print(f"noise, {len(drawn)} traces of 10 s: methods, halves and second region beyond the limit {worse.round(2)}")


def _agreement(traces: Traces) -> tuple[float, ...]:
    """Strength; methods and halves apart, per minute; phase of the second-best region, degrees; the line's colour."""
    seen = pulse._window(traces)
    methods = max(abs(lines[seen.best].hz - seen.hz) for lines in seen.lines.values())
    pos, middle = seen.pulses["pos"][:, seen.best], len(seen.skin) // 2
    halves = strongest_lines(np.stack([pos[:middle], pos[middle : 2 * middle]], axis=1), fs=FS)
    phases = line(seen.pulses["pos"], seen.hz, fs=FS)
    gaps = sorted(phase_gap(phase, phases[seen.best]) for phase in phases[1:])
    colour = line(relative(seen.skin[:, seen.best]), seen.hz, fs=FS)
    apart = (60 * methods, 60 * max(abs(half.hz - seen.hz) for half in halves), gaps[1])
    return pulse._strength(seen), *apart, likeness_to_blood(colour), green_over_red(colour)


CALM = {
    **{"evm_face": 1.0, "liveportrait_d13": 1.0, "face_vp8_500k": 1.0, "liveportrait_d9": 1.0, "cap12_edit": 1.0},
    "franck": 3.0,
}
"""Clip of a living person -> seconds between windows."""
BEATS = np.arange(45, 151, 5) / 60
"""Hz at which a pulse is supposed."""
SUPPOSED = 0.003
"""Relative amplitude of that pulse in green: what `evm_face` (0.0055) and `liveportrait_d13` (0.0027) have, rounded."""


def controls() -> None:
    """Print how often the controls would be blamed for a pulse at any frequency: now, and by strongest lines alone."""
    models = VisionModels.load(ModelStore())
    print(
        "| clip | speed, IPD/s | windows | in_background | follows_motion | follows_stream | any | by strongest line |"
    )
    print("|-" * 8 + "|")
    for name, step_s in CALM.items():
        check = _watched(models, next(DATA.glob(f"*/{name}.*")))
        for speeds in ((0.0, 0.3), (0.3, 0.6)):
            windows = [
                window for window in _every_window(check, step_s) if speeds[0] < check._speed(window) <= speeds[1]
            ]
            blamed = [_blamed(checks.pulse._traces(*_cut_out(check, window)), hz) for window in windows for hz in BEATS]
            if blamed:
                shares = " | ".join(f"{share:.3f}" for share in np.mean(blamed, axis=0))
                print(f"| {name} | {speeds[0]:g}–{speeds[1]:g} | {len(windows)} | {shares} |", flush=True)


def _every_window(check: Pulse, step_s: float) -> Iterator[slice]:
    """Windows of 9 and 12 s, or of all that there is."""
    t = np.array(check._times)
    for seconds in (9.0, 12.0):
        for start in np.arange(t[0], max(t[-1] - seconds, t[0]) + 1e-6, step_s):
            window = slice(int(np.searchsorted(t, start)), int(np.searchsorted(t, start + seconds, "right")))
            if np.diff(t[window]).max() <= check.config.max_gap_s:
                yield window


def _blamed(traces: Traces, hz: float) -> tuple[bool, ...]:
    """Whether background, motion, stream, any of them, any by its strongest line, is the cause of a pulse at `hz`."""
    limits, level = PulseLimits(), traces.background.mean(axis=0)[1]
    behind = SUPPOSED * traces.background[:, 1] / max(level, 1.0) * (level >= pulse.NO_BACKGROUND_MEAN)
    _, grid = regular(traces.t, np.column_stack([behind, traces.motion, traces.stream]), fs=FS)
    least = limits.max_background_share * SUPPOSED**2
    minima = np.array([least, *[limits.min_motion] * 6, limits.min_sharpness, limits.min_pacing])
    now = pulse._moves(grid, hz, minima, limits)
    return bool(now[0]), bool(now[1:7].any()), bool(now[7:].any()), bool(now.any()), _by_strongest(grid, hz, minima)


def _by_strongest(grid: Array, hz: float, minima: Array) -> bool:
    """The rule before: the strongest line of a trace, 0 dB over the band (2 dB in the stream), within 5 per minute."""
    for number, found in enumerate(strongest_lines(grid, fs=FS)):
        halves = min(abs(found.hz - hz), abs(2 * found.hz - hz)) if number else abs(found.hz - hz)
        enough = number > 6 or abs(line(grid[:, number], found.hz, fs=FS)) >= minima[number]
        if enough and halves <= 5 / 60 and found.snr_db >= (2.0 if number > 6 else 0.0):
            return True
    return False


BITRATES = {
    ("evm_face", "libvpx"): (100, 150, 200, 250),
    ("evm_face", "libx264"): (25, 50, 100, 150, 200, 300, 400, 500),
    ("liveportrait_d13", "libx264"): (300, 500, 1000),
}
"""Clip with a pulse, and encoder -> bits per second asked for, thousands."""
REAL_TIME = {
    "libvpx": {"deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0"},
    "libx264": {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline"},
}
ONE_KEY_FRAME = 3000
"""Frames between key frames that are more than any clip has."""
STILL = "face_still_noise"
BEAT = 25
"""Frames between key frames of a stream that beats: at 30 fps 1.2 Hz, a calm pulse's frequency."""


def bitrates() -> None:
    models = VisionModels.load(ModelStore())
    print("| clip | encoder | asked for, kb/s | come to, kb/s | answer | strength, dB |\n|-|-|-|-|-|-|")
    for (clip, encoder), asked in BITRATES.items():
        frames = list(takewhile(lambda frame: frame[0] <= 12, read_video(DATA / "clips" / f"{clip}.mp4")))
        for kbps in asked:
            check, came_to = _coded(models, frames, encoder, kbps, ONE_KEY_FRAME)
            seen, result = _seen(check), check.result()
            answer = f"{result.outcome} {result.reason} | {pulse._strength(seen):.1f}"
            print(f"| {clip} | {encoder} | {kbps} | {came_to:.0f} | {answer} |", flush=True)


def key_frames() -> None:
    """Print how far a beat of key frames moves sharpness and colour of a still."""
    models = VisionModels.load(ModelStore())
    frames = list(read_video(DATA / "controls" / f"{STILL}.mp4"))
    print("| encoder | asked for, kb/s | come to, kb/s | sharpness | skin, green |\n|-|-|-|-|-|")
    for encoder, kbps in product(REAL_TIME, (150, 300, 600)):
        check, came_to = _coded(models, frames, encoder, kbps, BEAT)
        traces = checks.pulse._traces(*_cut_out(check, next(check._windows())))
        columns = np.stack([traces.stream[:, 0], relative(traces.skin.mean(axis=1))[:, 1]], axis=1)
        sharpness, green = 100 * np.abs(line(regular(traces.t, columns, fs=FS)[1], FS / BEAT, fs=FS))
        print(f"| {encoder} | {kbps} | {came_to:.0f} | {sharpness:.1f} % | {green:.2f} % |", flush=True)


def _coded(
    models: VisionModels, frames: list[tuple[float, Picture]], encoder: str, kbps: int, key_frame_every: int
) -> tuple[Pulse, float]:
    """The check after the frames as an encoder leaves them, and the rate the encoder really came to, kb/s."""
    data = encoded([rgb for _, rgb in frames], encoder, 1000 * kbps, key_frame_every)
    check, times_s = Pulse(CheckContext(None, "")), [t for t, _ in frames]
    with FaceMeter(models, embed_interval_s=1e6) as meter, av.open(io.BytesIO(data)) as file:
        for t, decoded in zip(times_s, file.decode(video=0), strict=True):
            check.update(meter.observe(decoded.to_ndarray(format="rgb24"), CaptureTime(t)), Phase.CAPTURE, 0)
    return check, 8e-3 * len(data) / (times_s[-1] - times_s[0])


def encoded(pictures: list[Picture], encoder: str, bit_rate: int, key_frame_every: int) -> bytes:
    """The pictures as an encoder in real time leaves them."""
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
        stream.options = {**REAL_TIME[encoder], "g": str(key_frame_every)}
        for picture in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    return buffer.getvalue()


def _seen(check: Pulse) -> pulse._Window:
    """The first window, as the check sees it."""
    return pulse._window(checks.pulse._traces(*_cut_out(check, next(check._windows()))))


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
    parser.add_argument("--strengths", type=int, metavar="N")
    parser.add_argument("--rates", type=int, metavar="N")
    parser.add_argument("--agreement", action="store_true")
    parser.add_argument("--controls", action="store_true")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--sensor", action="store_true")
    parser.add_argument("--clips", action="store_true")
    parser.add_argument("--bitrates", action="store_true")
    parser.add_argument("--key-frames", action="store_true")
    asked = parser.parse_args()
    if asked.noise:
        noise(asked.noise)
    if asked.strengths:
        strengths(asked.strengths)
    if asked.rates:
        rates(asked.rates)
    if asked.agreement:
        agreement()
    if asked.controls:
        controls()
    if asked.cost:
        cost()
    if asked.sensor:
        sensor()
    if asked.clips:
        clips()
    if asked.bitrates:
        bitrates()
    if asked.key_frames:
        key_frames()


if __name__ == "__main__":
    main()
