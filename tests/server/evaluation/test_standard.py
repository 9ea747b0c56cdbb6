"""Attacks that obey every prompt, under `standard` in virtual time: the pulse they lack keeps them from passing.

What obeys nothing, or shows a border, is played live instead (tests/e2e/test_species.py).
"""

from __future__ import annotations

import pytest

from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.attacks import SPECIES, PortraitSource
from liveness_server.evaluation.simulate import attempt, simulate
from liveness_server.types import Outcome

SIZE, FPS = (480, 360), 15.0
"""Small and slow, and enough for challenges, depth and a pulse."""
SECONDS = 20.0
"""Footage the attacker prepares; more than a session's prompts take."""


@pytest.mark.parametrize("name", ["puppet", "face_swap"])
def test_who_obeys_without_a_pulse_does_not_pass(name, models):
    source = PortraitSource("hopper", models.bundle, seconds=SECONDS, seed=1)
    performer = SPECIES[name].perform(source, 1, SIZE)
    verdict = simulate(performer, models, attempt(shipped_policies()["standard"], models, seed=1), fps=FPS).verdict
    assert verdict is not None
    assert {timing.outcome for timing in verdict.challenges} == {"done"}
    assert verdict.decision is Outcome.INCONCLUSIVE
    assert any(reason.startswith("pulse:") for reason in verdict.reasons)
