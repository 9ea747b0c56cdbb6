"""How long a session waits for the confirmations its policy asks for, and what it says when they do not come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import Actor, connected, play, spec
from lifelike import lifelike, living
from liveness_server.engine.fusion import hint_for
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.states import State
from liveness_server.types import Outcome, Verdict

STANDARD = shipped_policies()["standard"]


def pale(shown, state):
    """Skin that changes with the light and has no pulse."""
    return replace(shown, face=replace(shown.face, skin=lifelike(shown, shown.t).face.skin))


def flat(shown, state):
    """No movement that a plane could not make."""
    return replace(shown, face=replace(shown.face, plane=None))


def captured_s(policy, actor):
    """Seconds of capture, and the session, played to its end."""
    session, times = connected(spec(policy=policy)), []
    alter = actor.alter

    def timed(shown, state):
        if state == State.CAPTURING:
            times.append(shown.t)
        return alter(shown, state)

    actor.alter = timed
    play(session, actor)
    return times[-1] - times[0], session


def test_a_pulse_is_waited_for_and_no_longer():
    waited, session = captured_s(STANDARD, living(Actor()))
    assert session.verdict.decision is Outcome.PASS, session.verdict.reasons
    assert 1.2 < waited < 10


def test_a_policy_that_waits_for_nothing_ends_when_the_face_was_steady():
    waited, session = captured_s(shipped_policies()["convenience"], living(Actor()))
    assert session.verdict.decision is Outcome.PASS, session.verdict.reasons
    assert waited == pytest.approx(1.2, abs=0.05)


def test_waiting_has_an_end_and_names_what_did_not_come():
    waited, session = captured_s(STANDARD, living(Actor(alter=pale)))
    assert session.verdict.decision is Outcome.INCONCLUSIVE
    assert [reason.partition(":")[0] for reason in session.verdict.reasons] == ["pulse"]
    assert waited == pytest.approx(1.2 + STANDARD.timing.wait_s, abs=0.1)


def test_depth_must_confirm():
    _, session = captured_s(STANDARD, living(Actor(alter=flat)))
    assert session.verdict.decision is Outcome.INCONCLUSIVE
    assert [r.partition(":")[0] for r in session.verdict.reasons] == ["depth"]


def test_nothing_is_waited_for_once_the_evidence_fails():
    def still(shown, state):
        return replace(shown, face=replace(shown.face, points=tuple((0.0, 0.0, 0.0) for _ in shown.face.points)))

    waited, session = captured_s(STANDARD, Actor(alter=still))
    assert session.verdict.decision is Outcome.FAIL
    assert waited < 2.5


@pytest.mark.parametrize(
    ("reasons", "hint"),
    [
        (("light_response:too_bright_room",), "too_bright"),
        (("pulse:too_dark",), "too_dark"),
        (("pulse:large_motion",), "hold_still"),
        (("depth:low_frame_rate",), "connection"),
        (("depth:ask_for_a_turn",), "try_again"),
        (("pulse:weak_signal", "texture:too_far"), "too_far"),
        (("texture:unclear_surroundings",), "try_again"),
    ],
)
def test_the_page_hears_of_place_and_camera_and_never_of_a_check(reasons, hint):
    assert hint_for(Verdict(Outcome.INCONCLUSIVE, reasons)) == hint
    assert hint_for(Verdict(Outcome.FAIL, reasons)) == "not_verified"
