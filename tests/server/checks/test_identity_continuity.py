"""Somebody else in the middle, at the end, or for one frame only."""

from __future__ import annotations

import pytest

from acting import ALICE, BOB, face, identity, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.identity_continuity import IdentityContinuity
from liveness_server.types import Outcome, Phase

CONTEXT = CheckContext(None, "")


def judge(challenge, capture):
    check = IdentityContinuity(CONTEXT)
    for phase, persons in ((Phase.CHALLENGE, challenge), (Phase.CAPTURE, capture)):
        for person in persons:
            check.update(observe(0.0, face(embedding=identity(person))), phase, 1)
    return check.result()


@pytest.mark.parametrize(
    ("challenge", "capture"),
    [
        ([ALICE] * 6, [BOB] * 3),
        ([ALICE, ALICE, BOB, BOB, ALICE, ALICE], [ALICE] * 3),
        ([ALICE, ALICE, BOB, BOB, BOB], []),
    ],
    ids=["swapped after", "swapped for a while", "swapped and not yet captured"],
)
def test_somebody_else(challenge, capture):
    assert (judge(challenge, capture).outcome, judge(challenge, capture).reason) == (Outcome.FAIL, "identity_changed")


def test_one_odd_embedding_is_not_somebody_else():
    assert judge([ALICE, ALICE, BOB, ALICE], [ALICE] * 3).outcome is Outcome.PASS


def test_without_captured_frames_there_is_no_pass():
    assert judge([ALICE] * 6, [ALICE]).outcome is Outcome.INCONCLUSIVE
