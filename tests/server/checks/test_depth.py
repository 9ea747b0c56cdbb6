"""Depth: windows whose truth is known, every gate, and what never fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import face, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.depth import Depth, DepthConfig
from liveness_server.types import CheckResult, Outcome, Phase, PlaneWindow, ServerTime, StreamStats

NEUTRAL = 0.7
"""Aspect of `acting.face`."""
LIVE = PlaneWindow(residual=4.0, stretch=1.07, turn=6.0, aspect_min=0.66, aspect_max=0.72, gap_s=0.034)
STILL = replace(LIVE, residual=0.3, stretch=1.01, turn=0.4)
TILTED_PLANE = replace(LIVE, residual=0.5, stretch=1.08)


PIXELS = 640 * 480
"""Of every frame here."""
LIMITS = DepthConfig()


def judged(*windows: PlaneWindow, px: float = 192.0, phase: Phase = Phase.CAPTURE) -> CheckResult:
    return fed(*windows, px=px, phase=phase).result()


def received(check: Depth, bitrate: float, codec: str = "H264") -> None:
    """One report of the receiver; its own time is no capture time."""
    check.receive_stats(StreamStats(ServerTime(1e9), 30.0, bitrate, 0, 0, codec=codec))


def streamed(*seconds: tuple[float, PlaneWindow], codec: str = "H264") -> Depth:
    """Positioning, then every second a window, and the bits that came in that second."""
    check = fed()
    for i, (bitrate, window) in enumerate(seconds):
        check.update(observe(2.0 + i, replace(face(), plane=window)), Phase.CAPTURE, 0)
        received(check, bitrate, codec)
    return check


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


def test_relief_without_a_turn_is_speech_or_a_slip_and_asks_for_a_turn():
    result = judged(*[replace(LIVE, turn=3.9)] * 6, LIVE)
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "ask_for_a_turn")
    assert judged(*[replace(LIVE, turn=4.1)] * 2).outcome is Outcome.PASS


@pytest.mark.parametrize(("codec", "limit"), [
    ("VP8", LIMITS.min_bits_vp8), ("H264", LIMITS.min_bits), ("", LIMITS.min_bits), ("HEVC", LIMITS.min_bits),
])  # fmt: skip
def test_relief_from_an_encoder_that_lacks_bits_does_not_pass(codec, limit):
    low = streamed(*[(0.95 * limit * PIXELS, LIVE)] * 4, codec=codec)
    assert (low.result().outcome, low.result().reason) == (Outcome.INCONCLUSIVE, "low_bitrate")
    assert low.measure() is None
    enough = streamed(*[(1.05 * limit * PIXELS, LIVE)] * 4, codec=codec)
    assert enough.result().outcome is Outcome.PASS
    assert enough.measure() == LIVE.residual


def test_windows_that_had_the_bits_pass_whatever_came_before():
    poor, rich = 0.3 * LIMITS.min_bits * PIXELS, 3 * LIMITS.min_bits * PIXELS
    assert streamed(*[(poor, LIVE)] * 3, *[(rich, STILL)] * 2, *[(rich, LIVE)] * 2).result().outcome is Outcome.PASS
    still = streamed(*[(poor, LIVE)] * 3, *[(rich, STILL)] * 4, (rich, LIVE)).result()
    assert (still.outcome, still.reason) == (Outcome.INCONCLUSIVE, "low_bitrate")


def test_a_person_who_does_not_turn_is_asked_to_at_any_rate():
    assert streamed(*[(1e5, STILL)] * 6).result().reason == "ask_for_a_turn"
    assert streamed(*[(1e7, replace(LIVE, residual=1.0))] * 6).result().reason == "ask_for_a_turn"


def test_a_plane_is_denied_at_any_rate_and_without_a_turn_of_the_pose():
    result = streamed(*[(1e5, replace(TILTED_PLANE, turn=1.0))] * 3).result()
    assert (result.outcome, result.reason) == (Outcome.FAIL, "moving_plane")


def test_a_window_is_held_against_the_seconds_around_it_and_else_the_last_before():
    rich, poor = 3 * LIMITS.min_bits * PIXELS, 0.3 * LIMITS.min_bits * PIXELS
    late = fed(LIVE, LIVE)
    received(late, poor)
    assert late.result().reason == "low_bitrate"
    check = streamed((poor, STILL), (rich, STILL))
    for i in range(2):
        check.update(observe(9.0 + i, replace(face(), plane=LIVE)), Phase.CAPTURE, 0)
    assert check.result().outcome is Outcome.PASS
    received(check, poor)
    assert check.result().reason == "low_bitrate"


def test_without_statistics_the_rate_is_not_known_and_not_held_against_anyone():
    before = Depth(CheckContext(None, ""))
    received(before, 1e4)
    assert before.result().outcome is Outcome.INCONCLUSIVE
    assert judged(LIVE, LIVE).outcome is Outcome.PASS


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
    (160, 1.8, Outcome.INCONCLUSIVE, "ask_for_a_turn"),
    (175, 1.8, Outcome.PASS, "ok"),
])  # fmt: skip
def test_small_faces_must_move_more_and_tiny_ones_are_not_judged(px, residual, outcome, reason):
    result = judged(*[replace(LIVE, residual=residual)] * 3, px=px)
    assert (result.outcome, result.reason) == (outcome, reason)


def test_the_second_largest_usable_residual_is_what_is_measured():
    slip, speech = replace(LIVE, residual=9.0, gap_s=0.2), replace(LIVE, residual=8.0, turn=1.0)
    assert fed(STILL, LIVE, replace(LIVE, residual=2.5), slip, speech).measure() == 2.5
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
