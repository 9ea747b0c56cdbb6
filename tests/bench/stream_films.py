"""The streams `measure_stream.py` measures: what is made of a clip, how it is transmitted, and what is read of it.

Shared with `measure_reuse.py`. Every film is 12 s of a clip at up to 480 lines, VP8 in real time at 800 kb/s.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, FaceObservation
from liveness_server.vision.measure import VisionModels, measure_face, normalised_box

Picture = NDArray[np.uint8]
Film = list[Picture | None]
"""Frames at a constant rate; None is a frame that is not sent."""

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
LENGTH_S, LINES, BITRATE = 12.0, 480, 800_000
"""Of an attack: seconds, height of the smaller side, bits per second."""
SOURCE_S = 13.0
"""Seconds of a clip that are read: a loop may begin and end after an attack's length."""
NOISE_SD = 2.0
"""Fresh sensor noise, grey levels."""
GAP_S = 0.3
"""Of media that is not sent at a seam, seconds: longer than `max_gap_s`, shorter than `face_continuity` allows."""


def noisy(frame: Picture, rng: np.random.Generator, sd: float = NOISE_SD) -> Picture:
    """Add the same noise to all channels."""
    noise = np.rint(rng.normal(0, sd, frame.shape[:2])[..., None]).astype(np.int16)
    return np.clip(frame.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def crossfaded(film: Sequence[Picture], n: int, period: int, fade: int) -> Film:
    """A loop whose end dissolves into its beginning."""

    def frame(i: int) -> Picture:
        j = i % (period - fade)
        if i < period - fade or j >= fade:
            return film[10 + j]
        share = j / fade
        return (share * film[10 + j] + (1 - share) * film[10 + period - fade + j].astype(float)).astype(np.uint8)

    return [frame(i) for i in range(n)]


def wander(n: int, fps: float, rng: np.random.Generator, *, low: float, high: float) -> NDArray[np.float64]:
    """Noise of unit variance in a band of frequencies, Hz, shape (n, 2): a hand never sways twice the same."""
    spectrum = np.fft.rfft(rng.normal(size=(n, 2)), axis=0)
    frequencies = np.fft.rfftfreq(n, 1 / fps)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    band = np.fft.irfft(spectrum, n, axis=0)
    return np.asarray(band / band.std(axis=0))


def shaken(film: Sequence[Picture], fps: float, rng: np.random.Generator) -> Film:
    """A loop re-filmed by hand: sway and tremor of a few pixels, and noise."""
    shifts = 3.0 * wander(len(film), fps, rng, low=0.1, high=1.0) + wander(len(film), fps, rng, low=5.0, high=10.0)

    def frame(i: int) -> Picture:
        shift = np.column_stack([np.eye(2), shifts[i]]).astype(np.float32)
        size = film[i].shape[1::-1]
        return noisy(np.asarray(cv2.warpAffine(film[i], shift, size, borderMode=cv2.BORDER_REPLICATE)), rng, 1.5)

    return [frame(i) for i in range(len(film))]


def blacked(film: Sequence[Picture], every: int) -> Film:
    """Without a face in one frame of every so many."""
    return [np.zeros_like(frame) if i % every == 0 else frame for i, frame in enumerate(film)]


def resized(film: Sequence[Picture], period: int) -> Film:
    """Half as large in every second repetition, as a browser sends less when the line is bad."""

    def frame(i: int) -> Picture:
        height, width = film[i].shape[:2]
        size = (width // 4 * 2, height // 4 * 2)
        half = cv2.resize(film[i], size, interpolation=cv2.INTER_AREA)
        return np.asarray(half, np.uint8) if i // period % 2 else film[i]

    return [frame(i) for i in range(len(film))]


def species(film: Sequence[Picture], fps: float) -> Iterator[tuple[str, Film]]:
    """Everything that is made of one clip, bona fide first."""
    n, rng = int(LENGTH_S * fps), np.random.default_rng(1)
    short, long, half = int(3.1 * fps), int(4.7 * fps), int(0.5 * fps)
    loop = [film[10 + i % short] for i in range(n)]
    longer = [film[5 + i % long] for i in range(n)]
    frozen = [film[min(i, int(5 * fps))] for i in range(n)]
    faster = [1.07 if (i // short) % 2 else 1.0 for i in range(n)]
    yield "live, re-encoded", list(film[:n])
    yield "live, with noise", [noisy(frame, rng) for frame in film[:n]]
    yield "live, a black frame each 0.5 s", blacked(film[:n], half)
    yield "loop 3 s", list(loop)
    yield "loop 3 s, with noise", [noisy(frame, rng) for frame in loop]
    yield "loop 5 s", list(longer)
    yield "loop 5 s, black at the seams", blacked(longer, long)
    yield "loop 5 s, gap at the seams", [None if i % long < GAP_S * fps else f for i, f in enumerate(longer)]
    yield "loop 5 s, half size every second time", resized(longer, long)
    yield "loop 3 s, a black frame each 0.5 s", blacked(loop, half)
    yield "there and back", [film[10 + min(i % (2 * short), 2 * short - 1 - i % (2 * short))] for i in range(n)]
    yield "loop, cross-faded", crossfaded(film, n, short, half)
    yield "loop, second 7 % faster", [film[10 + int((i % short) * rate)] for i, rate in enumerate(faster)]
    yield "frozen after 5 s", list(frozen)
    yield "frozen, a black frame each 0.5 s", blacked(frozen, half)
    yield "still, with noise", [noisy(film[30], rng) for _ in range(n)]
    yield "still, with noise, a black frame each 0.5 s", blacked([noisy(film[30], rng) for _ in range(n)], half)
    yield "loop 3 s, shaken", shaken(loop, fps, rng)
    yield "loop 5 s, shaken", shaken(longer, fps, rng)
    yield "live, shaken", shaken(film[:n], fps, rng)


def read(path: Path) -> tuple[list[Picture], float]:
    """First seconds of a clip at up to `LINES` lines, and its frame rate."""
    film: list[Picture] = []
    start = end = CaptureTime(0.0)
    for t, rgb in read_video(path):
        start = start if film else t
        if t - start > SOURCE_S:
            break
        film.append(shrunk(rgb))
        end = t
    return film, (len(film) - 1) / (end - start)


def shrunk(rgb: Picture) -> Picture:
    """At most `LINES` lines, an even number of pixels each way."""
    height, width = rgb.shape[:2]
    scale = min(LINES / min(height, width), 1.0)
    size = (int(width * scale) // 2 * 2, int(height * scale) // 2 * 2)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def transmitted(film: Sequence[Picture | None], fps: float) -> Iterator[tuple[CaptureTime, Picture]]:
    """The film after a VP8 encoder in real time; another size begins with a key frame, as it does on a line."""
    sent = [(CaptureTime(i / fps), frame) for i, frame in enumerate(film) if frame is not None]
    for _, same in groupby(sent, key=lambda timed: timed[1].shape):
        times, frames = zip(*same, strict=True)
        yield from zip(times, _encoded(frames, fps), strict=True)


def _encoded(frames: Sequence[Picture], fps: float) -> Iterator[Picture]:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as file:
        stream = file.add_stream("libvpx", rate=round(fps))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", BITRATE
        stream.options = {"deadline": "realtime", "cpu-used": "6", "g": "3000", "lag-in-frames": "0"}
        # Its threads spin while they wait: ten times the processor time on a busy machine.
        stream.codec_context.thread_count = 1
        for frame in frames:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        file.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer, "r") as film:
        for decoded in film.decode(video=0):
            yield np.asarray(decoded.to_ndarray(format="rgb24"), np.uint8)


def observed(models: VisionModels, frames: Iterable[tuple[CaptureTime, Picture]]) -> Iterator[FaceObservation]:
    """What the stream checks read of each frame: landmarks and colours, without the other measurements of vision."""
    tracker = models.tracker()
    try:
        for t, frame in frames:
            rgb = np.ascontiguousarray(frame)
            height, width = rgb.shape[:2]
            mesh = tracker.track(rgb, t)
            face = None if mesh is None else measure_face(rgb, mesh, normalised_box(mesh, width, height), None)
            yield FaceObservation(t, width, height, int(mesh is not None), face)
    finally:
        tracker.close()
