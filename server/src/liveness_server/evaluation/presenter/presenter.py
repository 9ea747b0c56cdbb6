"""A rendered person in front of a camera, who listens to the challenges.

A test instrument, and by nature a reenactment attack: one photograph, animated. It passes what active challenges can
ask for, which is why they are not the only check. Never call its sessions bona fide.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...vision.landmarks import Picture
from ...vision.models import ModelStore
from .behaviour import Answer, Behaviour, Director
from .hand import Hand, Place
from .light import Glow, Reflection, Step
from .portraits import FACE_CENTRE, FACE_WIDTH, PORTRAITS, empty_room, framed
from .puppet import Puppet, Rendered
from .sensor import PULSE_AMPLITUDE, Sensor, Sway

CUT = {"x": 0.09, "roll": 4.0, "closer": 0.1}
"""Where the picture jumps to in a cut: a third of a face width aside, nearer, leaning."""
SECOND_FACE = (0.17, 0.85)
"""Width and horizontal centre of the second face, as fractions of the frame's width."""


class Presenter:
    """Renders frames of an animated portrait: a test instrument and a reenactment attack (puppet), not a person.

    Frames depend on the seed, the prompts so far and the stream time only; the same calls give the same frames.
    Not thread-safe. Raises `ModelError` when the landmark model is missing, `ConfigError` for an unknown portrait.
    """

    def __init__(
        self,
        portrait: str,
        *,
        seed: int,
        size: tuple[int, int] = (640, 480),
        pulse_bpm: float = 72.0,
        pulse_amplitude: float = PULSE_AMPLITUDE,
        behaviour: Behaviour | None = None,
        store: ModelStore | None = None,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        bundle = (store or ModelStore()).read("landmarks")
        rng = np.random.default_rng(seed)
        self._director = Director(self.behaviour, rng)
        self._sway = Sway(rng)
        self._sensor = Sensor(size, seed=seed, pulse_bpm=pulse_bpm, pulse_amplitude=pulse_amplitude)
        self._puppet = Puppet(framed(portrait, size), bundle)
        centre = (FACE_CENTRE[0] * size[0], FACE_CENTRE[1] * size[1])
        self._hand = Hand(Place(centre, FACE_WIDTH * size[0], self._puppet.skin), seed=seed)
        other = next(name for name in PORTRAITS if name != portrait)
        self._swapped = Puppet(framed(other, size), bundle) if self.behaviour.swaps else None
        self._second = _SecondFace(other, size) if self.behaviour.second_face_at is not None else None
        self._room = empty_room(self._puppet.canvas) if self.behaviour.vanish_at is not None else None

    def prompt(self, kind: str, t: float) -> None:
        """A challenge was heard at stream time `t`. Raises `ValueError` for an unknown kind."""
        self._director.prompt(kind, t)

    def done(self, t: float) -> None:
        """The challenge is over: go back to rest."""
        self._director.done(t)

    def light(self, steps: Sequence[Step], t: float, reflection: Reflection | None = None) -> None:
        """The screen before it shows these colours, from stream time `t` on."""
        self._sensor.glow = Glow(steps, t, reflection or Reflection())

    def frame(self, t: float) -> Picture:
        """The (height, width, 3) RGB frame at stream time `t`, seconds."""
        if self._room is not None and self.behaviour.vanished(t):
            return self._sensor.expose(self._room, t)
        rendered = self._person(t)
        if self._second is not None and self.behaviour.second_face(t):
            self._second.paste(rendered.rgb)
        still = self.behaviour.answer is Answer.STILL
        return self._sensor.expose(rendered.rgb, t, None if still else rendered.skin)

    def _person(self, t: float) -> Rendered:
        swapped = self._swapped is not None and self.behaviour.swapped(t, self._director.steps)
        puppet = self._swapped if swapped and self._swapped is not None else self._puppet
        state = self._state(t)
        rendered = puppet.render(state)
        self._hand.hold(rendered, state.get("hand", 0.0), state.get("across", 0.0))
        return rendered

    def _state(self, t: float) -> dict[str, float]:
        if self.behaviour.answer is Answer.STILL:
            return {}
        state = self._sway.at(t)
        extra = CUT if self.behaviour.cut(t) else {}
        for part in (self._director.state(t), extra):
            for channel, value in part.items():
                state[channel] = state.get(channel, 0.0) + value
        return state


class _SecondFace:
    """A still face pasted beside the presenter, with a soft edge."""

    def __init__(self, name: str, size: tuple[int, int]) -> None:
        width, centre = SECOND_FACE
        picture = framed(name, size, face_width=width).window()
        half = (round(0.75 * width * size[0]), round(0.85 * width * size[0]))
        cx, cy = round(FACE_CENTRE[0] * size[0]), round(FACE_CENTRE[1] * size[1])
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.ellipse(mask, (cx, cy), half, 0, 0, 360, 255, -1, cv2.LINE_AA)
        soft = cv2.GaussianBlur(mask, (0, 0), 0.05 * half[0]).astype(np.float32)[..., None] / 255
        x = min(round(centre * size[0]), size[0] - half[0] - 1)
        rows = slice(max(cy - half[1] - 4, 0), cy + half[1] + 4)
        source, self._where = np.s_[rows, cx - half[0] : cx + half[0]], np.s_[rows, x - half[0] : x + half[0]]
        self._keep = 1 - soft[source]
        self._face = picture[source] * soft[source]

    def paste(self, rgb: Picture) -> None:
        """Lay the face over `rgb`, in place."""
        rgb[self._where] = np.rint(rgb[self._where] * self._keep + self._face)
