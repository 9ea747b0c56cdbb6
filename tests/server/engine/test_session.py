"""Whole sessions, played by a scripted person: what passes, what does not, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import ALICE, BOB, Actor, connected, frame_times, moved, observe, play, spec
from liveness_server import wire
from liveness_server.checks import REGISTRY
from liveness_server.checks.base import Check
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.replay import closing_line, replay
from liveness_server.engine.session import Session
from liveness_server.engine.states import State
from liveness_server.types import Outcome, Profile, ServerTime, StreamStats
from liveness_server.wire import CloseCode


@pytest.mark.parametrize("seed", range(12))
def test_an_obedient_person_passes_whatever_is_drawn(seed):
    session = connected(spec(seed=seed))
    told = play(session, Actor())
    assert session.verdict.decision is Outcome.PASS, session.verdict
    assert session.verdict.reasons == ()
    assert session.verdict.amr == ("face", "user")
    prompts = [m.kind for m in told if isinstance(m, wire.Challenge)]
    assert tuple(prompts) == session.plan
    assert [c.outcome for c in session.verdict.challenges] == ["done"] * 3


@pytest.mark.parametrize("profile", list(Profile))
def test_every_profile_can_be_passed(profile):
    for seed in range(8):
        session = connected(spec(seed=seed, profile=profile, life_s=600))
        play(session, Actor(delay_s=0.4 if profile is not Profile.EXTENDED_TIME else 12.0))
        assert session.verdict.decision is Outcome.PASS, session.verdict


def test_motion_free_never_asks_for_head_or_distance():
    kinds = {k for seed in range(60) for k in connected(spec(seed=seed, profile=Profile.MOTION_FREE)).plan}
    assert kinds == {"blink", "blink_twice", "open_mouth", "smile"}


def test_onset_is_measured_from_the_prompt():
    session = connected(spec(seed=5))
    play(session, Actor(delay_s=0.7))
    for timing in session.verdict.challenges:
        assert 0.7 <= timing.onset_s <= 1.1
        assert timing.done_s > timing.onset_s


def test_without_reference_a_pass_says_user_and_not_face():
    session = connected(spec(reference=None))
    play(session, Actor())
    assert session.verdict.decision is Outcome.PASS
    assert session.verdict.amr == ("user",)


def test_somebody_elses_reference_fails():
    session = connected(spec(reference=BOB))
    play(session, Actor())
    assert session.verdict.decision is Outcome.FAIL
    assert session.verdict.reasons == ("match:other_person",)


def test_a_swap_after_the_challenges_fails():
    session = connected(spec(reference=BOB))
    play(session, Actor(person_at=lambda t, state: BOB if state == State.CAPTURING else ALICE))
    assert session.verdict.decision is Outcome.FAIL
    assert "identity_continuity:identity_changed" in session.verdict.reasons


def test_a_swap_during_the_challenges_fails():
    session = connected(spec())
    play(session, Actor(person_at=lambda t, state: BOB if state == State.CHALLENGING else ALICE))
    assert "identity_continuity:identity_changed" in session.verdict.reasons
    assert session.verdict.decision is Outcome.FAIL


def test_a_still_face_is_inconclusive_and_heard_two_prompts():
    session, actor = connected(spec()), Actor(answer=lambda kind: None)
    play(session, actor)
    assert session.verdict.decision is Outcome.INCONCLUSIVE
    assert "active:not_performed" in session.verdict.reasons
    assert len(actor.heard) == 2


WRONG = {"turn_left": "turn_right", "turn_right": "turn_left", "look_up": "look_down", "look_down": "look_up"}


def test_always_the_wrong_movement_fails():
    session = connected(spec())
    play(session, Actor(answer=lambda kind: WRONG.get(kind, "turn_left")))
    assert session.verdict.decision is Outcome.FAIL
    assert session.verdict.reasons[0] == "active:wrong_movement"
    assert session.verdict.amr == ()


def test_one_wrong_movement_costs_another_step():
    mistakes = iter(["turn_left", None])

    def answer(kind):
        other = next(mistakes, None)
        return other if other and other != kind else kind

    session = connected(spec(seed=9))
    assert session.plan[0] != "turn_left"
    play(session, Actor(answer=answer))
    assert session.verdict.decision is Outcome.PASS
    outcomes = [c.outcome for c in session.verdict.challenges]
    assert outcomes.count("wrong") == 1
    assert outcomes.count("done") == 4
    assert session.verdict.entropy_bits > 8.19


def test_reactions_faster_than_a_person_do_not_count():
    session = connected(spec())
    play(session, Actor(delay_s=-0.3))
    assert session.verdict.decision is not Outcome.PASS
    assert {c.outcome for c in session.verdict.challenges} <= {"early", "timeout", "done"}


def test_a_late_answer_is_not_performed():
    session = connected(spec())
    play(session, Actor(delay_s=5.2))
    assert session.verdict.decision is Outcome.INCONCLUSIVE


def test_a_second_face_is_inconclusive():
    def alter(observation, state):
        return replace(observation, faces=2) if state == State.CHALLENGING else observation

    session = connected(spec())
    play(session, Actor(alter=alter))
    assert session.verdict.reasons == ("single_face:several_faces",)
    assert session.verdict.decision is Outcome.INCONCLUSIVE


def test_a_cut_fails():
    def alter(observation, state):
        if state != State.CHALLENGING:
            return observation
        x = 0.2 * (observation.t % 2 > 1)
        points = tuple((px + 640 * x, py, pz) for px, py, pz in observation.face.points)
        return moved(observation, points=points)

    session = connected(spec())
    play(session, Actor(alter=alter))
    assert "face_continuity:cut" in session.verdict.reasons
    assert session.verdict.decision is Outcome.FAIL


def test_a_vanished_face_never_passes():
    def alter(observation, state):
        hidden = state == State.CHALLENGING and 4 < observation.t < 5
        return observe(observation.t, None) if hidden else observation

    session = connected(spec())
    play(session, Actor(alter=alter))
    assert session.verdict.decision is Outcome.INCONCLUSIVE
    assert "face_continuity:face_lost" in session.verdict.reasons


def test_nobody_there_ends_with_that_reason():
    session = connected(spec())
    for i in range(40 * 30):
        if session.ended:
            break
        now = ServerTime(1000.5 + i / 30)
        session.receive_tick(now)
        if not session.ended:
            session.receive_observation(observe(i / 30, None), now)
    assert session.verdict.reasons[0] == "positioning:no_face"
    assert session.verdict.decision is Outcome.INCONCLUSIVE


def test_a_starved_server_blames_itself():
    session, actor = connected(spec(reference=BOB)), Actor()
    for i in range(3000):
        t = i / 30
        now = ServerTime(1000.5 + t)
        session.receive_observation(actor.show(t, session.state), now)
        if session.ended:
            break
        if i % 30 == 29:
            session.receive_stats(StreamStats(now, 30, 1e6, 0, dropped=2 * i), now)
        for message in session.messages_to_send():
            actor.hear(message, t)
    assert session.verdict.reasons == ("session:server_overload",)
    assert session.verdict.decision is Outcome.INCONCLUSIVE


def cut_at(moment):
    """A face that jumps aside at this second."""

    def alter(observation, state):
        return observation if observation.t < moment else aside(observation)

    return alter


def aside(observation):
    return moved(observation, points=tuple((px + 128, py, pz) for px, py, pz in observation.face.points))


def falling_behind(session, actor, *, until_s=119.0):
    """Play while the server drops nothing for 6 s, and then 150 frames a second: more than half of all after 8 s."""
    for i, t in enumerate(frame_times(until_s)):
        now = ServerTime(1000.5 + t)
        session.receive_observation(actor.show(t, session.state), now)
        if session.ended:
            break
        if i % 30 == 29:
            session.receive_stats(StreamStats(now, 30, 1e6, 0, dropped=max(0, 5 * (i - 180))), now)
        for message in session.messages_to_send():
            actor.hear(message, t)


@pytest.mark.parametrize(
    ("moment", "decision", "denied"),
    [
        (4.0, Outcome.FAIL, ("face_continuity:cut",)),
        (6.5, Outcome.FAIL, ("face_continuity:cut",)),
        (8.5, Outcome.INCONCLUSIVE, ()),
        (1e9, Outcome.INCONCLUSIVE, ()),
    ],
    ids=["before", "while it dropped some", "after", "never"],
)
def test_falling_behind_undoes_no_denial_from_before_and_adds_none(moment, decision, denied):
    session = connected(spec())
    falling_behind(session, Actor(alter=cut_at(moment), delay_s=2.5))
    assert session.state is State.DECIDED
    assert session.verdict.reasons == ("session:server_overload", *denied)
    assert session.verdict.decision is decision


@pytest.mark.parametrize(("moment", "decision"), [(4.0, Outcome.FAIL), (8.5, Outcome.INCONCLUSIVE)])
def test_nor_does_it_when_the_person_leaves_meanwhile(moment, decision):
    session = connected(spec())
    falling_behind(session, Actor(alter=cut_at(moment), delay_s=2.5), until_s=9.0)
    session.receive_gone(ServerTime(1010.0))
    assert (session.state, session.verdict.decision) == (State.ABORTED, decision)


@pytest.mark.parametrize(("moment", "decision"), [(2.0, Outcome.FAIL), (1e9, Outcome.INCONCLUSIVE)])
def test_nor_does_a_server_that_stands_still(moment, decision):
    """It analyses nothing any more; what it had analysed by then it had seen in full."""
    session = connected(spec())
    falling_behind(session, Actor(alter=cut_at(moment)), until_s=5.0)
    session.receive_overload(ServerTime(1010.0))
    assert (session.state, session.verdict.decision) == (State.ABORTED, decision)


@pytest.mark.parametrize("end", [Session.receive_fault, Session.receive_deleted])
def test_a_fault_of_ours_and_a_deletion_deny_nobody(end):
    session = connected(spec())
    falling_behind(session, Actor(alter=cut_at(2.0)), until_s=5.0)
    end(session, ServerTime(1010.0))
    assert session.verdict.decision is Outcome.INCONCLUSIVE


class Broken(Check):
    """A check with a defect: it watches, and breaks when it is asked."""

    name = "broken"

    def update(self, observation, phase, step):
        """Take everything."""

    def result(self):
        raise ZeroDivisionError


@pytest.fixture
def broken(monkeypatch):
    monkeypatch.setitem(REGISTRY, Broken.name, Broken)


def assert_fault(session):
    assert session.ended
    assert session.verdict.decision is Outcome.INCONCLUSIVE
    assert (session.verdict.reasons, session.verdict.checks) == (("session:fault",), ())
    assert session.close_code is CloseCode.INTERNAL
    assert session.next_deadline() is None


def test_a_check_that_breaks_leaves_a_verdict_without_evidence(broken):
    session = connected(spec(), keep=True)
    play(session, Actor())
    assert_fault(session)
    assert (session.state, session.broken_by) == (State.ABORTED, "ZeroDivisionError")
    assert replay([*session.transcript, closing_line(session.verdict)]).same


@pytest.mark.parametrize(
    "end", [Session.receive_gone, Session.receive_fault, Session.receive_tick], ids=lambda ended: ended.__name__
)
@pytest.mark.parametrize("now", [1003.0, 9999.0], ids=["in time", "expired"])
def test_whatever_ends_it_there_is_a_verdict(broken, end, now):
    session = connected(spec())
    falling_behind(session, Actor(), until_s=2.0)
    end(session, ServerTime(now))
    if session.ended:
        assert_fault(session)
    else:
        assert session.verdict is None


def test_a_check_that_breaks_before_the_end_leaves_the_session_to_be_ended(broken):
    """Here while confirmations are waited for: the error goes to the shell, which reports a fault."""
    policy = replace(shipped_policies()["demo"], timing=replace(shipped_policies()["demo"].timing, wait_s=3.0))
    session = connected(spec(policy=policy))
    with pytest.raises(ZeroDivisionError):
        play(session, Actor())
    assert not session.ended
    session.receive_fault(ServerTime(1060.0))
    assert_fault(session)


def test_a_slow_capture_clock_buys_no_time():
    """The sender's clock runs at a tenth of the server's: the deadline on the server's clock ends the challenge."""
    session, actor = connected(spec(life_s=10_000)), Actor(answer=lambda kind: None)
    now = 1000.5
    for i in range(3000):
        now += 1 / 3
        session.receive_tick(ServerTime(now))
        if session.ended:
            break
        session.receive_observation(actor.show(i / 30, session.state), ServerTime(now))
    assert session.verdict.decision is Outcome.INCONCLUSIVE
    assert now - 1000.5 < 60


