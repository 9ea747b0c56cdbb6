"""Family: a still picture animated by warping its mesh, injected as a camera stream; and a face nobody has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import accumulate, count, cycle
from types import MappingProxyType

import cv2
import numpy as np

from ...vision.landmarks import Picture
from ..presenter.behaviour import SCRIPT_START, SCRIPT_STEP, Behaviour, Director
from ..presenter.hand import Hand, Place
from ..presenter.light import Glow, Reflection, Step
from ..presenter.motion import MOVES
from ..presenter.portraits import Canvas
from ..presenter.puppet import Puppet
from ..presenter.sensor import PULSE_AMPLITUDE, Sensor, Sway
from .performer import Deaf, Performer, Script
from .source import Size, Source, Still, canvas_of, donor
from .species import Family, Species, Timing
from .warp import FaceWarp

BLINK_EVERY = (2.2, 4.5)
"""Seconds between unasked blinks: 13-27 a minute."""
ATTENTION_S = 1.0
"""Seconds after a prompt in which nobody blinks unasked; nor while a movement is under way."""
SPEECH_HZ, SPEECH_JAW = (2.1, 3.4), 0.16
"""Syllable rates of the avatar's speech, and how far its jaw opens."""
PULSE_BPM = (58.0, 92.0)
"""Range of the painted pulse."""
NOTHING: Mapping[str, float] = MappingProxyType({})


class Marionette:
    """A still that sways and blinks by itself and makes every movement it is asked for."""

    def __init__(self, canvas: Canvas, still: Still, bundle: bytes, *, seed: int, pulse: bool = False) -> None:
        rng = np.random.default_rng(seed)
        self._puppet = Puppet(canvas, bundle)
        self._hand = Hand(Place((still.centre[0], still.centre[1]), still.width, self._puppet.skin), seed=seed)
        self._sway = Sway(rng)
        amplitude = PULSE_AMPLITUDE if pulse else 0.0
        self._sensor = Sensor(
            canvas.size, seed=seed, pulse_bpm=float(rng.uniform(*PULSE_BPM)), pulse_amplitude=amplitude
        )
        self._pulse = pulse
        self._director = Director(Behaviour(), rng)
        self._blinks = accumulate(float(rng.uniform(*BLINK_EVERY)) for _ in count())
        self._blink = next(self._blinks)
        self._heard = -math.inf

    def prompt(self, kind: str, t: float) -> None:
        """Do it after a human reaction time."""
        self._heard = t
        self._director.prompt(kind, t)

    def done(self, t: float) -> None:
        """Go back to rest."""
        self._director.done(t)

    def frame(self, t: float, extra: Mapping[str, float] = NOTHING) -> Picture:
        """The frame at `t` seconds, `extra` added to the channels."""
        self._blink_until(t)
        state = _sum(self._sway.at(t), self._director.state(t), extra)
        rendered = self._puppet.render(state)
        self._hand.hold(rendered, state.get("hand", 0.0), state.get("across", 0.0))
        shows_skin = self._pulse or self._sensor.glow is not None
        return self._sensor.expose(rendered.rgb, t, rendered.skin if shows_skin else None)

    def _blink_until(self, t: float) -> None:
        """Blink when it is time, but not into an answer."""
        while self._blink <= t:
            if self._blink - self._heard > ATTENTION_S and not self._director.state(self._blink):
                self._director.perform("blink", self._blink)
            self._blink = next(self._blinks)


class LitMarionette(Marionette):
    """The same before a screen, or by an injector who reads which colours are asked for and paints their light."""

    def light(self, steps: Sequence[Step], t: float) -> None:
        """Tint what comes from `t` on: skin more than room."""
        self._sensor.glow = Glow(steps, t, Reflection())


def _sum(*states: Mapping[str, float]) -> dict[str, float]:
    channels = {channel for state in states for channel in state}
    total = {channel: sum(state.get(channel, 0.0) for state in states) for channel in sorted(channels)}
    return {**total, "blink": min(total.get("blink", 0.0), 1.0)}


