"""Motion of known size on known points: what is taken away as rigid, and what is left."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import pytest

from acting import moved, observe
from lifelike import GAZE, IPD, SHAPE, SOFT, stream
from liveness_server.checks.base import CheckContext
from liveness_server.checks.micro_movement import MicroMovement, gaze_motion, soft_motion
from liveness_server.types import Outcome, Phase

CONTEXT = CheckContext(None, "")


def watched(frames):
    check = MicroMovement(CONTEXT)
    for frame in frames:
        check.update(frame, Phase.CHALLENGE, 1)
    return check


def said(frames):
    result = watched(frames).result()
    return result.outcome, result.reason


def still(n=150):
    return np.repeat((SHAPE + np.array([320.0, 240.0]))[None], n, axis=0)


def rocked(points):
    """A whole face that nods, leans, comes nearer and is tilted: any affine map, another one each frame."""
    for i, frame in enumerate(points):
        angle = radians(8 * sin(i / 9))
        turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle) * (1 + 0.1 * sin(i / 7))]])
        points[i] = frame @ turn.T * (1 + 0.05 * sin(i / 20)) + 15 * sin(i / 11)
    return points


def test_a_moving_picture_does_not_move_within_itself():
    assert soft_motion(rocked(still()), IPD) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("rigid", [still, lambda: rocked(still())], ids=["still head", "moving head"])
@pytest.mark.parametrize("percent", [0.5, 2.0, 6.0])
def test_lips_and_lids_are_measured_in_pupil_distances(percent, rigid):
    """A sine of amplitude a has an rms of a / sqrt(2)."""
    points = still()
    points[:, SOFT, 1] += (percent / 100 * IPD * 2**0.5 * np.sin(np.arange(150) * 2 * np.pi / 30))[:, None]
    if rigid is not still:
        points = rocked(points)
    assert soft_motion(points, IPD) == pytest.approx(percent, rel=0.15)


def test_gaze_is_measured_in_eye_widths():
    points = still()
    before = gaze_motion(points)
    points[:, GAZE, 0] += np.where(np.arange(150) % 2, 1.0, -1.0)[:, None]
    assert before == pytest.approx(0.0, abs=1e-9)
    assert gaze_motion(points) > 0.5


def test_a_living_face_passes():
    assert said(stream(8)) == (Outcome.PASS, "ok")


@pytest.mark.parametrize("fps", [12.0, 24.0, 60.0])
def test_the_frame_rate_does_not_matter(fps):
    assert watched(stream(8, fps=fps)).soft == pytest.approx(watched(stream(8)).soft, rel=0.05)


def test_a_quiet_person_is_asked_and_not_rejected():
    assert said(stream(8, liveliness=0.02, noise=0.2)) == (Outcome.INCONCLUSIVE, "hardly_moves")


def test_between_a_shaken_photo_and_a_person_nothing_is_said():
    assert said(stream(8, liveliness=0.3)) == (Outcome.INCONCLUSIVE, "moves_little")


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        (lambda: stream(4.5), "too_short"),
        (lambda: stream(12, fps=8), "low_frame_rate"),
        (lambda: (f for f in stream(20) if f.t % 4 < 3), "too_short"),
        (lambda: (observe(i / 30, None) for i in range(300)), "too_short"),
    ],
    ids=["short", "slow", "gaps", "no face"],
)
def test_left_open_for_want_of_input(frames, reason):
    assert said(frames()) == (Outcome.INCONCLUSIVE, reason)


def test_one_living_window_is_enough():
    """Somebody who listens for a while and then speaks."""
    frames = [*stream(15, lambda t: 2.0 if t < 8 else t)]
    assert said(frames) == (Outcome.PASS, "ok")


def test_landmarks_in_one_point_do_no_harm():
    collapsed = [moved(f, points=((0.0, 0.0, 0.0),) * len(f.face.points)) for f in stream(8)]
    assert said(collapsed) == (Outcome.FAIL, "still")
