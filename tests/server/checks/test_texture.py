"""Texture: samples whose mean is known, every gate, and what it never confirms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import face, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.texture import Texture, ring_motion
from liveness_server.types import CheckResult, Outcome, Phase, SurroundSample, TextureSample


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
    ({"width": 0.62}, "too_close"),
    ({"width": 0.1}, "too_far"),
    ({"phase": Phase.POSITIONING}, "too_few_frames"),
])  # fmt: skip
def test_outside_the_gates_nothing_is_said(score, given, reason):
    result = judged(*[score] * 20, **given)
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, reason)


@pytest.mark.parametrize(("scores", "outcome", "reason"), [
    ([0.0] * 12, Outcome.FAIL, "print_or_replay"),
    ([0.99] * 12, Outcome.INCONCLUSIVE, "too_close"),
    ([0.4] * 12, Outcome.INCONCLUSIVE, "too_close"),
    ([0.0] * 9, Outcome.INCONCLUSIVE, "too_close"),
])  # fmt: skip
def test_a_face_that_is_near_can_be_denied_and_not_cleared(scores, outcome, reason):
    result = judged(*scores, width=0.55)
    assert (result.outcome, result.reason) == (outcome, reason)


@pytest.mark.parametrize("nearer", [0.55, 0.7])
def test_coming_nearer_does_not_take_back_what_was_seen_from_afar(nearer):
    check = Texture(CheckContext(None, ""))
    for i in range(30):
        shown = replace(face(), texture=TextureSample(0.05 if i < 12 else 0.99, 1.0))
        width = 0.3 if i < 12 else nearer
        check.update(observe(0.5 * i, replace(shown, box=replace(shown.box, w=width))), Phase.CAPTURE, 0)
    assert check.result().reason == "print_or_replay"


PLAIN = SurroundSample(sides=2, face=(3.0, 0.0), ring=(0.0, 0.0), moire=10.0)
"""A person in a room with a door frame behind."""
BORDER = replace(PLAIN, sides=3)
PLANE = replace(PLAIN, ring=(2.5, 0.5))


def looked(
    *samples: SurroundSample, live: float | None = 0.9, width: float = 0.3, phase: Phase = Phase.CAPTURE
) -> Texture:
    """A network's samples, if any, and these once a second."""
    check = Texture(CheckContext(None, ""))
    texture = None if live is None else TextureSample(live, 1.0)
    for i in range(100):
        shown = replace(face(), texture=texture if i % 5 == 0 else None, box=replace(face().box, w=width))
        check.update(observe(0.1 * i, shown), phase, 0)
    for i, sample in enumerate(samples):
        shown = replace(face(), surround=sample, box=replace(face().box, w=width))
        check.update(observe(10.0 + i, shown), phase, 0)
    return check


@pytest.mark.parametrize("live", [0.95, 0.4, 0.0, None])
@pytest.mark.parametrize("samples", [[BORDER] * 6, [replace(PLAIN, sides=4), PLAIN, PLAIN, PLAIN] * 3])
def test_a_border_in_a_quarter_of_the_frames_denies_whatever_the_network_says(samples, live):
    result = looked(*samples, live=live).result()
    assert (result.outcome, result.reason) == (Outcome.FAIL, "bezel")


@pytest.mark.parametrize("samples", [
    [PLAIN] * 12,
    [BORDER] * 5,
    [BORDER, BORDER, PLAIN, PLAIN, PLAIN, PLAIN],
    [BORDER] * 3 + [PLAIN] * 10,
])  # fmt: skip
def test_two_sides_few_frames_or_a_few_of_many_do_not(samples):
    assert looked(*samples).result().outcome is Outcome.PASS


@pytest.mark.parametrize("doubt", [PLANE, replace(PLAIN, moire=17.5)])
def test_a_moving_plane_or_a_pattern_is_a_doubt_and_never_a_denial(doubt):
    result = looked(*[doubt] * 12).result()
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "unclear_surroundings")
    assert looked(*[doubt] * 12, live=0.1).result().reason == "print_or_replay"
    assert looked(*[doubt] * 12, live=None).result().reason == "no_model"


@pytest.mark.parametrize(("samples", "width"), [
    ([PLANE] * 5, 0.3),
    ([PLANE] * 12, 0.42),
    ([replace(PLANE, ring=(0.3, 0.0))] * 12, 0.3),
    ([replace(PLANE, ring=(-1.0, 2.0))] * 12, 0.3),
    ([replace(PLANE, face=None, ring=None)] * 12, 0.3),
    ([replace(PLAIN, moire=16.5)] * 12, 0.3),
    ([replace(PLAIN, moire=17.5), replace(PLAIN, moire=None)] + [PLAIN] * 9, 0.3),
])  # fmt: skip
def test_under_its_limits_and_gates_no_doubt_is_raised(samples, width):
    assert looked(*samples, width=width).result().outcome is Outcome.PASS


def test_surroundings_do_not_count_before_the_first_prompt_nor_around_a_distant_face():
    assert looked(*[BORDER] * 12, phase=Phase.POSITIONING).result().reason == "too_few_frames"
    assert looked(*[BORDER] * 12, width=0.1).result().reason == "too_far"


def test_motion_of_the_ring_is_measured_along_the_face():
    assert ring_motion([((2.0, 0.0), (1.0, 0.0))] * 4) == pytest.approx((1.0, 1.0))
    assert ring_motion([((2.0, 0.0), (0.0, 1.0))] * 4) == pytest.approx((1.0, 0.0))
    assert ring_motion([((0.0, 0.0), (1.0, 0.0))]) == pytest.approx((1.0, 0.0))


def test_what_is_measured_stands_beside_what_is_said():
    check = looked(*[PLANE] * 8, live=0.9)
    assert check.measure() == pytest.approx(0.9)
    found = {"framed": 0.0, "split_motion": 2.55, "split_likeness": 0.98, "moire": 10.0}
    assert check.features() == pytest.approx(found, abs=0.01)
    empty = Texture(CheckContext(None, ""))
    assert (empty.measure(), empty.features()) == (None, {})


def test_samples_outside_the_gate_are_left_out_of_the_mean():
    check = Texture(CheckContext(None, ""))
    for i in range(24):
        near = i % 2 == 0
        shown = replace(face(), texture=TextureSample(0.0 if near else 0.9, 1.0))
        if near:
            shown = replace(shown, box=replace(shown.box, w=0.65))
        check.update(observe(0.5 * i, shown), Phase.CAPTURE, 0)
    assert (check.result().outcome, check.result().quality) == (Outcome.PASS, 0.5)


def test_without_the_model_it_abstains_and_says_so():
    check = Texture(CheckContext(None, ""))
    for i in range(120):
        check.update(observe(i / 30, face()), Phase.CAPTURE, 0)
    assert (check.result().outcome, check.result().reason) == (Outcome.INCONCLUSIVE, "no_model")
