"""Attack: packet loss that is none, feigned all session long (injection), so that no second of a loop is judged.

Known case: a sender skips sequence numbers, or holds packets back that carry nothing, and every frame still arrives.
What cannot be judged must not be passed either, by any policy that a server offers in production.
"""

from __future__ import annotations

import pytest

from acting import Actor, connected, frame_times, spec
from lifelike import living, stream
from liveness_server.checks import REGISTRY
from liveness_server.checks.base import CheckContext
from liveness_server.engine.fusion import decide, hint_for
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.types import CheckResult, Outcome, Phase, ServerTime, StreamStats

POLICIES = shipped_policies()
PRODUCTION = [name for name, policy in POLICIES.items() if policy.production]
LOOP = list(stream(14, lambda t: t % 4.7))
FRAMES_GONE = [frame for frame in LOOP if frame.t % 1.3 > 0.45]
"""The same with ten gaps, each of them short enough for itself."""


def feigning(lost):
    """Statistics of each second: so many of 100 packets lost, every frame received; `lost(second)`."""
    total = 0
    for second in range(1, 200):
        total += lost(second)
        packets = 100 * second - total
        yield StreamStats(
            ServerTime(float(second)), 30.0, 1e6, total, 0, codec="VP8", declared_fps=30.0, packets=packets
        )


def results(frames, lost):
    """What every check says of these frames; those that say nothing of a stream alone confirm."""
    checks = {name: REGISTRY[name](CheckContext(None, "")) for name in ("stream_integrity", "face_continuity")}
    samples, second = feigning(lost), 0
    for frame in frames:
        for check in checks.values():
            check.update(frame, Phase.CHALLENGE, 1)
        if frame.t >= second + 1:
            second, sample = second + 1, next(samples)
            for check in checks.values():
                check.receive_stats(sample)
    others = {name: CheckResult(name, Outcome.PASS, "ok") for name in {*REGISTRY, "active"} - {*checks}}
    return {**others, **{name: check.result() for name, check in checks.items()}}


@pytest.mark.parametrize("policy", PRODUCTION)
@pytest.mark.parametrize("lost", [0, 15, 21, 40, 90])
def test_a_loop_never_passes_whatever_is_reported_lost(policy, lost):
    terms = POLICIES[policy].terms(with_reference=True)
    said = results(LOOP, lambda second: lost)
    assert said["stream_integrity"].outcome is (Outcome.FAIL if lost < 20 else Outcome.INCONCLUSIVE)
    assert decide(said.values(), terms) is not Outcome.PASS


@pytest.mark.parametrize("policy", PRODUCTION)
def test_nor_does_it_pass_with_some_seconds_reported_lost_and_frames_held_back_in_others(policy):
    said = results(FRAMES_GONE, lambda second: 40 * (second % 6 == 0))
    assert decide(said.values(), POLICIES[policy].terms(with_reference=True)) is not Outcome.PASS


@pytest.mark.parametrize("frames", [LOOP, FRAMES_GONE, list(stream(14))], ids=["loop", "loop with gaps", "life"])
@pytest.mark.parametrize("every", [1, 2, 4, 5, 6, 9])
def test_what_is_too_much_missing_to_judge_is_too_much_to_confirm(frames, every):
    said = results(frames, lambda second: 40 * (second % every == 0))
    if said["stream_integrity"].reason == "frames_missing":
        assert said["face_continuity"].reason == "frames_missing"


@pytest.mark.parametrize(
    ("lost", "decision"), [(0, Outcome.PASS), (15, Outcome.PASS), (40, Outcome.INCONCLUSIVE)], ids=str
)
def test_a_person_on_such_a_line_is_asked_for_a_better_one(lost, decision):
    session, actor, samples = connected(spec(policy=POLICIES["convenience"])), living(Actor()), feigning(lambda _: lost)
    for i, t in enumerate(frame_times()):
        now = ServerTime(1000.5 + t)
        session.receive_observation(actor.show(t, session.state), now)
        for message in session.messages_to_send():
            actor.hear(message, t)
        if session.ended:
            break
        if i % 30 == 29:
            session.receive_stats(next(samples), now)
    assert session.verdict.decision is decision, session.verdict.reasons
    if decision is Outcome.INCONCLUSIVE:
        assert session.verdict.reasons == ("face_continuity:frames_missing",)
        assert hint_for(session.verdict) == "connection"
