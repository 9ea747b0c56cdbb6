"""Sessions in virtual time: attacks of the lab before the real vision and the real engine, and what each is worth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.session import Session
from liveness_server.engine.states import State
from liveness_server.evaluation.attacks import SPECIES, PortraitSource
from liveness_server.evaluation.attacks.performer import Deaf
from liveness_server.evaluation.compression import Vp8
from liveness_server.evaluation.simulate import LATENCY_S, attempt, simulate
from liveness_server.types import Outcome, Reference
from liveness_server.vision.measure import VisionModels

SIZE, FPS = (480, 360), 15.0
"""Small and slow, and enough for challenges and identity."""
DEMO = shipped_policies()["demo"]


def played(
    name: str, models: VisionModels, *, seed: int, reference: Reference | None = None, limit_s: float = 60.0
) -> Session:
    source = PortraitSource("hopper", models.bundle, seconds=12.0, seed=seed)
    performer = SPECIES[name].perform(source, seed, SIZE)
    terms = attempt(DEMO, models, seed=seed, reference=reference)
    return simulate(performer, models, terms, fps=FPS, limit_s=limit_s)


def test_a_swap_passes_challenges_alone_and_is_taken_for_its_donor(models):
    source = PortraitSource("hopper", models.bundle, seconds=12.0)
    donor = SPECIES["face_swap"].claimed(source, 1, SIZE)
    face = models.find_faces(donor.rgb)[0]
    reference = Reference(models.embedder.embed(donor.rgb, face.points), models.embedding_digest)
    verdict = played("face_swap", models, seed=1, reference=reference).verdict
    assert {timing.outcome for timing in verdict.challenges} == {"done"}
    assert {check.check: check.outcome for check in verdict.checks}["match"] is Outcome.PASS
    assert verdict.decision is Outcome.PASS
    assert min(timing.onset_s for timing in verdict.challenges) > LATENCY_S + 0.3


def test_an_injector_who_paints_the_light_is_taken_for_lit(models):
    """What the threat model says of light: it shows that somebody answers now, not that a screen shines on skin."""
    asks = dataclasses.replace(DEMO, confirm_one_of=(frozenset({"light_response"}),))
    source = PortraitSource("hopper", models.bundle, seconds=12.0, seed=1)
    performer = SPECIES["puppet_tinted"].perform(source, 1, SIZE)
    verdict = simulate(performer, models, attempt(asks, models, seed=1), fps=FPS, light=True).verdict
    assert verdict.decision is Outcome.PASS
    assert {check.check: check.reason for check in verdict.checks}["light_response"] == "ok"


class Listener(Deaf):
    """A grey wall; remembers what it heard."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def frame(self, t):
        self.times.append(t)
        return np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)


def test_a_performer_without_a_face_leaves_in_the_end(models):
    wall = Listener()
    session = simulate(wall, models, attempt(DEMO, models, seed=1), fps=5.0, limit_s=4.0)
    assert session.state is State.ABORTED
    assert session.verdict.reasons == ("session:client_gone",)
    np.testing.assert_allclose(np.diff(wall.times), 0.2)


def test_the_same_seed_is_the_same_session_and_another_is_not(models):
    first, again, other = (
        played("puppet", models, seed=seed, limit_s=1.2).verdict.transcript_hash for seed in (5, 5, 6)
    )
    assert first == again != other


def test_a_codec_keeps_its_rate_and_most_of_the_picture(source_picture):
    codec, errors = Vp8(SIZE, 300_000, FPS), []
    for number in range(45):
        t = number / FPS
        arrived = codec.through(source_picture, t)
        if arrived is not None:
            errors.append(float(np.abs(arrived.astype(int) - source_picture).mean()))
    assert len(errors) > 40
    assert 0 < errors[-1] < 6
    assert 0 < codec.bits(t - 1.0) < 400_000


@pytest.fixture
def source_picture(models):
    return PortraitSource("hopper", models.bundle, seconds=1.0).still(SIZE).rgb