def every_move(seed: int) -> Script:
    """Every movement the challenges know, over and over, in an order by seed."""
    order = np.random.default_rng([seed, 1]).permutation(list(MOVES))
    return ((SCRIPT_START + number * SCRIPT_STEP, str(kind)) for number, kind in enumerate(cycle(order)))


def puppet(source: Source, seed: int, size: Size, *, pulse: bool = False) -> Performer:
    """The source's person, animated: obeys every prompt."""
    return Marionette(source.canvas(size), source.still(size), source.bundle, seed=seed, pulse=pulse)


def person(source: Source, seed: int, size: Size) -> Performer:
    """The stand-in for a living person who obeys, where footage cannot: has a pulse, and answers a screen's light."""
    return LitMarionette(source.canvas(size), source.still(size), source.bundle, seed=seed, pulse=True)


attacker = partial(puppet, pulse=True)
"""`attacker(source, seed, size)`: the same in a stream or on a screen, where no light falls on it."""


def nobody(source: Source, seed: int, size: Size) -> Still:
    """A face nobody has: half the source's, half another's, as smooth as a rendered skin."""
    still, other = source.still(size), donor(source, seed, size)
    worn, mixed = FaceWarp(other).onto(still.points, size), still.rgb.copy()
    part = np.ascontiguousarray(mixed[worn.box])
    mixed[worn.box] = cv2.blendLinear(worn.rgb, part, 0.5 * worn.mask, 1 - 0.5 * worn.mask)
    return Still(np.asarray(cv2.bilateralFilter(mixed, 9, 28, 5), dtype=np.uint8), still.points)


class Avatar(Deaf):
    """A face nobody has, that speaks, blinks and sways."""

    def __init__(self, source: Source, seed: int, size: Size) -> None:
        face = nobody(source, seed, size)
        self._marionette = Marionette(canvas_of(face), face, source.bundle, seed=seed)
        self._phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, len(SPEECH_HZ))

    def frame(self, t: float) -> Picture:
        """The frame at `t` seconds, within a word or between two."""
        voices = np.sin(2 * np.pi * np.array(SPEECH_HZ) * t + self._phases)
        return self._marionette.frame(t, {"jaw": SPEECH_JAW * max(0.0, float(voices.mean()))})


_WARP = (
    "A warped photograph: no turn beyond about 20 degrees, no teeth or tongue, hair and shoulders as one soft sheet."
)

PUPPETS = (
    Species(
        "puppet",
        Family.INJECTION,
        "injected stream: one photograph animated by mesh warp (reenactment), through a virtual camera",
        "A still that blinks, turns, nods, smiles and opens its mouth in an order by seed; no pulse.",
        "Obeys every prompt.",
        _WARP,
        Timing.STEADY,
        puppet,
        script=every_move,
    ),
    Species(
        "puppet_painted_pulse",
        Family.INJECTION,
        "injected stream: one photograph animated by mesh warp, with a pulse painted on the skin",
        "The same, and skin that changes colour like a pulse of 58 to 92 a minute.",
        "Obeys every prompt.",
        _WARP + " One phase over the whole face: no pulse wave that travels.",
        Timing.STEADY,
        attacker,
        script=every_move,
    ),
    Species(
        "puppet_tinted",
        Family.INJECTION,
        "injected stream: one photograph animated by mesh warp, painted with a pulse and the coloured light asked for",
        "The same with a pulse, by an injector who reads the server's messages and paints their light too.",
        "Obeys every prompt, and shows the coloured light.",
        _WARP + " Light without shadow or gloss; nobody's display delay.",
        Timing.STEADY,
        person,
        script=every_move,
    ),
    Species(
        "synthetic_avatar",
        Family.INJECTION,
        "injected stream: synthetic talking head of no real person",
        "A generated face that speaks, blinks and sways but follows no prompt.",
        "Deaf: speaks on.",
        _WARP + " A smoothed mixture of two photographs, not the output of a generator.",
        Timing.STEADY,
        Avatar,
        reference=nobody,
    ),
)
