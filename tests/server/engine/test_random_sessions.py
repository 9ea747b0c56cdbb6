"""Hypothesis drives sessions with anything at all: no exception, no sink, no pass without every required confirm."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acting import ALICE, BOB, MOVES, Actor, Look, connected, face, identity, observe, spec
from liveness_server.engine.fusion import Terms, cut_short, decide, hint_for, reasons_of
from liveness_server.engine.session import Session
from liveness_server.engine.states import ACCEPTS, Input
from liveness_server.errors import LocalProtocolError
from liveness_server.types import RANK, CheckResult, Outcome, Profile, ServerTime, StreamStats
from liveness_server.wire import ClientStats, CloseCode, LightShown

looks = st.builds(
    Look,
    yaw=st.floats(-60, 60),
    pitch=st.floats(-60, 60),
    lid=st.floats(0, 0.9),
    gap=st.floats(0, 1),
    smile=st.floats(0, 1),
    scale=st.floats(0.2, 3),
)
faces = st.none() | st.builds(
    lambda look, person, x: face(look, embedding=None if person is None else identity(person), x=x),
    looks,
    st.sampled_from([None, ALICE, BOB]),
    st.floats(-0.2, 0.8),
)
bursts = st.tuples(st.just("burst"), faces, st.integers(1, 40), st.floats(0.001, 0.3))
others = st.tuples(st.sampled_from([i for i in Input if i is not Input.OBSERVATION]), st.floats(0, 8))
obey = st.tuples(st.just("obey"), st.sampled_from([*MOVES, "asked"]), st.floats(-0.5, 6), st.integers(10, 200))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(bursts, others, obey), max_size=25), st.integers(0, 2**32), st.sampled_from(Profile))
def test_any_sequence_of_events(events, seed, profile):
    session = Session(spec(seed=seed, profile=profile), keep_transcript=False)
    world = _World(session)
    for event in [(Input.HELLO, 0.1), (Input.OFFER, 0.1), *events]:
        world.play(event)
        assert (session.verdict is not None) == session.ended
    world.wait_for_the_end()
    _no_unearned_pass(session)


class _World:
    def __init__(self, session):
        self.session, self.t, self.now = session, 0.0, 1000.0
        self.actor = Actor()

    def play(self, event):
        if event[0] == "burst":
            self._frames(event[2], event[3], lambda: observe(self.t, event[1]))
        elif event[0] == "obey":
            _, kind, delay, frames = event
            self.actor.answer = lambda asked: asked if kind == "asked" else kind
            self.actor.delay_s = delay
            self._frames(frames, 1 / 30, lambda: self.actor.show(self.t, self.session.state))
        else:
            self.now += event[1]
            self._give(event[0])

    def _frames(self, count, step, make):
        for _ in range(count):
            self.t += step
            self.now += step
            self._take(Input.OBSERVATION, lambda: self.session.receive_observation(make(), ServerTime(self.now)))

    def _give(self, given):
        now = ServerTime(self.now)
        special = {
            Input.STATS: lambda: self.session.receive_stats(StreamStats(now, 20, 5e5, 3, 10), now),
            Input.VIOLATION: lambda: self.session.receive_violation(CloseCode.SDP_INVALID, now),
            Input.CLIENT_STATS: lambda: self.session.receive_client_stats(ClientStats(5, 320, 240, 90), now),
            Input.LIGHT_SHOWN: lambda: self.session.receive_light_shown(LightShown(1, [0.1]), now),
        }
        self._take(given, special.get(given) or (lambda: getattr(self.session, f"receive_{given}")(now)))

    def _take(self, given, call):
        allowed = given in ACCEPTS[self.session.state]
        try:
            call()
            assert allowed
        except LocalProtocolError:
            assert not allowed
        for message in self.session.messages_to_send():
            self.actor.hear(message, self.t)

    def wait_for_the_end(self):
        for _ in range(60):
            if self.session.ended:
                return
            self.now = max(self.now, self.session.next_deadline())
            self._give(Input.TICK)
        raise AssertionError(f"{self.session.state} is a sink")


def _no_unearned_pass(session):
    verdict = session.verdict
    assert verdict.reasons if verdict.decision is not Outcome.PASS else not verdict.reasons
    if verdict.decision is Outcome.PASS:
        passed = {c.check for c in verdict.checks if c.outcome is Outcome.PASS}
        assert not session.policy.terms(with_reference=True).required - passed
    else:
        assert verdict.amr == ()
        assert hint_for(verdict)


names = ["active", "match", "single_face", "pulse"]
results = st.lists(
    st.builds(CheckResult, st.sampled_from(names), st.sampled_from(Outcome), st.just("x")), unique_by=lambda r: r.check
)


some = st.frozensets(st.sampled_from(names))
terms_of = st.builds(Terms, some, st.lists(st.frozensets(st.sampled_from(names), min_size=1)).map(tuple), some)


@given(results, terms_of, st.data())
def test_a_worse_result_never_improves_the_decision(checks, terms, data):
    before = decide(checks, terms)
    if not checks:
        return
    index = data.draw(st.integers(0, len(checks) - 1))
    worse = data.draw(st.sampled_from([o for o in Outcome if RANK[o] <= RANK[checks[index].outcome]]))
    changed = [*checks[:index], CheckResult(checks[index].check, worse, "y"), *checks[index + 1 :]]
    assert RANK[decide(changed, terms)] <= RANK[before]


@given(results, terms_of)
def test_a_pass_needs_every_required_check_one_of_each_group_and_no_denial(checks, terms):
    passed = {r.check for r in checks if r.outcome is Outcome.PASS}
    denied = any(r.outcome is Outcome.FAIL and r.check in terms.may_deny for r in checks)
    complete = terms.required <= passed and all(group & passed for group in terms.one_of)
    assert (decide(checks, terms) is Outcome.PASS) == (complete and not denied)
    assert bool(terms.missing(checks)) == (not complete)


@given(results, terms_of)
def test_whatever_is_no_pass_has_a_reason_where_a_check_spoke(checks, terms):
    spoken = {r.check for r in checks}
    if decide(checks, terms) is not Outcome.PASS and terms.missing([]) <= spoken:
        assert reasons_of(checks, terms)


@given(results, terms_of)
def test_leaving_early_fails_exactly_when_the_evidence_fails(checks, terms):
    decision, reasons = cut_short(checks, terms)
    assert (decision is Outcome.FAIL) == (decide(checks, terms) is Outcome.FAIL)
    assert decision is not Outcome.PASS
    counting = {f"{r.check}:{r.reason}" for r in checks if r.outcome is Outcome.FAIL and r.check in terms.denying}
    assert set(reasons) == counting
    assert counting <= set(reasons_of(checks, terms))


def test_an_obedient_hypothesis_person_can_pass():
    """The driver above is able to reach a pass, so its assertions about passes are not empty."""
    session = Session(spec(seed=3))
    world = _World(session)
    for event in [(Input.HELLO, 0.1), (Input.OFFER, 0.1), *[("obey", "asked", 0.4, 200)] * 5]:
        world.play(event)
    assert session.verdict.decision is Outcome.PASS
    _no_unearned_pass(session)


def test_connected_helper_awaits_media():
    assert connected(spec()).state == "awaiting_media"
