"""Family: paper before the camera. A photograph of the person, life-size or smaller, flat, bent or with eye holes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ...vision.landmarks import Picture
from .eyes import EyeHoles
from .hand import HELD, SHAKEN, Grip, Hand, Tilting
from .optics import IPD_MM, Camera, Placement, Sheet, bent, flat, over, page
from .recapture import SecondCamera, ink, room
from .source import Size, Source, Still, clock, lasting
from .species import Family, Frames, Species, Timing

A4_MM = (210.0, 297.0)
PRINT_DISTANCE = 400.0
"""A sheet at arm's length, mm."""
PHOTO_WIDTH_MM, PHOTO_DISTANCE = 130.0, 250.0
"""A 13 x 18 cm photograph, and how far it is held from the camera, mm."""
PHOTO_FACES = 1.9
"""Width of that photograph in face widths; 18 / 13 of it is the height."""
BEND_RADII = (80.0, 120.0)
"""Radii a bent page is tried with, mm; one by seed."""
TILT, EYE_TILT = 25.0, 20.0
"""Largest angle a sheet is turned to, degrees."""
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


def _show(
    source: Source, seed: int, size: Size, *, sheet: Sheet, at: Placement, grip: Grip, tilting: Tilting, see: See = flat
) -> Frames:
    """Film a sheet that a hand holds and tilts."""
    rng = np.random.default_rng(seed)
    camera, scene = Camera(size), room(size, rng)
    hand, film = Hand(grip, rng), SecondCamera(size, seed=seed, blur_px=BLUR)
    for t in clock(source.seconds):
        placement = tilting.tilt(hand.hold(at, t), t)
        yield t, film.film(over(see(sheet, placement, camera), scene), t)


def _flat_print(source: Source, seed: int, size: Size) -> Frames:
    sheet, at = life_size(source.still(size)), Placement(PRINT_DISTANCE)
    return _show(source, seed, size, sheet=sheet, at=at, grip=HELD, tilting=Tilting(TILT, TILT))


def _bent_print(source: Source, seed: int, size: Size) -> Frames:
    see = partial(bent, radius=BEND_RADII[seed % len(BEND_RADII)])
    sheet, at = life_size(source.still(size)), Placement(PRINT_DISTANCE)
    return _show(source, seed, size, sheet=sheet, at=at, grip=HELD, tilting=Tilting(TILT, TILT), see=see)


def _photo(source: Source, seed: int, size: Size, *, grip: Grip) -> Frames:
    sheet, at = photograph(source.still(size)), Placement(PHOTO_DISTANCE)
    return _show(source, seed, size, sheet=sheet, at=at, grip=grip, tilting=Tilting(0.0, 0.0))


def _print_eye_holes(source: Source, seed: int, size: Size) -> Frames:
    """The page of `flat_print`, its eyes replaced by those of the footage."""
    rng = np.random.default_rng(seed)
    still, camera, scene = source.still(size), Camera(size), room(size, rng)
    hand, film, tilting = Hand(HELD, rng), SecondCamera(size, seed=seed, blur_px=BLUR), Tilting(EYE_TILT, EYE_TILT)
    sheet = life_size(still)
    left, top, *_ = window(still, *(mm / sheet.mm_per_px for mm in A4_MM))
    with EyeHoles(still, source.bundle, offset=(left, top)) as holes:
        for t, rgb in lasting(source.frames(size), source.seconds):
            cut = Sheet(holes.fill(sheet.rgba, rgb, t), sheet.mm_per_px)
            placement = tilting.tilt(hand.hold(Placement(PRINT_DISTANCE), t), t)
            yield t, film.film(over(flat(cut, placement, camera), scene), t)


_NO_PAPER = "No halftone, no paper grain or sheen, no fingers, no shadow on the room behind; one plain, blurred room."

PRINTS = (
    Species(
        "flat_print",
        Family.PRESENTATION,
        "artefact: colour print on A4 paper, life-size, held and tilted",
        "A print of the person, turned by 25 degrees to both sides, up and down when a head turn is asked for.",
        _NO_PAPER,
        Timing.STEADY,
        _flat_print,
    ),
    Species(
        "bent_print",
        Family.PRESENTATION,
        "artefact: colour print on A4 paper bent to a cylinder (radius 80 or 120 mm), held and tilted",
        "The same page bent around an upright axis, so that a turn shows some parallax.",
        _NO_PAPER + " A perfect cylinder: no cone, no crease, no shading by the bend.",
        Timing.STEADY,
        _bent_print,
    ),
    Species(
        "print_eye_holes",
        Family.PRESENTATION,
        "artefact: colour print with the eyes cut out, the attacker's own eyes behind it",
        "A paper mask that blinks: moving eyes in a still face.",
        _NO_PAPER + " The eyes are the footage's own and lie in the page's plane: no depth and no shadow between.",
        Timing.SOURCE,
        _print_eye_holes,
    ),
    Species(
        "handheld_photo",
        Family.PRESENTATION,
        "artefact: photograph 13 x 18 cm with white border, held by hand",
        "A small photograph held quietly before the camera.",
        _NO_PAPER + " The hand's movement is assumed, not recorded.",
        Timing.STEADY,
        partial(_photo, grip=HELD),
    ),
    Species(
        "shaken_photo",
        Family.PRESENTATION,
        "artefact: photograph 13 x 18 cm with white border, moved by hand to look alive",
        "The same photograph moved about (6 mm, 2 degrees) with a tremor of 5 to 10 Hz.",
        _NO_PAPER + " The hand's movement is assumed, not recorded; no motion blur.",
        Timing.STEADY,
        partial(_photo, grip=SHAKEN),
    ),
)
