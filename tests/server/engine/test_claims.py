"""What a client says of its own sender becomes flags, and changes no outcome of any check."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import OFFSET, Actor, frame_times, spec
from liveness_server.engine.claims import CHECK_NAME, FEATURE, ClientClaims
from liveness_server.engine.replay import closing_line, replay
from liveness_server.engine.session import Session
from liveness_server.types import CheckResult, ServerTime, StreamStats, Verdict
from liveness_server.wire import ClientStats

HONEST = ClientStats(fps=30.0, width=640, height=480, bitrate_kbps=1500.0, quality_limit="none")


def played(report: ClientStats | None, *, features: tuple[str, ...] = (FEATURE,), every_s: float = 1.0) -> Session:
    """A session led to its end, with a report every so often."""
    session = Session(spec(), keep_transcript=True)
    session.receive_hello(ServerTime(1000.1), features)
    session.receive_offer(ServerTime(1000.2))
    actor, due, sampled = Actor(), 0.0, 0.0
    for t in frame_times():
        now = ServerTime(OFFSET + t)
        session.receive_observation(actor.show(t, session.state), now)
        for message in session.messages_to_send():
            actor.hear(message, t)
        if session.ended:
            break
        if t >= sampled:
            sampled += 1.0
            session.receive_stats(StreamStats(now, 30.0, 1.5e6, 0, 0), now)
        if report is not None and t >= due:
            due += every_s
            session.receive_client_stats(report, now)
    return session


def flags_of(verdict: Verdict) -> tuple[str, ...]:
    return next(check.flags for check in verdict.checks if check.check == CHECK_NAME)


def bare(verdict: Verdict) -> tuple[CheckResult, ...]:
    return tuple(replace(check, flags=()) for check in verdict.checks)


SILENT = played(None)

CLAIMS = {
    "an honest sender": (HONEST, set()),
    "a rate it does not send": (ClientStats(60.0, 640, 480, 1500.0), {"client_rate_differs"}),
    "a size it does not send": (ClientStats(30.0, 1920, 1080, 1500.0), {"client_size_differs"}),
    "the sides exchanged": (ClientStats(30.0, 480, 640, 1500.0), set()),
    "short of processor time": (ClientStats(30.0, 640, 480, 1500.0, quality_limit="cpu"), {"client_cpu_limited"}),
    "a slow line": (ClientStats(30.0, 640, 480, 90.0, quality_limit="bandwidth"), {"client_bandwidth_limited"}),
    "nothing sent yet": (ClientStats(0.0, 0, 0, 0.0), set()),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_becomes_flags_and_decides_nothing(name):
    report, expected = CLAIMS[name]
    verdict = played(report).verdict
    assert set(flags_of(verdict)) - set(flags_of(SILENT.verdict)) == expected
    assert (verdict.decision, verdict.reasons) == (SILENT.verdict.decision, SILENT.verdict.reasons)
    assert bare(verdict) == bare(SILENT.verdict)


def test_a_session_with_claims_is_replayed_bit_for_bit():
    session = played(CLAIMS["short of processor time"][0])
    outcome = replay([*session.transcript, closing_line(session.verdict)])
    assert outcome.same
    assert "client_cpu_limited" in flags_of(outcome.session.verdict)


def test_what_comes_faster_than_once_a_second_is_counted_and_not_taken():
    session = played(CLAIMS["a slow line"][0], every_s=0.05)
    claims, streamed_s = session.claims, session.verdict.challenges[-1].issued_t
    assert claims.taken <= streamed_s + 5
    assert claims.ignored > 10 * claims.taken
    assert claims.counted() == {
        "taken": claims.taken,
        "ignored": claims.ignored,
        "flags": ["client_bandwidth_limited"],
    }


def test_a_report_that_is_a_little_late_costs_the_next_one_nothing():
    claims = ClientClaims(announced=True)
    for now in (10.0, 11.3, 12.0, 13.2, 13.9, 15.0):
        claims.receive(HONEST, ServerTime(now))
    assert (claims.taken, claims.ignored) == (6, 0)


def test_what_was_not_announced_is_not_taken():
    session = played(CLAIMS["short of processor time"][0], features=("light",))
    assert session.claims.taken == 0
    assert session.claims.ignored > 3
    assert flags_of(session.verdict) == flags_of(SILENT.verdict)


def test_a_client_that_says_nothing_is_not_counted():
    assert SILENT.claims.counted() == {}
