"""Sessions whose samples come at drawn times: as much evidence as on the grid, and replayed from what was kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from acting import ALICE, AT_HOME, BOB, Actor, connected, identity, play, spec
from liveness_server.app.backend import live_meter
from liveness_server.challenges.plan import Draw
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.replay import closing_line, replay
from liveness_server.engine.states import State
from liveness_server.types import CaptureTime, Outcome, ServerTime
from liveness_server.vision.measure import EMBED_INTERVAL_S
from liveness_server.vision.pad import INTERVAL_S
from liveness_server.vision.sampling import cadence

SOURCES = {
    "longest": lambda low, high: high,
    "shortest": lambda low, high: low,
    **{f"secret {number}": Draw(bytes([number]) * 32).uniform for number in range(3)},
}


def sampled(uniform, person_at=lambda t, state: ALICE) -> Actor:
    """An actor whose embeddings and textures come when they are due."""
    embeddings, textures = cadence(EMBED_INTERVAL_S, uniform), cadence(INTERVAL_S, uniform)

    def alter(seen, state):
        embedding = identity(person_at(seen.t, state)) if embeddings.due(seen.t) else None
        texture = AT_HOME if textures.due(seen.t) else None
        return replace(seen, face=replace(seen.face, embedding=embedding, texture=texture))

    return Actor(alter=alter)


def said(policy: str, actor: Actor) -> tuple[Outcome, dict[str, tuple[Outcome, str]]]:
    session = connected(spec(policy=shipped_policies()[policy]))
    play(session, actor)
    checks = {check.check: (check.outcome, check.reason) for check in session.verdict.checks}
    return session.verdict.decision, checks


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("policy", ["demo", "convenience", "standard"])
def test_no_check_has_less_to_say_than_on_the_grid(policy, source):
    grid, drawn = said(policy, sampled(None)), said(policy, sampled(SOURCES[source]))
    assert drawn == grid
    assert drawn[1]["match"] == drawn[1]["identity_continuity"] == (Outcome.PASS, "ok")


@pytest.mark.parametrize("source", SOURCES)
def test_a_swap_after_the_challenges_is_denied(source):
    swapped = sampled(SOURCES[source], lambda t, state: ALICE if state is State.CAPTURING else BOB)
    assert said("demo", swapped)[0] is Outcome.FAIL


def test_what_a_live_meter_measured_is_replayed_without_its_secret(models, grace):
    """The draws come from the operating system and are over when the transcript is written."""
    session = connected(spec(), keep=True)
    meter, now = live_meter(models), ServerTime(1000.3)
    for i in range(45):
        now = ServerTime(1000.3 + i / 15)
        session.receive_observation(meter.observe(np.roll(grace, i % 5, axis=1), CaptureTime(i / 15)), now)
    meter.close()
    session.receive_gone(now)
    assert replay([*session.transcript, closing_line(session.verdict)]).same
