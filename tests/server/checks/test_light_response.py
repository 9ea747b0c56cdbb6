"""The light check: PASS when the skin answers this session's colours, and for nothing else that was modelled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.light_response import LightResponse
from liveness_server.types import CheckResult, Outcome, Phase, SkinRegions
from reflecting import Scene, filmed, length, sequence

STEPS = sequence(1)
LATE_ENOUGH = length(STEPS) + 4


def judge(frames, steps=STEPS, at=0.0) -> CheckResult:
    check = LightResponse(CheckContext(None, ""))
    check.receive_light(steps, at)
    for observation in frames:
        check.update(observation, Phase.CAPTURE, 0)
    return check.result()


def said(*args, **kept) -> tuple[Outcome, str]:
    result = judge(*args, **kept)
    return result.outcome, result.reason


@pytest.mark.parametrize("seed", range(8))
def test_a_face_that_reflects_its_screen_passes(seed):
    scene = Scene(skin=0.1, drift=0.002, lag_s=0.1 + 0.1 * seed, seed=seed)
    assert said(filmed(scene, sequence(seed)), sequence(seed)) == (Outcome.PASS, "ok")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("drift", [0.0, 0.03])
def test_no_reflection_is_inconclusive(seed, drift):
    frames = filmed(Scene(drift=drift, seed=seed), (), seconds=LATE_ENOUGH)
    assert said(frames) == (Outcome.INCONCLUSIVE, "weak_response")


@pytest.mark.parametrize("seed", range(2, 10))
def test_a_recording_of_another_session_does_not_pass(seed):
    frames = filmed(Scene(seed=seed), sequence(seed), seconds=LATE_ENOUGH)
    assert judge(frames).outcome is not Outcome.PASS


@pytest.mark.parametrize("lag", [1.1, 1.25])
def test_an_answer_that_comes_too_late_is_unclear(lag):
    assert said(filmed(Scene(lag_s=lag), STEPS)) == (Outcome.INCONCLUSIVE, "lag_unclear")


@pytest.mark.parametrize("lag", [1.6, 3.0])
def test_an_answer_out_of_reach_is_none(lag):
    assert judge(filmed(Scene(lag_s=lag), STEPS, seconds=LATE_ENOUGH)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("seed", range(4))
def test_a_face_that_does_not_answer_where_the_room_does_fails(seed):
    scene = Scene(skin=0.0, behind=0.1, seed=seed)
    assert said(filmed(scene, sequence(seed)), sequence(seed)) == (Outcome.FAIL, "no_response")


def test_a_face_that_answers_weakly_where_the_room_does_not_is_not_failed():
    assert judge(filmed(Scene(skin=0.01, behind=0.0, noise=2.0), STEPS)).outcome is Outcome.INCONCLUSIVE


def test_a_tint_of_the_whole_picture_is_no_nearness():
    scene = Scene(skin=0.15, behind=0.15)
    assert said(filmed(scene, STEPS)) == (Outcome.INCONCLUSIVE, "background_follows")


def test_without_a_background_there_is_nothing_to_compare_with():
    frames = filmed(Scene(), STEPS)
    hidden = [replace(o, face=replace(o.face, skin=replace(o.face.skin, background=(0.0, 0.0, 0.0)))) for o in frames]
    assert said(hidden) == (Outcome.INCONCLUSIVE, "no_background")


@pytest.mark.parametrize("kept", [{"luma": 230.0}, {"clipped": 0.5}])
def test_a_glaring_room_is_named(kept):
    assert said(filmed(Scene(skin=0.0, behind=0.0), STEPS, **kept)) == (Outcome.INCONCLUSIVE, "too_bright_room")


def test_nothing_shown_is_not_run():
    check = LightResponse(CheckContext(None, ""))
    for observation in filmed(Scene(), STEPS):
        check.update(observation, Phase.CAPTURE, 0)
    assert (check.result().reason, check.measure()) == ("not_run", None)


def test_a_light_that_was_skipped_is_not_run():
    check = LightResponse(CheckContext(None, ""))
    check.receive_light(STEPS, 0.0)
    check.receive_light((), 0.0)
    assert check.result().reason == "not_run"


def cut(frames, first, last):
    return [o for o in frames if not first < o.t < last]


@pytest.mark.parametrize(
    "frames",
    [
        [],
        filmed(Scene(), STEPS, seconds=length(STEPS) + 1.0),
        cut(filmed(Scene(), STEPS), -1.0, 0.5),
        cut(filmed(Scene(), STEPS), 2.0, 2.7),
        [replace(o, faces=0, face=None) if 2.0 < o.t < 2.7 else o for o in filmed(Scene(), STEPS)],
        filmed(Scene(fps=8.0), STEPS),
        [observe(o.t, None) for o in filmed(Scene(), STEPS)],
    ],
    ids=["none", "too short", "late start", "a gap", "no face for a while", "8 fps", "no face"],
)
def test_with_frames_missing_nothing_is_said(frames):
    assert said(frames) == (Outcome.INCONCLUSIVE, "incomplete")


def test_a_report_of_the_true_times_mends_a_page_that_was_slow():
    slow = tuple(replace(s, duration_s=s.duration_s + (0.4 if i == 2 else 0.0)) for i, s in enumerate(STEPS))
    frames = filmed(Scene(noise=0.3), slow, seconds=LATE_ENOUGH)
    told = judge(frames, slow)
    assert told.outcome is Outcome.PASS
    assert told.quality > judge(frames).quality + 0.05


def test_the_measured_number_is_held_against_its_threshold():
    check = LightResponse(CheckContext(None, ""))
    check.receive_light(STEPS, 0.0)
    for observation in filmed(Scene(), STEPS):
        check.update(observation, Phase.CAPTURE, 0)
    assert 0 < check.measure() <= check.config.max_p


def test_frames_out_of_order_and_before_the_light_change_nothing():
    frames = filmed(Scene(), STEPS)
    assert judge([*frames[:90], frames[40], *frames[90:]]) == judge(frames)
    black = SkinRegions(*[(1.0, 1.0, 1.0)] * 4)
    before = [replace(o, face=replace(o.face, skin=black)) if o.t < 0 else o for o in frames]
    assert judge(before) == judge(frames)
