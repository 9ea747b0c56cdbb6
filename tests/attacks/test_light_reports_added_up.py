"""Attack: light reported late, again and again, each time by a little (a patched client beside an injected stream).

Known case: a report may be half a second off, and a report that is held against the one before it, not against what was
asked, moves by half a second more. Eight of them give an injector four seconds to compute the light in.
"""

from __future__ import annotations

from dataclasses import replace

from acting import OFFSET, Actor, frame_times, spec
from liveness_server import wire
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.session import Session
from liveness_server.engine.states import State
from liveness_server.types import Outcome, ServerTime, SkinRegions
from reflecting import Scene

DEMO = shipped_policies()["demo"]
POLICY = replace(DEMO, confirm_one_of=(frozenset({"light_response"}),))
REPORT_S = 0.49
"""Seconds that each report is off."""


class Injector:
    """Paints the light `late_s` after it was asked for, and reports it `reports` times as nearly half a second late."""

    def __init__(self, late_s: float, reports: int) -> None:
        self.late_s = late_s
        self.reports = reports
        self.asked_at: float | None = None
        self.left_at: float | None = None
        self.steps: list[wire.LightStep] = []
        self.painted: dict[int, SkinRegions] = {}

    def play(self, session: Session) -> None:
        actor = Actor(alter=self.paint)
        for t in frame_times():
            session.receive_observation(actor.show(t, session.state), ServerTime(OFFSET + t))
            for message in session.messages_to_send():
                actor.hear(message, t)
                if isinstance(message, wire.Light):
                    self.compute(message, t)
            if session.ended:
                return
            self.report(session, t)

    def compute(self, message: wire.Light, t: float) -> None:
        self.asked_at, self.steps = t, message.steps
        for at, skin, behind in zip(*Scene().traces(message.steps, 20.0), strict=True):
            number = round((at + t + self.late_s) * 30)
            self.painted[number] = SkinRegions(*[tuple(skin.tolist())] * 3, tuple(behind.tolist()))

    def report(self, session: Session, t: float) -> None:
        if self.asked_at is None or session.state is not State.CAPTURING:
            return
        begun = [sum((s.duration_s for s in self.steps[:i]), REPORT_S) for i in range(len(self.steps))]
        for _ in range(self.reports):
            session.receive_light_shown(wire.LightShown(1, begun), ServerTime(OFFSET + t))
        self.reports = 0

    def paint(self, shown, state):
        colours = self.painted.get(round(shown.t * 30))
        return replace(shown, face=replace(shown.face, skin=colours)) if colours else shown


def judged(late_s: float, reports: int) -> tuple[Outcome, str]:
    session = Session(spec(policy=POLICY))
    session.receive_hello(ServerTime(1000.1), ["light"])
    session.receive_offer(ServerTime(1000.2))
    injector = Injector(late_s, reports)
    injector.play(session)
    assert injector.asked_at is not None
    result = next(r for r in session.verdict.checks if r.check == "light_response")
    return result.outcome, result.reason


def test_light_that_comes_in_time_is_answered():
    assert judged(0.3, 1) == (Outcome.PASS, "ok")


def test_reports_do_not_add_up():
    assert judged(4.0, 8)[0] is not Outcome.PASS
