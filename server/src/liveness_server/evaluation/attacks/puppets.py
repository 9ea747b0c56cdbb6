"""Family: a still picture animated by warping its mesh, injected as a camera stream; and a face nobody has."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from ...types import CaptureTime
from ...vision.landmarks import Picture
from ..presenter.behaviour import SCRIPT_START, SCRIPT_STEP
from ..presenter.mesh import mesh_of
from ..presenter.motion import MOVES, Move, Movement
from ..presenter.paint import Lids
from ..presenter.portraits import MARGIN, Canvas
from ..presenter.portraits import Source as CanvasSource
from ..presenter.puppet import Puppet, Rendered, Skeleton
from ..presenter.puppet import _skin as skin_of
from ..presenter.raster import Raster
from ..presenter.sensor import PULSE_AMPLITUDE, Sensor, Sway
from .source import Size, Source, Still, clock, donor
from .species import Family, Frames, Species, Timing
from .warp import FaceWarp

MESH_DEPTH = 1.3
"""Gain on MediaPipe's depth: between those of the two shipped portraits, which were fitted to read true turns."""
BLINK_EVERY = (2.2, 4.5)
"""Seconds between unasked blinks: 13-27 a minute."""
SPEECH_HZ, SPEECH_JAW = (2.1, 3.4), 0.16
"""Syllable rates of the avatar's speech, and how far its jaw opens."""
PULSE_BPM = (58.0, 92.0)
"""Range of the painted pulse."""


def canvas_of(still: Still) -> Canvas:
    """Lay a still out as the presenter's portraits are: with a margin for what sway pulls in."""
    height, width = still.rgb.shape[:2]
    x, y = round(MARGIN * width), round(MARGIN * height)
    wide = cv2.copyMakeBorder(still.rgb, y, y, x, x, cv2.BORDER_REFLECT_101)
    source = CanvasSource(lambda: still.rgb, (still.centre[0], still.centre[1]), still.width, MESH_DEPTH)
    return Canvas(source, np.asarray(wide, dtype=np.uint8), (x, y), (width, height))


class StillPuppet(Puppet):
    """The presenter's puppet on any canvas instead of a shipped portrait."""

    def __init__(self, canvas: Canvas, bundle: bytes) -> None:
        self.canvas = canvas
        mesh = mesh_of(canvas, bundle)
        self._lids = Lids(mesh, canvas.rgb)
        self._skeleton = Skeleton(mesh, canvas.size, canvas.source.rest)
        self._raster = Raster(mesh, self._skeleton.vertices({}), canvas.rgb.shape[1::-1], canvas.size)
        whole = self._raster.whole()
        self._rest = Rendered(self._look_up(whole), skin_of(whole))


class Performance:
    """A still that sways, blinks and makes every movement the challenges know, in an order of its own."""

    def __init__(self, still: Still, bundle: bytes, *, seed: int, pulse: bool = False, moving: bool = True) -> None:
        rng = np.random.default_rng(seed)
        size = still.rgb.shape[1], still.rgb.shape[0]
        self._puppet = StillPuppet(canvas_of(still), bundle)
        self._sway = Sway(rng)
        amplitude = PULSE_AMPLITUDE if pulse else 0.0
        self._sensor = Sensor(size, seed=seed, pulse_bpm=float(rng.uniform(*PULSE_BPM)), pulse_amplitude=amplitude)
        self._pulse = pulse
        self._moves = list(rng.permutation(list(MOVES))) if moving else []
        self._blinks = np.cumsum(rng.uniform(*BLINK_EVERY, 64))

    def frame(self, t: CaptureTime, extra: dict[str, float] | None = None) -> Picture:
        """The frame at `t` seconds, `extra` added to the channels."""
        rendered = self._puppet.render(_sum(self._sway.at(t), *self._acts(t), extra or {}))
        return self._sensor.expose(rendered.rgb, t, rendered.skin if self._pulse else None)

    def _acts(self, t: float) -> list[dict[str, float]]:
        acts = [_part(MOVES["blink"], float(start), t) for start in self._blinks]
        if self._moves and t >= SCRIPT_START:
            number = int((t - SCRIPT_START) / SCRIPT_STEP)
            acts.append(_part(MOVES[self._moves[number % len(self._moves)]], SCRIPT_START + number * SCRIPT_STEP, t))
        return acts


def _part(move: Move, start: float, t: float) -> dict[str, float]:
    movement = Movement(move, start)
    return movement.move.at(t - start) if start <= t and not movement.over(t) else {}


def _sum(*states: dict[str, float]) -> dict[str, float]:
    channels = {channel for state in states for channel in state}
    total = {channel: sum(state.get(channel, 0.0) for state in states) for channel in sorted(channels)}
    return {**total, "blink": min(total.get("blink", 0.0), 1.0)}


def _puppet(source: Source, seed: int, size: Size, *, pulse: bool) -> Frames:
    performance = Performance(source.still(size), source.bundle, seed=seed, pulse=pulse)
    return ((t, performance.frame(t)) for t in clock(source.seconds))


def nobody(source: Source, seed: int, size: Size) -> Still:
    """A face nobody has: half the source's, half another's, as smooth as a rendered skin."""
    still, other = source.still(size), donor(source, seed, size)
    worn, mixed = FaceWarp(other).onto(still.points, size), still.rgb.copy()
    part = np.ascontiguousarray(mixed[worn.box])
    mixed[worn.box] = cv2.blendLinear(worn.rgb, part, 0.5 * worn.mask, 1 - 0.5 * worn.mask)
    return Still(np.asarray(cv2.bilateralFilter(mixed, 9, 28, 5), dtype=np.uint8), still.points)


def _avatar(source: Source, seed: int, size: Size) -> Frames:
    performance = Performance(nobody(source, seed, size), source.bundle, seed=seed, moving=False)
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, len(SPEECH_HZ))
    for t in clock(source.seconds):
        voices = np.sin(2 * np.pi * np.array(SPEECH_HZ) * t + phases)
        yield t, performance.frame(t, {"jaw": SPEECH_JAW * max(0.0, float(voices.mean()))})


_WARP = (
    "A warped photograph: no turn beyond about 20 degrees, no teeth or tongue, hair and shoulders as one soft sheet."
)

PUPPETS = (
    Species(
        "puppet",
        Family.INJECTION,
        "injected stream: one photograph animated by mesh warp (reenactment), through a virtual camera",
        "A still that blinks, turns, nods, smiles and opens its mouth in an order by seed; no pulse.",
        _WARP,
        Timing.STEADY,
        partial(_puppet, pulse=False),
    ),
    Species(
        "puppet_painted_pulse",
        Family.INJECTION,
        "injected stream: one photograph animated by mesh warp, with a pulse painted on the skin",
        "The same, and skin that changes colour like a pulse of 58 to 92 a minute.",
        _WARP + " One phase over the whole face: no pulse wave that travels.",
        Timing.STEADY,
        partial(_puppet, pulse=True),
    ),
    Species(
        "synthetic_avatar",
        Family.INJECTION,
        "injected stream: synthetic talking head of no real person",
        "A generated face that speaks, blinks and sways but follows no prompt.",
        _WARP + " A smoothed mixture of two photographs, not the output of a generator.",
        Timing.STEADY,
        _avatar,
        nobody,
    ),
)
