"""A challenge that covers the face: what is measured meanwhile is of nobody, and a swap under it is still one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import ALICE, BOB, Actor, connected, moved, play, spec
from lifelike import living
from liveness_server.challenges import DEFAULT_POOL
from liveness_server.challenges.rules import ActiveRules
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.replay import closing_line, replay
from liveness_server.types import Outcome

HIDING = ["hand_across_face", "turn_to_profile"]


def terms(kind, seed=1, *, policy="convenience", kinds=DEFAULT_POOL):
    """A session that asks for `kind` and two of the others."""
    rules = ActiveRules(kinds=(*kinds, kind), one_of=(kind,))
    return spec(policy=replace(shipped_policies()[policy], rules=rules), seed=seed, reference=None)


class Hidden(Actor):
    """Is nobody the models know while the challenge that hides the face is performed, and elsewhere in the picture."""

    def __init__(self, kind, afterwards=ALICE, answer=lambda kind: kind):
        super().__init__(answer, person_at=self.person_now, alter=self.altered)
        self.kind, self.afterwards = kind, afterwards
        self.hidden_at = None
        self.seen = set()

    @property
    def hiding(self):
        return self._move is not None and self._move[0] == self.kind

    def during(self, t):
        """Whether the movement is under way; it takes 2.2 s."""
        return self.hiding and self._move[1] <= t < self._move[1] + 2.2

    def person_now(self, t, state):
        if self.during(t):
            self.hidden_at = t
            return 10 + self.frames % 20
        return ALICE if self.hidden_at is None else self.afterwards

    def altered(self, shown, state):
        if not self.during(shown.t):
            return shown
        points = tuple((x + 50.0 * (self.frames % 2), y, z) for x, y, z in shown.face.points)
        return moved(shown, points=points, luma=2.0)


@pytest.mark.parametrize("kind", HIDING)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_person_may_be_nobody_while_the_face_is_hidden(kind, seed):
    session = connected(terms(kind, seed), keep=True)
    play(session, living(Hidden(kind)))
    assert session.verdict.decision is Outcome.PASS, session.verdict.reasons
    assert replay([*session.transcript, closing_line(session.verdict)]).same


def test_the_same_at_another_time_is_denied():
    session = connected(terms("hand_across_face"))
    play(session, living(Hidden("open_mouth" if "open_mouth" in session.plan else session.plan[0])))
    assert session.verdict.decision is Outcome.FAIL


@pytest.mark.parametrize("kind", HIDING)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_swap_of_persons_while_the_face_is_hidden_is_denied(kind, place):
    seed = next(seed for seed in range(100) if connected(terms(kind, seed)).plan[place] == kind)
    session = connected(terms(kind, seed))
    play(session, living(Hidden(kind, afterwards=BOB)))
    assert session.verdict.decision is Outcome.FAIL
    assert "identity_continuity:identity_changed" in session.verdict.reasons


class Fumbling(Hidden):
    """Turns the head while the hand is on its way, once; so that step fails with the hand before the face."""

    def __init__(self):
        super().__init__("hand_across_face")
        self.turned = False

    def look(self, t):
        shown = super().look(t)
        if self.during(t) and self.heard.count(self.kind) == 1 and t - self._move[1] > 0.9:
            self.turned = True
            return replace(shown, yaw=16.0 if t - self._move[1] < 1.3 else 0.0)
        return shown


def test_a_hand_that_is_still_there_after_its_step_failed_hides_the_face_too():
    session = connected(terms("hand_across_face"), keep=True)
    actor = Fumbling()
    play(session, living(actor))
    assert actor.turned
    assert "wrong" in {timing.outcome for timing in session.verdict.challenges}
    assert session.verdict.decision is Outcome.PASS, session.verdict.reasons
    assert replay([*session.transcript, closing_line(session.verdict)]).same


@pytest.mark.parametrize("seed", [1, 2])
def test_strict_asks_for_a_hand_and_a_far_turn_and_can_be_passed(seed):
    strict = shipped_policies()["strict"]
    session = connected(spec(policy=strict, seed=seed))
    play(session, living(Actor()))
    assert "hand_across_face" in session.plan
    assert session.verdict.decision is Outcome.PASS, session.verdict.reasons
    assert set(DEFAULT_POOL) | {"hand_across_face"} == set(strict.rules.kinds)


def test_strict_does_without_no_hand():
    session = connected(spec(policy=shipped_policies()["strict"]))
    play(session, living(Actor(lambda kind: None if kind == "hand_across_face" else kind)))
    assert session.verdict.decision is Outcome.INCONCLUSIVE
    assert "active:not_performed" in session.verdict.reasons
