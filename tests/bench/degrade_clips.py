"""Clips and rendered attacks, degraded on one axis at a time, and what vision reads of them, kept between runs.

Shared by `degrade_checks.py`, `compare_pulse.py` and `compare_texture.py`. Films are cut to 12 s and shrunk to 480
lines, as a capture page sends them.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import av
import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

import liveness_server
from liveness_server.evaluation.attacks import SPECIES, ClipSource, PortraitSource, Source
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, FaceObservation, ServerTime, StreamStats
from liveness_server.vision.measure import FaceMeter, VisionModels

Picture = NDArray[np.uint8]
Film = list[tuple[CaptureTime, Picture]]

DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
SECONDS, LINES = 12.0, 480
"""Length of every film, and its smaller side at most."""
SIZE = (640, 480)
"""Of rendered attacks."""
SEED = 1
TICKS = 90_000
FORMAT = 2
"""Raise it when a degradation changes, so that nothing kept of the older one is used."""
CODECS = {"VP8": ("libvpx", "vp8"), "H.264": ("libx264", "h264")}
"""Encoder and decoder."""
SETTINGS = {
    # As the WebRTC library sets libvpx up for a camera on a desktop: real time, CBR, frame dropping, denoiser on.
    "libvpx": {
        **{"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0", "static-thresh": "1"},
        **{"noise-sensitivity": "4", "drop-threshold": "30", "undershoot-pct": "100", "overshoot-pct": "15"},
        **{"qmin": "2", "qmax": "56"},
    },
    # As aiortc, and so the Python client, sets libx264 up (Baseline below), the rate held within a second.
    "libx264": {"tune": "zerolatency", "level": "31"},
}
KEY_FRAMES = 3000
"""Frames between key frames: a receiver asks for one when it needs one, and here nothing is lost."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to be judged: a clip of a person, or an attack."""

    name: str
    attack: bool
    source: str
    """What its film depends on, for the key of what is kept."""
    load: Callable[[], Iterator[tuple[CaptureTime, Picture]]]
    code: tuple[str, ...] = ("vision",)
    """Packages that its observations come from."""

    def film(self) -> Film:
        """The first `SECONDS` at up to `LINES` lines, from time 0."""
        return _shortened(self.load())


@dataclass(frozen=True, slots=True)
class Cell:
    """One axis and its level; "as it is" has none."""

    axis: str
    level: float = 0.0

    def __str__(self) -> str:
        return f"{self.axis} {self.level:g}" if self.level else self.axis


class Kept(msgspec.Struct):
    """What is kept of one subject and cell: numbers derived from a face, so outside the repository."""

    observations: list[FaceObservation]
    code: str
    """Digest of the code that rendered and measured."""
    packets: list[tuple[float, int]] = []
    """Capture time and bits of every packet; none where nothing was encoded."""

    @property
    def kbps(self) -> float:
        """Rate that the encoder really made; 0 where nothing was encoded."""
        return sum(bits for _, bits in self.packets) / self.packets[-1][0] / 1000 if self.packets else 0.0

    def stats(self, codec: str) -> list[StreamStats]:
        """What a receiver would have noted at every whole second."""
        frames = Counter(int(o.t) for o in self.observations)
        bits: Counter[int] = Counter()
        for t, size in self.packets:
            bits[int(t)] += size
        return [StreamStats(ServerTime(s + 1.0), frames[s], bits[s], 0, 0, codec=codec.replace(".", "")) for s in bits]


@dataclass(frozen=True, slots=True)
class Degraded:
    """A degraded film."""

    frames: Iterable[tuple[CaptureTime, Picture]]
    packets: list[tuple[float, int]] = field(default_factory=list)
    """Capture time and bits of each, filled while the frames are taken."""


# Subjects


def clip(name: str, *, attack: bool = False) -> Subject:
    """A file of the test data, by its path in there."""
    path = DATA / name
    return Subject(path.stem, attack, file_digest(path), partial(read_video, path))


