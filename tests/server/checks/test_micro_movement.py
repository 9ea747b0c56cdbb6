"""Motion of known size on known points: what is taken away as rigid, and what is left."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import pytest

from acting import moved, observe
from lifelike import GAZE, IPD, SHAPE, SOFT, stream
from liveness_server.checks.base import CheckContext
from liveness_server.checks.micro_movement import MicroMovement, MicroMovementConfig, gaze_motion, soft_motion, sway
from liveness_server.types import Outcome, Phase
from liveness_server.vision.landmarks import SLOT
from liveness_server.vision.measure import FaceMeter

CONTEXT = CheckContext(None, "")
EYES = [[SLOT[i] for i in eye] for eye in ((468, 33, 133), (473, 362, 263))]
TILTED_PHOTO, SPEAKING = 2.04, 3.49
"""Lids and lips, % of the pupil distance: most of any rendered photo, least of the persons who move (stream.md)."""


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


def breathing(percent, points):
    """Six seconds of lids and lips, or irises, that move by that rms, % of the pupil distance or of the eye."""
    check = MicroMovement(CONTEXT)
    for frame, place in zip(stream(6), points(percent, 180), strict=True):
        check.update(moved(frame, points=tuple((x, y, 0.0) for x, y in place)), Phase.CHALLENGE, 1)
    return check


def speaking(percent, n):
    points = still(n)
    points[:, SOFT, 1] += (percent / 100 * IPD * 2**0.5 * np.sin(np.arange(n) * 2 * np.pi / 30))[:, None]
    return points


def looking(percent, n):
    """Both irises move along the eye by so much of its width."""
    points = still(n)
    for iris, outer, inner in EYES:
        across = points[:, inner] - points[:, outer]
        points[:, iris] += across * (percent / 100 * 2**0.5 * np.sin(np.arange(n) * 2 * np.pi / 30))[:, None]
    return points


@pytest.mark.parametrize(
    ("percent", "points", "reason"),
    [
        (0.0, speaking, "still"),
        (0.03, speaking, "still"),
        (0.06, speaking, "hardly_moves"),
        (0.03, looking, "still"),
        (0.06, looking, "hardly_moves"),
        (0.25, looking, "hardly_moves"),
        (0.4, looking, "moves_little"),
        (0.4, speaking, "moves_little"),
        (20.0, looking, "moves_little"),
    ],
)
def test_each_threshold_is_where_it_says(percent, points, reason):
    """A gaze that wanders keeps a face from being called still, and alone confirms nothing."""
    assert breathing(percent, points).result().reason == reason


def test_a_photo_tilted_by_hand_does_not_confirm_and_speech_does():
    alive = MicroMovementConfig().alive
    assert breathing(0.93 * alive, speaking).result().reason == "moves_little"
    assert breathing(1.15 * alive, speaking).result().outcome is Outcome.PASS
    assert TILTED_PHOTO < alive < SPEAKING


@pytest.mark.parametrize("hertz", [0.4, 0.6, 1.0])
def test_sway_is_the_slow_motion_of_the_head(hertz):
    t = np.arange(150) / 30
    places = np.stack([3 * 2**0.5 * np.sin(2 * np.pi * hertz * t), 5 * t], axis=1)
    assert sway(t, places) == pytest.approx(3.0, rel=0.25)
    assert sway(t, places[:, ::-1]) == pytest.approx(3.0, rel=0.25)


@pytest.mark.parametrize("place", [lambda t: 40 * t, lambda t: 3 * np.sin(2 * np.pi * 4 * t)], ids=["walk", "tremor"])
def test_neither_a_way_nor_a_tremor_is_sway(place):
    t = np.arange(150) / 30
    assert sway(t, np.stack([place(t), place(t)], axis=1)) < 0.3


def test_sway_is_reported_and_decides_nothing():
    still_head, moving_head = watched(stream(8, liveliness=0.0)), watched(stream(8))
    assert watched(stream(2)).features() == {}
    assert still_head.features()["sway"] < 0.1 < moving_head.features()["sway"]


@pytest.mark.realclips
def test_a_real_person_who_speaks_is_alive_and_one_who_keeps_still_is_left_open(models, real_clips):
    from liveness_server.transport.files import read_video

    said = {}
    for name in ("evm_face", "liveportrait_d13"):
        check = MicroMovement(CONTEXT)
        with FaceMeter(models, embed_interval_s=60.0) as meter:
            for _, (t, rgb) in zip(range(165), read_video(real_clips / "clips" / f"{name}.mp4"), strict=False):
                check.update(meter.observe(rgb, t), Phase.CHALLENGE, 1)
        said[name] = check.result().reason
    assert said == {"evm_face": "hardly_moves", "liveportrait_d13": "ok"}
