"""Attack: a recording that shows every movement, in some order or in a loop, played at a session (replay, PAI video).

Known case: open gesture challenges without deadlines or penalties accept such a recording sooner or later, because the
asked movement comes up at some point. Here it must come after the prompt, in time, from rest, and nothing else with it.
Seeds are fixed, so this is a regression test and not a rate: 0 of 45 looped and 0 of 10 re-played. With
`LIVENESS_RECORDING_SEEDS=4` times as many are played: 0 of 180 and 0 of 40, of which the exact one-sided 95 % bound
is 1.4 %.
"""

from __future__ import annotations

import os

import pytest

from acting import MOVES, Actor, amplitude, connected, play, spec
from liveness_server.challenges import DEFAULT_POOL
from liveness_server.types import Outcome


class Recording(Actor):
    """Plays its movements on its own clock, deaf to prompts."""

    def __init__(self, order: list[str], period_s: float, start_s: float) -> None:
        super().__init__()
        self.order, self.period_s, self.start_s = order, period_s, start_s

    def hear(self, message, t):
        pass

    def look(self, t):
        index = int((t - self.start_s) // self.period_s)
        if t < self.start_s:
            return MOVES["blink"](0.0)
        kind = self.order[index % len(self.order)]
        return MOVES[kind](amplitude(kind, (t - self.start_s) % self.period_s))


SHOWN = [kind for kind in MOVES if kind in DEFAULT_POOL]
TIMES = int(os.environ.get("LIVENESS_RECORDING_SEEDS", "1"))
LOOPED, REPLAYED = 5 * TIMES, 10 * TIMES
ORDERS = [SHOWN, SHOWN[::-1], sorted(SHOWN)]


@pytest.mark.parametrize("order", range(3))
@pytest.mark.parametrize("period_s", [1.2, 2.5, 4.0])
def test_looped_recording(order, period_s):
    passed = 0
    for seed in range(LOOPED):
        session = connected(spec(seed=1000 + seed, reference=None))
        play(session, Recording(ORDERS[order], period_s, start_s=2.0 + 0.1 * seed))
        passed += session.verdict.decision is Outcome.PASS
    assert passed == 0, f"{passed} of {LOOPED} sessions let a recording through"


def test_a_recording_of_another_sessions_answers():
    """The right person, alive, recorded while answering another plan: shown again at the next session's pace."""
    passed = 0
    for seed in range(REPLAYED):
        earlier = connected(spec(seed=seed, reference=None))
        answers = Actor()
        play(earlier, answers)
        session = connected(spec(seed=5000 + seed, reference=None, previous=earlier.plan))
        play(session, Recording(list(earlier.plan), 2.2, start_s=2.0))
        passed += session.verdict.decision is Outcome.PASS
    assert passed == 0, f"{passed} of {REPLAYED} sessions let a recording through"
