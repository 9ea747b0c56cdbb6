"""Depth: windows whose truth is known, every gate, and what never fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import face, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.depth import Depth
from liveness_server.types import CheckResult, Outcome, Phase, PlaneWindow

NEUTRAL = 0.7
"""Aspect of `acting.face`."""
LIVE = PlaneWindow(residual=4.0, stretch=1.07, turn=6.0, aspect_min=0.66, aspect_max=0.72, gap_s=0.034)
STILL = replace(LIVE, residual=0.3, stretch=1.01, turn=0.4)
TILTED_PLANE = replace(LIVE, residual=0.5, stretch=1.08)


def judged(*windows: PlaneWindow, px: float = 192.0, phase: Phase = Phase.CAPTURE) -> CheckResult:
    return fed(*windows, px=px, phase=phase).result()


def fed(*windows: PlaneWindow, px: float = 192.0, phase: Phase = Phase.CAPTURE) -> Depth:
    """Positioning, then these windows in frames 0.8 s apart."""
    check = Depth(CheckContext(None, ""))
    for i in range(30):
        check.update(observe(i / 30, face()), Phase.POSITIONING, 0)
    for i, window in enumerate(windows):
        shown = replace(face(), plane=window, box=replace(face().box, w=px / 640))
        check.update(observe(1.8 + 0.8 * i, shown), phase, 0)
    return check


def test_two_windows_off_the_plane_pass():
    result = judged(STILL, LIVE, STILL, LIVE)
    assert (result.outcome, result.reason) == (Outcome.PASS, "ok")


@pytest.mark.parametrize("windows", [
    (STILL,) * 6,
    (STILL, STILL, LIVE),
    (replace(LIVE, residual=1.4),) * 6,
    (STILL, TILTED_PLANE, STILL),
])  # fmt: skip
def test_little_motion_asks_for_a_turn_and_never_fails(windows):
    result = judged(*windows)
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "ask_for_a_turn")


def test_a_plane_seen_tilting_twice_fails():
    result = judged(STILL, TILTED_PLANE, STILL, TILTED_PLANE)
    assert (result.outcome, result.reason) == (Outcome.FAIL, "moving_plane")


def test_other_motion_does_not_excuse_a_tilting_plane():
    talking = replace(LIVE, stretch=1.02)
    assert judged(talking, talking, TILTED_PLANE, TILTED_PLANE).outcome is Outcome.FAIL


def test_one_tilt_with_relief_clears_the_flat_ones():
    assert judged(TILTED_PLANE, TILTED_PLANE, LIVE, LIVE).outcome is Outcome.PASS


@pytest.mark.parametrize(("change", "reason"), [
    ({"gap_s": 0.09}, "low_frame_rate"),
    ({"aspect_min": 0.85 * NEUTRAL}, "tilted_too_far"),
    ({"aspect_max": 1.13 * NEUTRAL}, "tilted_too_far"),
])  # fmt: skip
def test_windows_outside_the_gates_say_nothing(change, reason):
    for window in (LIVE, TILTED_PLANE):
        result = judged(*[replace(window, **change)] * 5)
        assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, reason)


@pytest.mark.parametrize(("px", "residual", "outcome", "reason"), [
    (70, 4.0, Outcome.INCONCLUSIVE, "too_far"),
    (90, 1.8, Outcome.INCONCLUSIVE, "ask_for_a_turn"),
    (90, 2.1, Outcome.PASS, "ok"),
    (110, 1.8, Outcome.PASS, "ok"),
])  # fmt: skip
def test_small_faces_must_move_more_and_tiny_ones_are_not_judged(px, residual, outcome, reason):
    result = judged(*[replace(LIVE, residual=residual)] * 3, px=px)
    assert (result.outcome, result.reason) == (outcome, reason)


def test_the_second_largest_usable_residual_is_what_is_measured():
    check = fed(STILL, LIVE, replace(LIVE, residual=2.5), replace(LIVE, residual=9.0, gap_s=0.2))
    assert check.measure() == 2.5
    assert fed(LIVE).measure() is None


def test_windows_before_the_first_prompt_do_not_count():
    assert judged(LIVE, LIVE, LIVE, phase=Phase.POSITIONING).reason == "too_few_windows"


def test_without_positioning_the_first_faces_are_neutral():
    check = Depth(CheckContext(None, ""))
    for i in range(3):
        check.update(observe(0.8 * i, replace(face(), plane=LIVE)), Phase.CHALLENGE, 1)
    assert check.result().outcome is Outcome.PASS


def test_a_window_that_began_under_a_hand_is_left_out():
    def seen(end_s):
        check = fed(STILL, STILL)
        check.update(observe(5.0, face()), Phase.COVERED, 1)
        for again in range(3):
            check.update(observe(5.0 + end_s + again, replace(face(), plane=LIVE)), Phase.CAPTURE, 0)
            check.update(observe(5.5 + end_s + again, None), Phase.COVERED, 1)
        return check.result().reason

    assert seen(0.85) == "ask_for_a_turn"
    assert seen(0.45) == "ask_for_a_turn"
