"""Somebody else in the middle, at the end, or for one frame only."""

from __future__ import annotations

import pytest

from acting import ALICE, BOB, face, identity, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.identity_continuity import IdentityContinuity
from liveness_server.types import Outcome, Phase

CONTEXT = CheckContext(None, "")


def judge(challenge, capture):
    return after((Phase.CHALLENGE, challenge), (Phase.CAPTURE, capture))


def after(*shown):
    """The result after these persons, sample by sample, in these phases."""
    check = IdentityContinuity(CONTEXT)
    for phase, persons in shown:
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


NOBODY = range(10, 20)
"""Persons, each another: what is seen under a hand."""


@pytest.mark.parametrize(
    ("before", "challenge", "afterwards", "outcome"),
    [
        ([], [ALICE] * 3, [ALICE] * 3, Outcome.PASS),
        ([], [ALICE] * 3, [BOB] * 3, Outcome.FAIL),
        ([ALICE] * 3, [ALICE], [ALICE] * 3, Outcome.PASS),
        ([ALICE] * 3, [ALICE], [BOB] * 3, Outcome.FAIL),
        ([ALICE] * 3, [], [BOB] * 3, Outcome.FAIL),
    ],
    ids=["same", "swapped", "same, at once", "swapped under the first hand", "swapped at once"],
)
def test_the_person_before_a_covered_face_is_the_one_after_it(before, challenge, afterwards, outcome):
    shown = [(Phase.POSITIONING, before), (Phase.CHALLENGE, challenge), (Phase.COVERED, NOBODY)]
    assert after(*shown, (Phase.CHALLENGE, afterwards), (Phase.CAPTURE, afterwards)).outcome is outcome
    assert after(*shown, (Phase.CHALLENGE, afterwards)).outcome is not Outcome.PASS


def test_who_was_in_view_earlier_while_positioning_does_not_matter():
    shown = [(Phase.POSITIONING, [BOB] * 5 + [ALICE] * 2), (Phase.CHALLENGE, [ALICE] * 3), (Phase.CAPTURE, [ALICE] * 3)]
    assert after(*shown).outcome is Outcome.PASS