def test_a_deadline_needs_no_tick():
    """Observations alone, arriving ever later on the server's clock, run into the deadline all the same."""
    session, actor = connected(spec(life_s=10_000)), Actor(answer=lambda kind: None)
    now = 1000.5
    for i in range(3000):
        now += 1 / 3
        session.receive_observation(actor.show(i / 30, session.state), ServerTime(now))
        if session.ended:
            break
    assert session.verdict.decision is Outcome.INCONCLUSIVE
    assert now - 1000.5 < 60


def leave_while_captured(session, actor, frames):
    """Play until so many frames were captured, and hang up."""
    captured = 0
    for i in range(3000):
        t = i / 30
        session.receive_observation(actor.show(t, session.state), ServerTime(1000.5 + t))
        for message in session.messages_to_send():
            actor.hear(message, t)
        captured += session.state is State.CAPTURING
        if captured == frames:
            break
    session.receive_gone(ServerTime(1100.0))
    assert session.state is State.ABORTED


def test_leaving_does_not_undo_a_failure():
    session = connected(spec())
    actor = Actor(person_at=lambda t, state: BOB if state == State.CHALLENGING else ALICE)
    leave_while_captured(session, actor, frames=25)  # two embeddings of somebody else than the challenges showed
    assert session.verdict.reasons == ("session:client_gone", "identity_continuity:identity_changed")
    assert session.verdict.decision is Outcome.FAIL


@pytest.mark.parametrize("deny", [True, False])
def test_leaving_fails_only_by_what_may_deny(deny):
    """A face as still as a photograph: FAIL by `micro_movement`, of which the policy says what it is worth."""
    group, denying = frozenset({"micro_movement", "pulse"}), frozenset({"micro_movement"} if deny else ())
    policy = replace(shipped_policies()["demo"], confirm_one_of=(group,), may_deny=denying)
    session = connected(spec(policy=policy))
    leave_while_captured(session, Actor(), frames=20)
    said = {result.check: result.outcome for result in session.verdict.checks}
    assert said["micro_movement"] is Outcome.FAIL
    assert session.verdict.decision is (Outcome.FAIL if deny else Outcome.INCONCLUSIVE)
    assert session.verdict.reasons == ("session:client_gone", *(["micro_movement:still"] if deny else []))


def test_policies_all_require_the_spine():
    for policy in shipped_policies().values():
        assert {"active", "face_continuity", "identity_continuity", "single_face"} <= policy.must_confirm