def rendered(species: str, models: VisionModels, *, of: str) -> Subject:
    """An attack of the lab on a clip of the test data, or on a portrait by its bare name."""
    key = digest(species, SEED, SIZE, file_digest(DATA / of) if "/" in of else of)
    render = SPECIES[species].render
    code = ("vision", "evaluation/attacks", "evaluation/presenter")
    return Subject(f"{species} of {Path(of).stem}", True, key, lambda: render(_source(of, models), SEED, SIZE), code)


def _source(of: str, models: VisionModels) -> Source:
    if "/" in of:
        return ClipSource(DATA / of, models.bundle, seconds=SECONDS)
    return PortraitSource(of, models.bundle, seconds=SECONDS, seed=SEED)


def _shortened(frames: Iterable[tuple[CaptureTime, Picture]]) -> Film:
    film: Film = []
    first: float | None = None
    for t, rgb in frames:
        first = t if first is None else first
        if t - first >= SECONDS:
            break
        film.append((CaptureTime(t - first), scaled(rgb, min(LINES / min(rgb.shape[:2]), 1.0))))
    return film


def scaled(rgb: Picture, scale: float) -> Picture:
    """Shrink by a factor, to even sides."""
    height, width = rgb.shape[:2]
    size = (round(width * scale / 2) * 2, round(height * scale / 2) * 2)
    return rgb if size == (width, height) else np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


# Degradations: from a film and a level to a degraded film; `face_px` is the face's width as it is.


def degraded(film: Film, cell: Cell, face_px: float) -> Degraded | None:
    """Apply a cell; None where it would not degrade: a face cannot be made larger than it is."""
    if cell.axis in CODECS:
        packets: list[tuple[float, int]] = []
        return Degraded(_transmitted(film, *CODECS[cell.axis], round(1000 * cell.level), packets), packets)
    if cell.axis == "face width" and cell.level > face_px:
        return None
    return Degraded(_PLAIN[cell.axis](film, cell.level, face_px))


def _as_it_is(film: Film, level: float, face_px: float) -> Film:
    return film


def _slower(film: Film, fps: float, face_px: float) -> Iterator[tuple[CaptureTime, Picture]]:
    """The first frame at or after each tick of a slower clock; its own time stays."""
    due = 0.0
    for t, rgb in film:
        if t >= due - 1e-3:
            yield t, rgb
            due += 1 / fps


def _lossy(film: Film, share: float, face_px: float) -> Film:
    kept = np.random.default_rng(SEED).random(len(film)) >= share
    return [frame for frame, keep in zip(film, kept, strict=True) if keep]


def _brighter(film: Film, factor: float, face_px: float) -> Iterator[tuple[CaptureTime, Picture]]:
    """Digital gain: rounded to 8 bits and clipped, without the noise that a dark room adds."""
    table = np.clip(np.rint(np.arange(256) * factor), 0, 255).astype(np.uint8)
    return ((t, table[rgb]) for t, rgb in film)


def _smaller(film: Film, width: float, face_px: float) -> Iterator[tuple[CaptureTime, Picture]]:
    """Fewer pixels, same picture."""
    return ((t, scaled(rgb, width / face_px)) for t, rgb in film)


_PLAIN: dict[str, Callable[[Film, float, float], Iterable[tuple[CaptureTime, Picture]]]] = {
    "as it is": _as_it_is,
    "frame rate": _slower,
    "frames lost": _lossy,
    "brightness": _brighter,
    "face width": _smaller,
}


def _transmitted(
    film: Film, encoder: str, decoder: str, rate: int, packets: list[tuple[float, int]]
) -> Iterator[tuple[CaptureTime, Picture]]:
    """The film after a real-time encoder; frames that it drops are missing."""
    sender, receiver = _encoder(film, encoder, rate), cast(Any, av.CodecContext.create(decoder, "r"))
    for packet in _encoded(film, sender):
        packets.append((packet.pts / TICKS, 8 * packet.size))
        for frame in receiver.decode(packet):
            yield CaptureTime(frame.pts / TICKS), frame.to_ndarray(format="rgb24")
    for frame in receiver.decode(None):
        yield CaptureTime(frame.pts / TICKS), frame.to_ndarray(format="rgb24")


