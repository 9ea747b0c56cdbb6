"""Identities of known distance: a switch is denied, everything else is left open on purpose."""

from __future__ import annotations

from math import acos

import pytest

from acting import ALICE, BOB, face, identity, moved, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.deepfake_temporal import DeepfakeTemporal
from liveness_server.types import Outcome, Phase, Pose


def said(embeddings, *, phase=Phase.CHALLENGE, yaw=0.0):
    check = DeepfakeTemporal(CheckContext(None, ""))
    for i, embedding in enumerate(embeddings):
        shown = moved(observe(i / 3, face(embedding=embedding)), pose=Pose(yaw, 0.0, 0.0))
        check.update(shown, phase, 1)
    result = check.result()
    return result.outcome, result.reason


def at(cosine):
    """Alice with this cosine to her own mean."""
    return identity(ALICE, acos(cosine))


A, B = identity(ALICE), identity(BOB)
SWITCH = (Outcome.FAIL, "identity_switch")
OPEN = (Outcome.INCONCLUSIVE, "not_assessed")


@pytest.mark.parametrize(
    "embeddings",
    [[A] * 4 + [B] * 2, [A] * 4 + [B, A, B], [A] * 9 + [B] * 20, [A] * 3 + [at(0.5)] * 2],
    ids=["twice", "flickering", "for good", "a swap's distance"],
)
def test_switch(embeddings):
    assert said(embeddings) == SWITCH


@pytest.mark.parametrize(
    "embeddings",
    [[A] * 12, [A] * 6 + [B] + [A] * 6, [B] + [A] * 12, [A] * 4 + [B, A, A, B], [A] * 3 + [at(0.6)] * 9],
    ids=["one person", "one odd sample", "an odd first one", "odd ones far apart", "lowest bona fide distance"],
)
def test_not_assessed(embeddings):
    assert said(embeddings) == OPEN


def test_profiles_are_not_compared():
    assert said([A] * 4 + [B] * 9, yaw=25.0) == (Outcome.INCONCLUSIVE, "no_samples")


def test_positioning_is_not_judged():
    assert said([A] * 4 + [B] * 9, phase=Phase.POSITIONING) == (Outcome.INCONCLUSIVE, "no_samples")


def test_a_live_face_never_passes():
    """There is nothing in here that could confirm one."""
    assert said([A] * 100)[0] is not Outcome.PASS
