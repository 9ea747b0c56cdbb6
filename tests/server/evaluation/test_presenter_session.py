"""The presenter before the real engine and the real vision, without a network: what each behaviour is worth."""

from __future__ import annotations

import pytest

from acting import spec
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.presenter import Answer, Behaviour, Presenter
from liveness_server.evaluation.simulate import simulate
from liveness_server.types import Outcome
from liveness_server.vision.measure import VisionModels


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
    terms = spec(policy=shipped_policies()["demo"], reference=None, seed=3)
    verdict = simulate(Presenter("hopper", seed=3, behaviour=behaviour), models, terms, fps=20.0).verdict
    assert verdict is not None
    assert verdict.decision is decision
    assert reason in verdict.reasons if reason else not verdict.reasons