def _encoder(film: Film, name: str, rate: int) -> Any:
    context = cast(Any, av.CodecContext.create(name, "w"))
    context.height, context.width = film[0][1].shape[:2]
    context.pix_fmt, context.time_base, context.thread_count = "yuv420p", Fraction(1, TICKS), 1
    context.framerate = Fraction(round((len(film) - 1) / film[-1][0]))
    context.bit_rate, context.gop_size = rate, KEY_FRAMES
    constant = dict.fromkeys(("minrate", "maxrate", "bufsize"), str(rate))
    context.options = SETTINGS[name] | constant
    context.profile = "Baseline" if name == "libx264" else None
    return context


def _encoded(film: Film, sender: Any) -> Iterator[Any]:
    for t, rgb in film:
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = round(t * TICKS), Fraction(1, TICKS)
        yield from sender.encode(frame)
    yield from sender.encode(None)


# Observations


class Cache:
    """Observations by what they depend on, in a folder that the caller names."""

    def __init__(self, folder: Path, models: VisionModels, *, keep_old: bool, measure: bool = True) -> None:
        self.digest = models.embedding_digest
        self._folder = folder
        self._models = models
        self._keep_old = keep_old
        self._measure = measure
        self.missing = 0
        """Cells that were asked for and not measured, without `measure`."""
        self.old: set[str] = set()
        """Digests of other code whose observations were used."""
        self._film: tuple[str, Film] = ("", [])

    def of(self, subject: Subject, cell: Cell) -> Kept | None:
        """Read or measure; None where the cell does not apply, or nothing is kept of it and nothing to be measured."""
        path = self._folder / f"{digest(FORMAT, subject.source, cell, self.digest)}.json.gz"
        kept = self._read(path, code_digest(*subject.code))
        if kept is None and not self._measure:
            self.missing += 1
            return None
        if kept is None:
            kept = self._measured(subject, cell)
            path.write_bytes(gzip.compress(msgspec.json.encode(kept), 1))
        return kept if kept.observations else None

    def _read(self, path: Path, code: str) -> Kept | None:
        if not path.is_file():
            return None
        kept = msgspec.json.decode(gzip.decompress(path.read_bytes()), type=Kept)
        if kept.code == code:
            return kept
        if not self._keep_old:
            return None
        self.old.add(kept.code)
        return kept

    def _measured(self, subject: Subject, cell: Cell) -> Kept:
        if self._film[0] != subject.name:
            self._film = subject.name, subject.film()
        film = self._film[1]
        found = degraded(film, cell, self._face_px(subject) if cell.axis == "face width" else 0.0)
        if found is None:
            return Kept([], code_digest(*subject.code))
        observations = measured(found.frames, self._models)
        return Kept(observations, code_digest(*subject.code), found.packets)

    def _face_px(self, subject: Subject) -> float:
        whole = self.of(subject, Cell("as it is"))
        return face_px(whole.observations) if whole else 0.0


def measured(frames: Iterable[tuple[CaptureTime, Picture]], models: VisionModels) -> list[FaceObservation]:
    """What a session would learn of these frames."""
    with FaceMeter(models) as meter:
        return [meter.observe(rgb, t) for t, rgb in frames]


def face_px(observations: Sequence[FaceObservation]) -> float:
    """Median width of the face, pixels."""
    widths = [o.face.box.w * o.width for o in observations if o.face is not None]
    return float(np.median(widths)) if widths else 0.0


# Digests


def digest(*parts: object) -> str:
    """Hex SHA-256 of what the parts print as, shortened."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:24]


def file_digest(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def code_digest(*packages: str) -> str:
    """Digest of the code of packages, so that what an older one measured is known as such."""
    root = Path(liveness_server.__file__).parent
    return digest(*(file_digest(path) for package in packages for path in sorted((root / package).rglob("*.py"))))
