"""Family: a screen before the camera that plays a recording of the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from ...vision.landmarks import Picture
from ..presenter.light import Step
from .glass import VEIL, GlassGlow
from .hand import HELD, STAND, Grip, Hand
from .optics import Camera, Placement, Sheet, homography, over
from .performer import Performer, Rehearsed
from .puppets import attacker, every_move, puppet
from .recapture import Banding, PixelGrid, SecondCamera, glare, room, tone
from .source import Size, Source, Still, as_filmed, footage
from .species import Family, Perform, Species, Timing

BEZEL_COLOUR = (18, 18, 20)
AREA_FROM = 1.5
"""Pixels of the recording per pixel of the screen, as it is filmed, from which area means are taken."""
NEARER, TURNED = 0.06, 4.0
"""How far a placement varies by seed: in distance (relative) and in yaw and pitch, degrees."""


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of screen, as it is filmed."""

    screen_mm: tuple[float, float]
    """Width and height of what lights up."""
    bezel_mm: tuple[float, float]
    """Frame at the sides, and above and below."""
    pitch_mm: float
    """Pixel pitch."""
    distance_mm: float
    """From the camera."""
    face_share: float
    """Face width over screen width: how far the attacker zooms the recording in."""
    black: float
    """Grey level of a black pixel in a lit room."""
    gamma: float
    grip: Grip
    contrast: float
    """What is left of the pixel grid, see `PixelGrid`."""
    banding: float
    glare: float
    """Grey levels at the reflection's middle."""
    blur_px: float


PHONE = Device((68.0, 146.0), (2.5, 4.0), 0.058, 215.0, 0.78, 12.0, 1.12, HELD, 0.06, 0.015, 95.0, 0.9)
TABLET = Device((214.0, 160.0), (9.0, 9.0), 0.096, 330.0, 0.42, 20.0, 1.08, HELD, 0.05, 0.012, 70.0, 0.8)
MONITOR = Device((530.0, 298.0), (8.0, 10.0), 0.276, 590.0, 0.28, 26.0, 1.05, STAND, 0.04, 0.025, 40.0, 0.7)
"""A 6.1 inch phone at 440 ppi, a 10.5 inch tablet at 264 ppi, a 24 inch monitor at 92 ppi; the rest chosen."""


