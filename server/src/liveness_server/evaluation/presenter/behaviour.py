"""How the presenter answers the challenges it hears: like a person, or in one of the ways that must not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .motion import MOVES, Movement

OPPOSITE = {
    "turn_left": "turn_right",
    "turn_right": "turn_left",
    "look_up": "look_down",
    "look_down": "look_up",
    "blink": "open_mouth",
    "blink_twice": "turn_left",
    "open_mouth": "look_down",
    "smile": "turn_right",
    "move_closer": "turn_left",
    "hand_across_face": "turn_left",
    "turn_to_profile": "look_up",
}
"""What `Answer.WRONG` does instead of each kind."""
SCRIPT_START, SCRIPT_STEP = 1.0, 3.0
"""Seconds until a recording's first movement, and from each movement to the next."""
GUESS_DELAY, GUESS_STEP, GUESSES = 0.15, 2.2, 3
"""Seconds after a challenge until `Answer.EARLY` moves unasked, from there to the next guess, and how many."""
HASTE = 1.6
"""How much faster than a person `Answer.EARLY` moves."""
JITTER = 0.04
"""Standard deviation of the reaction time, seconds."""


class Answer(StrEnum):
    """What the presenter does about a challenge."""

    OBEYS = "obeys"
    """Performs it after a human reaction time."""
    LATE = "late"
    """Performs it when the deadline is over."""
    WRONG = "wrong"
    """Performs another movement: the opposite turn, or another action."""
    EARLY = "early"
    """Performs it without any reaction time, and guesses the next one before it is asked."""
    NEVER = "never"
    """Sways and breathes, and does nothing."""
    STILL = "still"
    """Is a still picture: nothing moves but the sensor's noise."""
    SCRIPT = "script"
    """Is a recording of all moves in a fixed order, deaf to what is asked."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the presenter does. Times named `…_at` are stream seconds; None means never."""

    answer: Answer = Answer.OBEYS
    reaction_s: float = 0.45
    """Prompt to movement. Reading a prompt and starting takes 0.3-1 s."""
    late_s: float = 7.0
    """Added to the reaction of `Answer.LATE`: beyond the 5 s deadline of a challenge."""
    swap_at: float | None = None
    """The other portrait takes the same place."""
    swap_step: int | None = None
    """The same, from this prompt on (1 is the first)."""
    second_face_at: float | None = None
    """The other portrait appears beside the face."""
    vanish_at: float | None = None
    """The face leaves: only the backdrop stays."""
    cut_at: float | None = None
    """The picture jumps to another framing within one frame."""

    def swapped(self, t: float, step: int) -> bool:
        """True once the other portrait has taken the place."""
        return _past(self.swap_at, t) or (self.swap_step is not None and step >= self.swap_step)

    def second_face(self, t: float) -> bool:
        """True while another face is beside the first."""
        return _past(self.second_face_at, t)

    def vanished(self, t: float) -> bool:
        """True once the face has left."""
        return _past(self.vanish_at, t)

    def cut(self, t: float) -> bool:
        """True once the picture has jumped."""
        return _past(self.cut_at, t)

    @property
    def swaps(self) -> bool:
        """True if the other portrait is needed for a swap."""
        return self.swap_at is not None or self.swap_step is not None


def _past(at: float | None, t: float) -> bool:
    return at is not None and t >= at


class Director:
    """Turns prompts into movements; deterministic from its generator."""

    def __init__(self, behaviour: Behaviour, rng: np.random.Generator) -> None:
        self.steps = 0
        """Prompts heard so far."""
        self._behaviour = behaviour
        self._rng = rng
        self._movements: list[Movement] = []
        self._answer = _ANSWERS[behaviour.answer]

    def prompt(self, kind: str, t: float) -> None:
        """The challenge `kind` was heard at `t`. Raises `ValueError` for a kind the presenter does not know."""
        if kind not in MOVES:
            raise ValueError(f"unknown challenge {kind!r}: the presenter knows {', '.join(MOVES)}")
        self.steps += 1
        self._drop_pending(t)
        self._answer(self, kind, t)

    def done(self, t: float) -> None:
        """The challenge is over: stop holding, forget what has not begun."""
        for movement in self._movements:
            movement.release(t)
        if self._behaviour.answer is not Answer.LATE:
            self._drop_pending(t)
        if self._behaviour.answer is Answer.EARLY:
            self._guess(t)

    def state(self, t: float) -> dict[str, float]:
        """Sum of all movements under way at `t`."""
        total: dict[str, float] = {}
        for movement in [*self._movements, *self._scripted(t)]:
            if movement.start <= t and not movement.over(t):
                for channel, value in movement.at(t).items():
                    total[channel] = total.get(channel, 0.0) + value
        return total

    def perform(self, kind: str, start: float, *, speed: float = 1.0) -> None:
        """Schedule a movement."""
        self._movements.append(Movement(MOVES[kind], start, speed=speed))

    def _obey(self, kind: str, t: float, *, delay: float = 0.0) -> None:
        reaction = self._behaviour.reaction_s + float(np.clip(self._rng.normal(0.0, JITTER), -2 * JITTER, 2 * JITTER))
        self.perform(kind, t + max(0.0, reaction) + delay)

    def _late(self, kind: str, t: float) -> None:
        self._obey(kind, t, delay=self._behaviour.late_s)

    def _wrong(self, kind: str, t: float) -> None:
        self._obey(OPPOSITE[kind], t)

    def _early(self, kind: str, t: float) -> None:
        self.perform(kind, t, speed=HASTE)

    def _deaf(self, kind: str, t: float) -> None:
        """Answer nothing."""

    def _guess(self, t: float) -> None:
        kinds = self._rng.choice(["turn_left", "turn_right", "open_mouth"], GUESSES)
        for i, kind in enumerate(kinds):
            self.perform(str(kind), t + GUESS_DELAY + i * GUESS_STEP, speed=HASTE)

    def _scripted(self, t: float) -> list[Movement]:
        if self._behaviour.answer is not Answer.SCRIPT or t < SCRIPT_START:
            return []
        number = int((t - SCRIPT_START) / SCRIPT_STEP)
        return [Movement(list(MOVES.values())[number % len(MOVES)], SCRIPT_START + number * SCRIPT_STEP)]

    def _drop_pending(self, t: float) -> None:
        self._movements = [movement for movement in self._movements if movement.start <= t and not movement.over(t)]


_ANSWERS: dict[Answer, Callable[[Director, str, float], None]] = {
    Answer.OBEYS: Director._obey,
    Answer.LATE: Director._late,
    Answer.WRONG: Director._wrong,
    Answer.EARLY: Director._early,
    Answer.NEVER: Director._deaf,
    Answer.STILL: Director._deaf,
    Answer.SCRIPT: Director._deaf,
}
