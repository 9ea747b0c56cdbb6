"""Family: paper before the camera. A photograph of the person, life-size or smaller, flat, bent or with eye holes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ...types import CaptureTime
from ...vision.landmarks import Picture
from ..presenter import MOVES
from ..presenter.light import Glow, Reflection, Step
from .eyes import EyeHoles
from .hand import HELD, SHAKEN, Grip, Handling, tilts
from .optics import IPD_MM, Camera, Placement, Sheet, bent, flat, over, page
from .performer import Performer
from .puppets import attacker
from .recapture import SecondCamera, ink, room
from .source import Size, Source, Still, as_filmed, footage
from .species import Family, Species, Timing

A4_MM = (210.0, 297.0)
PRINT_DISTANCE = 400.0
"""A sheet at arm's length, mm."""
PHOTO_WIDTH_MM, PHOTO_DISTANCE = 130.0, 250.0
"""A 13 x 18 cm photograph, and how far it is held from the camera, mm."""
PHOTO_FACES = 1.9
"""Width of that photograph in face widths; 18 / 13 of it is the height."""
BEND_RADII = (80.0, 120.0)
"""Radii a bent page is tried with, mm; one by seed."""
TILT = 25.0
"""Angle a sheet is turned or tilted to when a turn or a nod is asked for, degrees."""
BLINKS = frozenset(kind for kind, move in MOVES.items() if any(track.channel == "blink" for track in move.tracks))
"""What eyes alone can do."""
BLUR = 0.7
"""Of the camera's lens, pixels."""

See = Callable[[Sheet, Placement, Camera], Picture]


def life_size(still: Still) -> Sheet:
    """An A4 page around the face, at its true size."""
    mm_per_px = IPD_MM / still.ipd_px
    return Sheet(page(ink(_around(still, A4_MM[0] / mm_per_px, A4_MM[1] / mm_per_px))), mm_per_px)


def photograph(still: Still) -> Sheet:
    """A small photograph with a white border."""
    width = PHOTO_FACES * still.width
    part = _around(still, width, width * 18 / 13)
    border = round(0.03 * part.shape[1])
    return Sheet(page(ink(part), border), PHOTO_WIDTH_MM / (part.shape[1] + 2 * border))


def _around(still: Still, width: float, height: float) -> Picture:
    """The part of the picture around the face, as far as there is one."""
    x, y, w, h = window(still, width, height)
    return still.rgb[y : y + h, x : x + w]


def window(still: Still, width: float, height: float) -> tuple[int, int, int, int]:
    """Left, top, width and height of a part of at most that size with the face in its middle, pixels."""
    rows, columns = still.rgb.shape[:2]
    w, h = min(round(width), columns), min(round(height), rows)
    x, y = still.centre - (w / 2, h / 2)
    return int(np.clip(x, 0, columns - w)), int(np.clip(y, 0, rows - h)), w, h


class Held:
    """A sheet in a hand before a second camera; it follows what can be asked of a sheet, and answers light as skin."""

    def __init__(self, sheet: Sheet, at: Placement, size: Size, *, grip: Grip, seed: int, see: See = flat) -> None:
        rng = np.random.default_rng(seed)
        self._sheet, self._at, self._see = sheet, at, see
        self._camera, self._scene = Camera(size), room(size, rng)
        self._handling = Handling(grip, rng, tilt=TILT)
        self._film = SecondCamera(size, seed=seed, blur_px=BLUR)

    def prompt(self, kind: str, t: float) -> None:
        """Move the sheet where it can be moved."""
        self._handling.prompt(kind, t)

    def done(self, t: float) -> None:
        """Bring it back."""
        self._handling.done(t)

    def light(self, steps: Sequence[Step], t: float) -> None:
        """Let the screen's light fall on the sheet, as far away as a face would be, and on the room."""
        self._film.light(Glow(steps, t, Reflection()))

    def frame(self, t: float) -> Picture:
        """The second camera's frame."""
        return self.shown(self._sheet, t)

    def shown(self, sheet: Sheet, t: float) -> Picture:
        """The frame with another sheet in the same hand."""
        seen = self._see(sheet, self._handling.hold(self._at, t), self._camera)
        return self._film.film(over(seen, self._scene), t, seen[..., 3])


