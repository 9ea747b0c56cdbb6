"""A face that is taken off for the length of a step that hides it is not the face that answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import acos

import pytest

from acting import ALICE, BOB, Actor, Look, connected, face, identity, observe, play, spec
from lifelike import living
from liveness_server.challenges import DEFAULT_POOL
from liveness_server.challenges.baseline import Baseline, Deviation
from liveness_server.challenges.rules import ActiveRules
from liveness_server.challenges.same_face import SameFace
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.types import CaptureTime, Outcome

REST = Baseline.of([observe(0.0, face())])
CLEAR = Look()
HIDING = ("hand_across_face", "turn_to_profile")


def sample(faces: SameFace, embedding: tuple[float, ...], look: Look = CLEAR, *, hidden: bool = True) -> None:
    faces.update(Deviation.of(face(look), CaptureTime(0.0), REST, None), embedding, hidden=hidden)


def known(*samples: tuple[float, ...]) -> SameFace:
    faces = SameFace()
    for embedding in samples or (identity(ALICE),) * 3:
        faces.watch(embedding)
    faces.begin()
    return faces


@pytest.mark.parametrize(("cosine", "changed"), [(0.54, True), (0.56, False)])
def test_who_somebody_else_is(cosine: float, changed: bool) -> None:
    faces = known()
    for _ in range(2):
        assert not faces.changed
        sample(faces, identity(ALICE, acos(cosine)))
    assert faces.changed is changed


def test_one_sample_alone_accuses_nobody() -> None:
    faces = known()
    for person in (BOB, ALICE, ALICE, BOB, ALICE, ALICE):
        sample(faces, identity(person))
    assert not faces.changed
    for person in (BOB, ALICE, BOB):
        sample(faces, identity(person))
    assert faces.changed


@pytest.mark.parametrize("look", [Look(hand=0.4), Look(yaw=10.5), Look(yaw=-10.5)])
def test_a_face_that_is_not_clear_is_not_compared(look: Look) -> None:
    faces = known()
    for _ in range(3):
        sample(faces, identity(BOB), look)
    assert not faces.changed


def test_every_step_is_judged_by_itself() -> None:
    faces = known()
    sample(faces, identity(BOB))
    faces.begin()
    sample(faces, identity(BOB))
    assert not faces.changed
    sample(faces, identity(BOB))
    assert faces.changed
    faces.begin()
    assert not faces.changed


def test_outside_of_such_steps_a_face_is_learnt_and_nobody_accused() -> None:
    faces = known()
    for _ in range(9):
        sample(faces, identity(BOB), hidden=False)
    assert not faces.changed
    sample(faces, identity(ALICE))
    sample(faces, identity(ALICE))
    assert not faces.changed, "others do not become the mean by staying"


def test_without_a_face_to_compare_with_nothing_is_said() -> None:
    faces = SameFace()
    faces.begin()
    for _ in range(3):
        sample(faces, identity(BOB))
    assert not faces.changed


def test_the_mean_follows_the_session() -> None:
    """A mean of three samples of positioning would be far from this one."""
    faces = known(*[identity(ALICE, 1.2)] * 3)
    for angle in (0.8, 0.4, 0.0, 0.0, 0.0):
        sample(faces, identity(ALICE, angle), hidden=False)
    for _ in range(2):
        sample(faces, identity(ALICE, -0.5))
    assert not faces.changed


def asked(kind: str, seed: int, one_of: str):
    rules = ActiveRules(kinds=(*DEFAULT_POOL, kind), one_of=(one_of,))
    policy = replace(shipped_policies()["convenience"], rules=rules)
    return connected(spec(policy=policy, seed=seed, reference=None))


def without_the_swap(kind: str, wears: Callable[[Actor, float], bool]) -> Actor:
    """Shows ALICE's face, and BOB's own from the prompt for `kind` until the answer is over, unless it `wears` hers."""
    actor = Actor()

    def person(t: float, state: str) -> int:
        answering = actor._move is not None and actor._move[0] == kind and t < actor._move[1] + 3.0
        return BOB if answering and not wears(actor, t) else ALICE

    actor.person_at = person
    return living(actor)


@pytest.mark.parametrize("kind", HIDING)
@pytest.mark.parametrize("seed", range(3))
def test_a_swap_that_is_taken_off_for_the_step_does_not_pass(kind: str, seed: int) -> None:
    session = asked(kind, seed, kind)
    play(session, without_the_swap(kind, lambda actor, t: False))
    assert session.verdict.decision is not Outcome.PASS
    assert (kind, "changed") in {(timing.kind, timing.outcome) for timing in session.verdict.challenges}


@pytest.mark.parametrize("kind", HIDING)
def test_twice_is_the_end(kind: str) -> None:
    """What is owed is asked for again; a step that is not done once more ends it."""
    ends = set()
    for seed in range(6):
        session = asked(kind, seed, kind)
        play(session, without_the_swap(kind, lambda actor, t: False))
        ends |= {reason for reason in session.verdict.reasons if reason.startswith("active:")}
    assert "active:face_changed" in ends


@pytest.mark.parametrize("kind", HIDING)
def test_who_takes_it_off_only_under_the_hand_is_not_seen(kind: str) -> None:
    """What this rule does not stop: the face is clear again before it is another."""
    session = asked(kind, 1, kind)
    play(session, without_the_swap(kind, lambda actor, t: not 0.2 < t - actor._move[1] < 2.0))
    assert session.verdict.decision is Outcome.PASS, session.verdict.reasons
