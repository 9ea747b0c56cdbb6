"""A face that jumps, goes, or is covered because it was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import Look, face, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.face_continuity import FaceContinuity
from liveness_server.types import Outcome, Phase

FPS = 30


def judged(seconds, *, shown=lambda t: face(), phase=lambda t: Phase.CHALLENGE, sent=lambda t: True):
    check = FaceContinuity(CheckContext(None, ""))
    for i in range(round(seconds * FPS)):
        t = i / FPS
        if sent(t):
            check.update(observe(t, shown(t)), phase(t), 1)
    result = check.result()
    return result.outcome, result.reason


def away(start, end):
    return lambda t: None if start <= t < end else face()


def covered(start, end):
    return lambda t: Phase.COVERED if start <= t < end else Phase.CHALLENGE


JUMPS = {"aside": lambda t: face(x=0.35 if t < 3 else 0.45), "nearer": lambda t: face(Look(scale=1 + 0.4 * (t >= 3)))}


@pytest.mark.parametrize("shown", JUMPS.values(), ids=JUMPS)
def test_a_jump_is_a_cut_unless_the_face_is_covered_on_either_side_of_it(shown):
    assert judged(6, shown=shown) == (Outcome.FAIL, "cut")
    for start, end in ((2, 4), (3, 4), (2, 3), (2.99, 3.03)):
        assert judged(6, shown=shown, phase=covered(start, end)) == (Outcome.PASS, "ok")


@pytest.mark.parametrize("shown", JUMPS.values(), ids=JUMPS)
def test_what_follows_a_covered_face_is_judged_again(shown):
    assert judged(6, shown=shown, phase=covered(1, 2.9)) == (Outcome.FAIL, "cut")


@pytest.mark.parametrize(
    ("gone_s", "phase", "reason"),
    [
        (0.4, covered(0, 0), "ok"),
        (0.6, covered(0, 0), "face_lost"),
        (1.8, covered(1, 5), "ok"),
        (1.8, covered(2.3, 3), "ok"),
        (2.2, covered(1, 5), "face_lost"),
        (0.6, covered(4.5, 5), "face_lost"),
    ],
    ids=["briefly", "too long", "covered", "covered meanwhile", "covered too long", "covered later"],
)
def test_a_face_may_be_lost_longer_where_a_challenge_covers_it(gone_s, phase, reason):
    assert judged(6, shown=away(2, 2 + gone_s), phase=phase)[1] == reason


def test_no_hand_explains_missing_frames():
    assert judged(6, sent=lambda t: not 2 <= t < 2.6, phase=covered(1, 5))[1] == "frames_missing"


def test_covered_frames_are_none_of_the_frames_with_a_face():
    assert judged(4, phase=covered(0.4, 4))[1] == "too_few_frames"


def blinking_away(times):
    """The face is gone for one frame, so often, half a second apart."""
    gone = {round((1 + 0.5 * i) * FPS) for i in range(times)}
    return lambda t: None if round(t * FPS) in gone else face()


@pytest.mark.parametrize(("times", "reason"), [(10, "ok"), (11, "face_lost")])
def test_a_face_may_be_gone_for_a_moment_only_so_often(times, reason):
    assert judged(8, shown=blinking_away(times))[1] == reason


def test_where_a_challenge_covers_the_face_it_may_be_gone_as_often_as_it_is():
    assert judged(8, shown=blinking_away(11), phase=covered(0.9, 4)) == (Outcome.PASS, "ok")


@pytest.mark.parametrize(("times", "reason"), [(10, "ok"), (11, "frames_missing")])
def test_frames_may_stop_for_a_moment_only_so_often(times, reason):
    def sent(t):
        return not any(1 + 0.6 * i <= t < 1.3 + 0.6 * i for i in range(times))

    assert judged(18, sent=sent)[1] == reason


@pytest.mark.parametrize(("times", "reason"), [(10, "ok"), (11, "frames_missing")])
def test_the_picture_may_become_another_size_only_so_often(times, reason):
    check = FaceContinuity(CheckContext(None, ""))
    for i in range(12 * FPS):
        seen = observe(i / FPS, face())
        half = min(max(i - FPS, 0) // (FPS // 2), times) % 2
        check.update(shrunk(seen) if half else seen, Phase.CHALLENGE, 1)
    assert check.result().reason == reason


def shrunk(seen):
    """The same picture at half the size, as a sender makes it when its line is slow."""
    shown = seen.face
    points = tuple((x / 2, y / 2, z / 2) for x, y, z in shown.points)
    smaller = replace(shown, points=points, ipd_px=shown.ipd_px / 2)
    return replace(seen, width=seen.width // 2, height=seen.height // 2, face=smaller)
