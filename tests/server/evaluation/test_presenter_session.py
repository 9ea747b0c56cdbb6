"""The presenter before the real engine and the real vision, without a network: what each behaviour is worth."""

from __future__ import annotations

import pytest

from acting import connected, spec
from liveness_server import wire
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.session import Session
from liveness_server.evaluation.presenter import Answer, Behaviour, Presenter
from liveness_server.types import CaptureTime, Outcome, ServerTime, Verdict
from liveness_server.vision.measure import FaceMeter, VisionModels

FPS = 30
DELAY_S = 0.15
"""Seconds from a message being sent to the presenter hearing it."""
OFFSET = 1000.5
"""Server time minus capture time."""


def attend(session: Session, presenter: Presenter, models: VisionModels) -> Verdict:
    """Run a session with the presenter in front of the camera, and return how it ends."""
    meter = FaceMeter(models)
    to_hear: list[tuple[float, wire.AnyServerMessage]] = []
    for number in range(60 * FPS):
        t = number / FPS
        while to_hear and to_hear[0][0] <= t:
            _hear(presenter, to_hear.pop(0)[1], t)
        session.receive_observation(meter.observe(presenter.frame(t), CaptureTime(t)), ServerTime(OFFSET + t))
        to_hear += [(t + DELAY_S, message) for message in session.messages_to_send()]
        if session.ended:
            break
    meter.close()
    assert session.verdict is not None
    return session.verdict


def _hear(presenter: Presenter, message: wire.AnyServerMessage, t: float) -> None:
    if isinstance(message, wire.Challenge):
        presenter.prompt(message.kind, t)
    elif isinstance(message, wire.Progress):
        presenter.done(t)


@pytest.mark.parametrize(
    ("behaviour", "decision", "reason"),
    [
        (Behaviour(), Outcome.PASS, None),
        (Behaviour(Answer.WRONG), Outcome.FAIL, "active:wrong_movement"),
        (Behaviour(Answer.STILL), Outcome.INCONCLUSIVE, "active:not_performed"),
        (Behaviour(swap_step=2), Outcome.FAIL, "identity_continuity:identity_changed"),
    ],
    ids=["obeys", "wrong", "still", "swap"],
)
def test_behaviour_gets_what_it_deserves(
    behaviour: Behaviour, decision: Outcome, reason: str | None, models: VisionModels
) -> None:
    session = connected(spec(policy=shipped_policies()["demo"], reference=None, seed=3))
    verdict = attend(session, Presenter("hopper", seed=3, behaviour=behaviour), models)
    assert verdict.decision is decision
    assert reason in verdict.reasons if reason else not verdict.reasons