class PaperMask:
    """A life-size page with holes for the eyes of a performer behind it, who blinks when asked."""

    def __init__(self, source: Source, seed: int, size: Size, behind: Performer) -> None:
        still = source.still(size)
        self._sheet, self._behind = life_size(still), behind
        self._held = Held(self._sheet, Placement(PRINT_DISTANCE), size, grip=HELD, seed=seed)
        left, top, *_ = window(still, *(mm / self._sheet.mm_per_px for mm in A4_MM))
        self._holes = EyeHoles(still, source.bundle, offset=(left, top))

    def prompt(self, kind: str, t: float) -> None:
        """Blink behind the page, or move the page."""
        if kind in BLINKS:
            self._behind.prompt(kind, t)
        else:
            self._held.prompt(kind, t)

    def done(self, t: float) -> None:
        """Back to rest."""
        self._behind.done(t)
        self._held.done(t)

    def light(self, steps: Sequence[Step], t: float) -> None:
        """Page and eyes answer it alike."""
        self._held.light(steps, t)

    def frame(self, t: float) -> Picture:
        """The second camera's frame."""
        cut = self._holes.fill(self._sheet.rgba, self._behind.frame(t), CaptureTime(t))
        return self._held.shown(Sheet(cut, self._sheet.mm_per_px), t)


def _flat_print(source: Source, seed: int, size: Size) -> Performer:
    return Held(life_size(source.still(size)), Placement(PRINT_DISTANCE), size, grip=HELD, seed=seed)


def _bent_print(source: Source, seed: int, size: Size) -> Performer:
    see = partial(bent, radius=BEND_RADII[seed % len(BEND_RADII)])
    return Held(life_size(source.still(size)), Placement(PRINT_DISTANCE), size, grip=HELD, seed=seed, see=see)


def _photo(source: Source, seed: int, size: Size, *, grip: Grip) -> Performer:
    return Held(photograph(source.still(size)), Placement(PHOTO_DISTANCE), size, grip=grip, seed=seed)


def _print_eye_holes(source: Source, seed: int, size: Size) -> Performer:
    return PaperMask(source, seed, size, attacker(source, seed, size))


def _filmed_eye_holes(source: Source, seed: int, size: Size) -> Performer:
    return PaperMask(source, seed, size, footage(source, seed, size))


_NO_PAPER = "No halftone, no paper grain or sheen, no fingers, no shadow on the room behind; one plain, blurred room."

PRINTS = (
    Species(
        "flat_print",
        Family.PRESENTATION,
        "artefact: colour print on A4 paper, life-size, held and tilted",
        "A print of the person, turned by 25 degrees to both sides, up and down when a head turn is asked for.",
        "Is turned and tilted by 25 degrees for turns and nods and brought nearer; ignores the rest.",
        _NO_PAPER,
        Timing.STEADY,
        _flat_print,
        script=tilts,
    ),
    Species(
        "bent_print",
        Family.PRESENTATION,
        "artefact: colour print on A4 paper bent to a cylinder (radius 80 or 120 mm), held and tilted",
        "The same page bent around an upright axis, so that a turn shows some parallax.",
        "Is turned and tilted by 25 degrees for turns and nods and brought nearer; ignores the rest.",
        _NO_PAPER + " A perfect cylinder: no cone, no crease, no shading by the bend.",
        Timing.STEADY,
        _bent_print,
        script=tilts,
    ),
    Species(
        "print_eye_holes",
        Family.PRESENTATION,
        "artefact: colour print with the eyes cut out, the attacker's own eyes behind it",
        "A paper mask that blinks: moving eyes in a still face.",
        "The eyes behind the page blink when asked, the page is turned, tilted and brought nearer; no mouth.",
        _NO_PAPER + " The eyes are the footage's own and lie in the page's plane: no depth and no shadow between.",
        Timing.SOURCE,
        _print_eye_holes,
        film=_filmed_eye_holes,
        script=tilts,
        times=as_filmed,
    ),
    Species(
        "handheld_photo",
        Family.PRESENTATION,
        "artefact: photograph 13 x 18 cm with white border, held by hand",
        "A small photograph held quietly before the camera.",
        "Is turned and tilted by 25 degrees for turns and nods and brought nearer; ignores the rest.",
        _NO_PAPER + " The hand's movement is assumed, not recorded.",
        Timing.STEADY,
        partial(_photo, grip=HELD),
    ),
    Species(
        "shaken_photo",
        Family.PRESENTATION,
        "artefact: photograph 13 x 18 cm with white border, moved by hand to look alive",
        "The same photograph moved about (6 mm, 2 degrees) with a tremor of 5 to 10 Hz.",
        "Is turned and tilted by 25 degrees for turns and nods and brought nearer; ignores the rest.",
        _NO_PAPER + " The hand's movement is assumed, not recorded; no motion blur.",
        Timing.STEADY,
        partial(_photo, grip=SHAKEN),
    ),
)
