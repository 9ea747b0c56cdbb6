"""Colours within a session: asked for only where they help, over before the calm time, replayed bit for bit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from acting import OFFSET, Actor, connected, frame_times, spec
from liveness_server import wire
from liveness_server.engine.light import SETTLE_S
from liveness_server.engine.policy import Policy
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.replay import closing_line, replay
from liveness_server.engine.session import Session
from liveness_server.engine.states import State
from liveness_server.types import FaceObservation, Outcome, ServerTime, SkinRegions
from reflecting import Scene

DEMO = shipped_policies()["demo"]
DARK = Scene(skin=0.0, behind=0.0)
"""A screen whose light arrives nowhere."""


def policy(**kept) -> Policy:
    wanted = {"confirm_one_of": (frozenset({"light_response"}),), **kept}
    return replace(DEMO, **wanted, timing=replace(DEMO.timing, wait_s=3.0))


def announced(session_policy: Policy, *features: str) -> Session:
    session = Session(spec(policy=session_policy), keep_transcript=True)
    session.receive_hello(ServerTime(1000.1), features)
    session.receive_offer(ServerTime(1000.2))
    session.messages_to_send()
    return session


@dataclass
class Lit:
    """A person before a screen that shows what it is told to."""

    scene: Scene = field(default_factory=Scene)
    shows: tuple[wire.LightStep, ...] | None = None
    """What it shows instead of what it was told, if anything."""
    report: bool = True
    _asked: float | None = None
    _colours: dict[int, SkinRegions] = field(default_factory=dict)
    lights: list[wire.Light] = field(default_factory=list)
    states: list[tuple[float, State]] = field(default_factory=list)

    def play(self, session: Session) -> None:
        actor = Actor(alter=self.alter)
        for t in frame_times():
            session.receive_observation(actor.show(t, session.state), ServerTime(OFFSET + t))
            self.states.append((t, session.state))
            for message in session.messages_to_send():
                actor.hear(message, t)
                if isinstance(message, wire.Light):
                    self.asked(message, t)
            if session.ended:
                return
            self.answer(session, t)

    def asked(self, message: wire.Light, t: float) -> None:
        self.lights.append(message)
        self._asked = t
        rows = self.scene.traces(self.shows or message.steps, 15.0)
        for at, skin, behind in zip(*rows, strict=True):
            self._colours[round((at + t) * 30)] = SkinRegions(*[tuple(skin.tolist())] * 3, tuple(behind.tolist()))

    def answer(self, session: Session, t: float) -> None:
        if self._asked is not None and self.report and t > self._asked + 1.0:
            self.report = False
            session.receive_light_shown(wire.LightShown(1, self.times()), ServerTime(OFFSET + t))

    def times(self) -> list[float]:
        steps = self.lights[0].steps
        return [round(sum((s.duration_s for s in steps[:i]), 0.0), 3) for i in range(len(steps))]

    def alter(self, shown: FaceObservation, state: str) -> FaceObservation:
        colours = self._colours.get(round(shown.t * 30))
        return replace(shown, face=replace(shown.face, skin=colours)) if colours else shown


def outcome_of(session: Session) -> tuple[Outcome, str]:
    said = next(r for r in session.verdict.checks if r.check == "light_response")
    return said.outcome, said.reason


@pytest.mark.parametrize("report", [True, False], ids=["times reported", "not reported"])
def test_a_face_in_the_light_of_its_screen_passes_by_it(report):
    session, person = announced(policy(), "light"), Lit(report=report)
    person.play(session)
    assert outcome_of(session) == (Outcome.PASS, "ok")
    assert session.verdict.decision is Outcome.PASS, session.verdict.reasons


def test_a_recording_of_another_session_is_inconclusive():
    other = announced(policy(), "light")
    first = Lit()
    first.play(other)
    session = Session(spec(policy=policy(), seed=2))
    session.receive_hello(ServerTime(1000.1), ["light"])
    session.receive_offer(ServerTime(1000.2))
    Lit(shows=tuple(first.lights[0].steps)).play(session)
    assert outcome_of(session) == (Outcome.INCONCLUSIVE, "weak_response")
    assert session.verdict.decision is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("asked", "features"),
    [
        (DEMO, ["light"]),
        (policy(), []),
        (policy(), ["LIGHT", "smell"]),
        (policy(confirm_one_of=(frozenset({"pulse", "light_response"}),)), ["light"]),
    ],
    ids=["policy without", "client without", "client with others", "confirmed already"],
)
def test_no_colours_unless_they_help(asked, features):
    session, person = announced(asked, *features), Lit()
    person.play(session)
    assert not person.lights
    assert outcome_of(session) == (Outcome.INCONCLUSIVE, "not_run")


def test_where_light_may_only_deny_it_is_asked_for_and_need_not_answer():
    session, person = announced(policy(confirm_one_of=(), may_deny=frozenset({"light_response"})), "light"), Lit(DARK)
    person.play(session)
    assert person.lights
    assert outcome_of(session) == (Outcome.INCONCLUSIVE, "weak_response")
    assert session.verdict.decision is Outcome.PASS


def test_a_face_that_does_not_answer_the_light_around_it_is_denied():
    session = announced(policy(confirm_one_of=(), may_deny=frozenset({"light_response"})), "light")
    Lit(Scene(skin=0.0, behind=0.15)).play(session)
    assert session.verdict.decision is Outcome.FAIL
    assert session.verdict.reasons == ("light_response:no_response",)


@pytest.mark.parametrize(
    ("features", "scene", "reason"),
    [((), Scene(), "light_response:not_run"), (("light",), DARK, "light_response:weak_response")],
    ids=["client without", "no answer"],
)
def test_nothing_is_waited_for_where_light_must_confirm_and_did_not(features, scene, reason):
    """The pulse that is missing too would change nothing any more."""
    asked = replace(policy(), must_confirm=DEMO.must_confirm | {"light_response", "pulse"}, confirm_one_of=())
    session, person = announced(replace(asked, timing=replace(asked.timing, wait_s=30.0)), *features), Lit(scene)
    person.play(session)
    assert session.verdict.decision is Outcome.INCONCLUSIVE
    assert reason in session.verdict.reasons
    capture = [t for t, state in person.states if state is State.CAPTURING]
    light_s = sum(step.duration_s for step in person.lights[0].steps) + SETTLE_S if person.lights else 0.0
    assert capture[-1] - capture[0] == pytest.approx(light_s + asked.timing.capture_s, abs=0.2)


def test_the_calm_time_comes_after_the_colours():
    session, person = announced(policy(), "light"), Lit()
    person.play(session)
    capture = [t for t, state in person.states if state is State.CAPTURING]
    shown = sum(step.duration_s for step in person.lights[0].steps)
    assert capture[-1] - capture[0] >= shown + DEMO.timing.capture_s


def test_a_person_may_skip_them():
    session, person = announced(policy(), "light"), Lit()
    person.times = lambda: []
    person.play(session)
    capture = [t for t, state in person.states if state is State.CAPTURING]
    assert outcome_of(session) == (Outcome.INCONCLUSIVE, "not_run")
    assert capture[-1] - capture[0] < 7.0


def test_a_report_on_another_light_is_ignored():
    session, person = announced(policy(), "light"), Lit(report=False)
    skipped = wire.LightShown(7, [])
    person.answer = lambda s, t: s.state is State.CAPTURING and s.receive_light_shown(skipped, ServerTime(OFFSET + t))
    person.play(session)
    assert outcome_of(session) == (Outcome.PASS, "ok")


def test_every_session_has_other_colours():
    drawn = set()
    for seed in range(3):
        session = Session(spec(policy=policy(), seed=seed + 10))
        session.receive_hello(ServerTime(1000.1), ["light"])
        session.receive_offer(ServerTime(1000.2))
        person = Lit()
        person.play(session)
        drawn.add(tuple(step.colour for step in person.lights[0].steps))
    assert len(drawn) == 3


def test_it_replays_bit_for_bit():
    session = announced(policy(), "light")
    Lit().play(session)
    again = replay([*session.transcript, closing_line(session.verdict)])
    assert again.same


def test_a_hello_without_features_is_written_as_before():
    assert '"payload":null' not in connected(spec(policy=DEMO), keep=True).transcript[1]
    assert "light" not in connected(spec(policy=DEMO), keep=True).transcript[1]
