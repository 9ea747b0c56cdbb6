"""Texture: samples whose mean is known, every gate, and what it never confirms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import face, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.texture import Texture
from liveness_server.types import CheckResult, Outcome, Phase, TextureSample


def judged(*live: float, noise: float = 1.0, width: float = 0.3, phase: Phase = Phase.CAPTURE) -> CheckResult:
    """These samples in frames half a second apart."""
    check = Texture(CheckContext(None, ""))
    for i, score in enumerate(live):
        shown = replace(face(), texture=TextureSample(score, noise), box=replace(face().box, w=width))
        check.update(observe(0.5 * i, shown), phase, 0)
    return check.result()


@pytest.mark.parametrize(("scores", "outcome", "reason"), [
    ([0.97] * 10, Outcome.PASS, "ok"),
    ([0.9, 0.2] * 6, Outcome.PASS, "ok"),
    ([0.0] * 10, Outcome.FAIL, "print_or_replay"),
    ([0.9, 0.0, 0.0] * 4, Outcome.FAIL, "print_or_replay"),
    ([0.4] * 12, Outcome.INCONCLUSIVE, "unclear_surroundings"),
    ([0.0] * 9, Outcome.INCONCLUSIVE, "too_few_frames"),
])  # fmt: skip
def test_the_mean_of_ten_decides(scores, outcome, reason):
    result = judged(*scores)
    assert (result.outcome, result.reason) == (outcome, reason)


@pytest.mark.parametrize("score", [0.0, 0.99])
@pytest.mark.parametrize(("given", "reason"), [
    ({"noise": 12.0}, "noisy_picture"),
    ({"width": 0.5}, "too_close"),
    ({"width": 0.1}, "too_far"),
    ({"phase": Phase.POSITIONING}, "too_few_frames"),
])  # fmt: skip
def test_outside_the_gates_nothing_is_said(score, given, reason):
    result = judged(*[score] * 20, **given)
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, reason)


def test_samples_outside_the_gate_are_left_out_of_the_mean():
    check = Texture(CheckContext(None, ""))
    for i in range(24):
        near = i % 2 == 0
        shown = replace(face(), texture=TextureSample(0.0 if near else 0.9, 1.0))
        if near:
            shown = replace(shown, box=replace(shown.box, w=0.6))
        check.update(observe(0.5 * i, shown), Phase.CAPTURE, 0)
    assert (check.result().outcome, check.result().quality) == (Outcome.PASS, 0.5)


def test_without_the_model_it_abstains_and_says_so():
    check = Texture(CheckContext(None, ""))
    for i in range(120):
        check.update(observe(i / 30, face()), Phase.CAPTURE, 0)
    assert (check.result().outcome, check.result().reason) == (Outcome.INCONCLUSIVE, "no_model")
