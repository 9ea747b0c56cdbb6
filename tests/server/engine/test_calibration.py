"""Whose thresholds rest on which model: declared by every check and challenge, and a policy answers for all of them."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from acting import ALICE, AT_HOME, LIVELY, face, identity, observe
from lifelike import lifelike
from liveness_server.challenges import CALIBRATED_ON
from liveness_server.challenges import REGISTRY as CHALLENGES
from liveness_server.challenges.baseline import Baseline
from liveness_server.challenges.plan import Draw
from liveness_server.challenges.rules import ActiveRules
from liveness_server.challenges.sequence import ActiveSequence
from liveness_server.checks import REGISTRY
from liveness_server.checks.base import CheckContext
from liveness_server.engine.policy import Policy
from liveness_server.engine.policy_files import SPINE, shipped_policies
from liveness_server.types import CaptureTime, Face, Phase, Reference, SurroundSample
from liveness_server.vision.matching import CALIBRATED_DIGEST
from liveness_server.vision.models import load_manifest

CONTEXT = CheckContext(Reference(identity(ALICE), CALIBRATED_DIGEST), CALIBRATED_DIGEST, earlier=())
OTHERS = {"embedding": "embedding", "texture": "pad"}
"""Fields of a face that another model than the landmarks' says; everything else is measured where the landmarks are."""
SECONDS = 8


class Watched:
    """A face that notes which of its fields are read, and by that which models are believed."""

    def __init__(self, shown: Face) -> None:
        self.shown, self.roles = shown, set()

    def __getattr__(self, name: str) -> object:
        self.roles.add(OTHERS.get(name, "landmarks"))
        return getattr(self.shown, name)


def watched():
    """A session in which every field of a face is there to be read, with the phase of each frame."""
    around = SurroundSample(0, (1.0, 0.0), (0.0, 1.0), 5.0)
    for i in range(30 * SECONDS):
        told = replace(face(embedding=identity(ALICE)), plane=LIVELY, texture=AT_HOME, surround=around)
        shown = lifelike(observe(i / 30, told), i / 30)
        phase = Phase.POSITIONING if i < 30 else Phase.CHALLENGE if i < 90 else Phase.CAPTURE
        yield replace(shown, face=Watched(shown.face)), phase


def read_by(check):
    frames = list(watched())
    check.receive_light([], CaptureTime(0.0))
    for observation, phase in frames:
        check.update(observation, phase, int(phase is Phase.CHALLENGE))
    check.result()
    return set().union(*(observation.face.roles for observation, _ in frames))


@pytest.mark.parametrize("name", REGISTRY)
def test_a_check_declares_the_models_it_reads_and_no_other(name):
    check = REGISTRY[name](CONTEXT)
    assert read_by(check) == set(check.calibrated_on)


def test_the_challenges_declare_the_models_that_the_sequence_reads():
    frames = [observation for observation, _ in watched()]
    sequence = ActiveSequence(ActiveRules(), Draw(bytes(32)), tuple(CHALLENGES), tuple(CHALLENGES))
    for observation in frames[:30]:
        sequence.watch(observation)
    sequence.begin(Baseline.of(frames[:30]), frames[29].t)
    for observation in frames[30:]:
        sequence.update(observation)
    sequence.result()
    assert set().union(*(observation.face.roles for observation in frames)) == set(CALIBRATED_ON)


@pytest.mark.parametrize("declared", [*(check.calibrated_on for check in REGISTRY.values()), CALIBRATED_ON])
def test_the_models_are_those_of_the_manifest(declared):
    for role, digest in declared.items():
        assert load_manifest().entry(role).sha256 == digest


def test_the_fields_that_other_models_say_exist():
    assert set(OTHERS) <= {field.name for field in fields(Face)}


MEASURED = dict(CALIBRATED_ON) | {
    role: digest for check in REGISTRY.values() for role, digest in check.calibrated_on.items()
}


def policy(**kept) -> Policy:
    given = {"must_confirm": frozenset({"active"}), "may_deny": frozenset(), "match_required": False, **kept}
    return Policy("ours", production=True, **given)


@pytest.mark.parametrize("role", CALIBRATED_ON)
def test_challenges_are_answered_for_where_no_check_has_a_say(role):
    assert policy().uncalibrated(MEASURED) == []
    (problem,) = policy().uncalibrated(MEASURED | {role: "0" * 64})
    assert problem.startswith(f"active: measured with the {role} model")


@pytest.mark.parametrize("name", REGISTRY)
def test_every_check_that_decides_is_answered_for(name):
    deciding = policy(must_confirm=SPINE, may_deny=frozenset({name}))
    for role in REGISTRY[name].calibrated_on:
        problems = deciding.uncalibrated(MEASURED | {role: "0" * 64})
        assert any(problem.startswith(f"{name}: measured with the {role} model") for problem in problems)


def test_shipped_policies_are_calibrated():
    assert [shipped.uncalibrated(MEASURED) for shipped in shipped_policies().values()] == [[]] * len(shipped_policies())