class Screen:
    """A device in space that shows pictures; deterministic from its generator."""

    def __init__(self, device: Device, still: Still, size: Size, *, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._device = device
        self._camera = Camera(size)
        self._scene = room(size, rng)
        self._hand = Hand(device.grip, rng)
        self._glare = glare(size, device.glare, rng)
        self._grid = PixelGrid(device.pitch_mm, device.contrast, size)
        self._banding = Banding(device.banding)
        self._film = SecondCamera(size, seed=seed, blur_px=device.blur_px)
        distance, yaw, pitch = rng.uniform((1 - NEARER, -TURNED, -TURNED), (1 + NEARER, TURNED, TURNED))
        self._at = Placement(float(distance) * device.distance_mm, yaw=float(yaw), pitch=float(pitch))
        self._part = _zoomed(still, device)

    def show(self, rgb: Picture, t: float) -> Picture:
        """The second camera's frame while the screen shows `rgb`."""
        sheet, at = self._sheet(rgb), self._hand.hold(self._at, t)
        matrix = homography(sheet, at, self._camera)
        seen = cv2.warpPerspective(sheet.rgba, matrix, self._camera.size, flags=cv2.INTER_LINEAR)
        x, y, w, h = cv2.boundingRect(np.ascontiguousarray(seen[..., 3]))
        if w:
            self._light(seen, sheet, matrix, (slice(y, y + h), slice(x, x + w)), t)
        return self._film.film(over(np.asarray(seen, dtype=np.uint8), self._scene), t, np.asarray(seen[..., 3]))

    def light(self, steps: Sequence[Step], t: float, veil: float) -> None:
        """Let the light of the screen that asks fall on this one's glass, and on the room."""
        self._film.light(GlassGlow(steps, t, veil=veil))

    def _light(
        self, seen: Picture, sheet: Sheet, matrix: np.typing.NDArray[np.float64], box: tuple[slice, slice], t: float
    ) -> None:
        """Put grid, bands and glare on the lit part, in place."""
        light = self._banding.gain(seen.shape[0], t)[box[0]]
        gain = self._grid.gain(sheet.to_mm @ np.linalg.inv(matrix), box, light)
        lit = cv2.multiply(cv2.cvtColor(seen[box], cv2.COLOR_RGBA2RGB), gain, dtype=cv2.CV_8U)
        seen[box][..., :3] = cv2.add(lit, cv2.copyTo(self._glare[box], seen[box][..., 3]))

    @staticmethod
    def _scaling(before: int, after: int) -> int:
        """Area means where many pixels become one; they cost four times a linear mean, which serves near 1:1."""
        return cv2.INTER_AREA if before > AREA_FROM * after else cv2.INTER_LINEAR

    def _sheet(self, rgb: Picture) -> Sheet:
        """The recording's part as the screen shows it, in its bezel, about as large as it will be seen."""
        device, (x, y, w, h) = self._device, self._part
        scale = self._camera.focal / device.distance_mm
        width, height = (round(mm * scale) for mm in device.screen_mm)
        shown = cv2.resize(rgb[y : y + h, x : x + w], (width, height), interpolation=self._scaling(w, width))
        shown = tone(np.asarray(shown, dtype=np.uint8), device.black, 250.0, device.gamma, (0.97, 1.0, 1.03))
        aside, above = (round(mm * scale) for mm in device.bezel_mm)
        framed = cv2.copyMakeBorder(shown, above, above, aside, aside, cv2.BORDER_CONSTANT, value=BEZEL_COLOUR)
        return Sheet(np.asarray(cv2.cvtColor(framed, cv2.COLOR_RGB2RGBA), dtype=np.uint8), 1 / scale)


def _zoomed(still: Still, device: Device) -> tuple[int, int, int, int]:
    """Left, top, width and height of the recording's part that fills the screen, the face `face_share` of it wide."""
    rows, columns = still.rgb.shape[:2]
    shape = device.screen_mm[1] / device.screen_mm[0]
    width = min(still.width / device.face_share, columns, rows / shape)
    w, h = round(width), round(width * shape)
    x, y = still.centre - (w / 2, h / 2)
    return int(np.clip(x, 0, columns - w)), int(np.clip(y, 0, rows - h)), w, h


class OnScreen:
    """A performer shown on a device; what is asked for is passed on."""

    def __init__(self, screen: Screen, shown: Performer) -> None:
        self._screen = screen
        self._shown = shown

    def prompt(self, kind: str, t: float) -> None:
        """Tell who is shown."""
        self._shown.prompt(kind, t)

    def done(self, t: float) -> None:
        """Tell who is shown."""
        self._shown.done(t)

    def light(self, steps: Sequence[Step], t: float, *, veil: float = VEIL) -> None:
        """It falls on the device, whoever is shown."""
        self._screen.light(steps, t, veil)

    def frame(self, t: float) -> Picture:
        """The second camera's frame."""
        return self._screen.show(self._shown.frame(t), t)


def _on_screen(source: Source, seed: int, size: Size, *, device: Device, shown: Perform) -> Performer:
    return OnScreen(Screen(device, source.still(size), size, seed=seed), shown(source, seed, size))


def _rehearsal(source: Source, seed: int, size: Size) -> Performer:
    """A recording of every movement in a fixed order."""
    return Rehearsed(attacker(source, seed, size), every_move(seed))


_NO_OPTICS = (
    "The grid is aliased analytically at the frame's pixels, its contrast chosen and not measured on a device; "
    "no autofocus hunting, exposure pumping, rolling shutter skew, refresh judder or fingers."
)


def _replay(name: str, instrument: str, device: Device, shown_on: str) -> Species:
    """A recording of the person played on a device."""
    return Species(
        name,
        Family.PRESENTATION,
        f"artefact: video on a {instrument}",
        f"A recording of the person played on {shown_on}.",
        "Deaf: plays its footage.",
        _NO_OPTICS,
        Timing.SOURCE,
        partial(_on_screen, device=device, shown=footage),
        times=as_filmed,
    )


SCREENS = (
    _replay("phone_replay", "6.1 inch phone, bezel in view, held by hand", PHONE, "a phone close to the camera"),
    _replay("tablet_replay", "10.5 inch tablet, bezel in view, held by hand", TABLET, "a tablet"),
    _replay("monitor_replay", "24 inch monitor on its stand", MONITOR, "a monitor, the camera before it"),
    Species(
        "challenge_replay",
        Family.PRESENTATION,
        "artefact: video of performed challenges on a 10.5 inch tablet",
        "A recording in which the person performs every challenge in a fixed order, deaf to what is asked.",
        "Deaf: plays every movement in an order of its own.",
        _NO_OPTICS + " The performance is an animated still: no recording of prompted movements was to be had.",
        Timing.STEADY,
        partial(_on_screen, device=replace(TABLET, face_share=0.36), shown=_rehearsal),
    ),
    Species(
        "puppet_on_phone",
        Family.PRESENTATION,
        "artefact: photograph animated by mesh warp (reenactment) on a 6.1 inch phone, bezel in view, held by hand",
        "A photograph that an app animates after the attacker's own movements, shown to the camera on a phone.",
        "Obeys every prompt.",
        _NO_OPTICS + " The animation is a mesh warp: see `puppet`.",
        Timing.STEADY,
        partial(_on_screen, device=PHONE, shown=puppet),
        script=every_move,
    ),
)
