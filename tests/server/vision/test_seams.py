"""Seams: a drawn head whose motion against its landmarks, joint, noise, colours and highlights are known."""

from __future__ import annotations

from dataclasses import astuple
from math import log

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from liveness_server.types import CaptureTime, SeamSample
from liveness_server.vision.flow import CONFIG, OVAL, corners
from liveness_server.vision.landmarks import EYE_CORNERS, STABLE, Picture
from liveness_server.vision.seam_regions import LIPS_INNER, LIPS_OUTER
from liveness_server.vision.seams import INTERVAL_S, IPD_PX, Seams

Array = NDArray[np.float64]

X, Y = 320.0, 240.0
CENTRE = np.array([X, Y])
OVAL_PX = np.array([58.0, 80.0])
"""Half axes of the drawn outline. Pupils are 48 px apart, so that a chip is as large as the frame shows the head."""
IRIS_PX = 5.0
NECK = (slice(325, 385), slice(270, 370))
SKIN_RGB = (200.0, 150.0, 130.0)


def ellipse(count: int, axes: Array, middle: Array = CENTRE) -> Array:
    angle = 2 * np.pi * np.arange(count) / count
    return middle + np.column_stack([axes[0] * np.sin(angle), -axes[1] * np.cos(angle)])


def landmarks(lips_px: float = 2.0) -> Array:
    """Landmarks (478, 3) of the drawn head; those that no region asks for lie in its middle."""
    points = np.tile(CENTRE, (478, 1))
    points[list(OVAL)] = ellipse(len(OVAL), OVAL_PX)
    points[list(STABLE)] = ellipse(len(STABLE), np.array([30.0, 25.0]), np.array([X, Y - 20]))
    points[list(EYE_CORNERS)] = [(X + x, Y - 30) for x in (-34, -14, 14, 34)]
    points[list(LIPS_OUTER)] = ellipse(len(LIPS_OUTER), np.array([22.0, 8.0 + lips_px / 2]), np.array([X, Y + 38]))
    points[list(LIPS_INNER)] = ellipse(len(LIPS_INNER), np.array([17.0, lips_px / 2]), np.array([X, Y + 38]))
    points[17] = (X, Y + 50)
    points[13], points[14] = (X, Y + 38 - lips_px / 2), (X, Y + 38 + lips_px / 2)
    for x, centre, rim, lids in ((-24, 468, (469, 471), (159, 145)), (24, 473, (474, 476), (386, 374))):
        points[centre] = (X + x, Y - 30)
        points[list(rim)] = [(X + x - IRIS_PX, Y - 30), (X + x + IRIS_PX, Y - 30)]
        points[list(lids)] = [(X + x, Y - 34), (X + x, Y - 26)]
    return np.column_stack([points, np.zeros(478)])


def textured(seed: int, contrast: float = 12.0) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(0, 1, (480, 640)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return np.asarray(contrast * soft / soft.std(), np.float32)


def inside(axes: Array = OVAL_PX) -> NDArray[np.bool_]:
    y, x = np.mgrid[:480, :640]
    return np.asarray((((x - CENTRE[0]) / axes[0]) ** 2 + ((y - CENTRE[1]) / axes[1]) ** 2) < 1)


def head(*, skin: tuple[float, float] = (0, 0), room: tuple[float, float] = (0, 0)) -> NDArray[np.float32]:
    """RGB of a textured face before a textured room, either moved by parts of a pixel."""
    face, wall = (_moved(textured(seed), by) for seed, by in ((1, skin), (2, room)))
    grey = np.where(inside(1.05 * OVAL_PX), face, wall)
    return np.asarray(grey[..., None] + np.array(SKIN_RGB), np.float32)


def _moved(picture: NDArray[np.float32], by: tuple[float, float]) -> NDArray[np.float32]:
    shift = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float32)
    return np.asarray(cv2.warpAffine(picture, shift, (640, 480), borderMode=cv2.BORDER_REFLECT), np.float32)


def as_picture(values: NDArray[np.float32]) -> Picture:
    return np.ascontiguousarray(np.rint(values).clip(0, 255).astype(np.uint8))


def three(*frames: NDArray[np.float32], points: Array | None = None, step_s: float = 1 / 30) -> SeamSample | None:
    seams, mesh = Seams(), landmarks() if points is None else points
    results = [seams.update(as_picture(frame), mesh, CaptureTime(i * step_s)) for i, frame in enumerate(frames)]
    assert results[:2] == [None, None]
    return results[2]


def sample(*frames: NDArray[np.float32], points: Array | None = None) -> SeamSample:
    found = three(*frames, points=points)
    assert found is not None
    return found


def test_a_head_that_moves_as_a_whole_shows_nothing() -> None:
    """Shift, turn and growth of picture and landmarks together."""
    seams, found = Seams(), None
    for i in range(3):
        matrix = cv2.getRotationMatrix2D((X, Y), 4.0 * i, 1 + 0.02 * i)
        matrix[:, 2] += (3 * i, -2 * i * i)
        moved = landmarks()
        moved[:, :2] = moved[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        frame = cv2.warpAffine(head(), matrix, (640, 480), borderMode=cv2.BORDER_REFLECT)
        found = seams.update(as_picture(np.asarray(frame, np.float32)), moved, CaptureTime(i / 30))
    assert found is not None
    assert found.landmarks == pytest.approx((0.0, 0.0), abs=1.0)  # 0.05 px
    assert found.around == pytest.approx((0.0, 0.0), abs=1.0)
    assert found.around_roll == pytest.approx(0.0, abs=1.0)


def test_motion_against_the_landmarks_is_what_was_added() -> None:
    """All of the picture 0.6 px right and 0.3 px up in the middle frame: so much is hp, too."""
    moved = (0.6, -0.3)
    found = sample(head(), head(skin=moved, room=moved), head())
    assert found.landmarks == pytest.approx(1e3 * np.array(moved) / IPD_PX, abs=1.5)
    assert found.around == pytest.approx((0.0, 0.0), abs=1.5)


def test_a_steady_drift_is_no_tremor() -> None:
    found = sample(*(head(skin=(0.4 * i, 0), room=(0.4 * i, 0)) for i in range(3)))
    assert found.landmarks == pytest.approx((0.0, 0.0), abs=1.5)


def test_motion_of_the_face_against_its_surroundings_is_what_was_added() -> None:
    found = sample(head(), head(room=(0.8, 0)), head())
    assert found.landmarks == pytest.approx((0.0, 0.0), abs=1.5)
    assert found.around == pytest.approx((-1e3 * 0.8 / IPD_PX, 0.0), abs=3.0)


def test_a_turn_of_the_surroundings_is_what_was_added() -> None:
    matrix = cv2.getRotationMatrix2D((X, Y), -0.5, 1.0)  # clockwise in the image
    room = np.asarray(cv2.warpAffine(textured(2), matrix, (640, 480), borderMode=cv2.BORDER_REFLECT), np.float32)
    face = inside(1.05 * OVAL_PX)
    turned = np.where(face[..., None], head(), room[..., None] + np.array(SKIN_RGB, np.float32))
    assert sample(head(), turned, head()).around_roll == pytest.approx(-1e3 * np.radians(0.5), rel=0.25)


def test_flicker_of_the_joint_is_weighed_against_what_is_around_it() -> None:
    """Alternating light of 8 levels on the outline and of 2 around it."""
    ring = inside(1.1 * OVAL_PX) & ~inside(0.88 * OVAL_PX)
    bright = head() + np.where(ring, 4.0, 1.0)[..., None].astype(np.float32)
    dark = head() - np.where(ring, 4.0, 1.0)[..., None].astype(np.float32)
    assert sample(dark, bright, dark).ring_flicker == pytest.approx(log(4), abs=0.1)


def test_a_smoothed_joint_has_fewer_edges_than_the_skin() -> None:
    ring = (inside(1.15 * OVAL_PX) & ~inside(0.85 * OVAL_PX))[..., None]
    grain = head() + np.random.default_rng(5).normal(0, 6, (480, 640, 1)).astype(np.float32)
    smooth = np.where(ring, cv2.GaussianBlur(grain, (0, 0), 3.0), grain)
    plain, smoothed = sample(grain, grain, grain).ring_edges, sample(smooth, smooth, smooth).ring_edges
    assert plain == pytest.approx(0.0, abs=0.1)
    assert smoothed is not None
    assert smoothed < -0.8


def test_noise_above_the_chin_is_weighed_against_the_neck() -> None:
    noise = np.random.default_rng(6).normal(0, 1, (480, 640, 1)).astype(np.float32)
    noisy = head() + noise * np.where(inside()[..., None], 9.0, 3.0)
    assert sample(noisy, noisy, noisy).chin_noise == pytest.approx(log(3), abs=0.25)


def test_the_step_in_colour_at_the_chin_and_its_flicker() -> None:
    """12 more of blue is 6.0 of Cb and 1.0 of Cr less; in the middle frame 20, which is 10 and 1.6."""
    frames = []
    for more in (12.0, 20.0, 12.0):
        frame = head()
        frame[NECK] += (0, 0, more)
        frames.append(frame)
    found = sample(*frames)
    assert found.neck_step == pytest.approx(np.hypot(0.5 * 20, 0.0813 * 20), abs=0.1)
    assert found.neck_flicker == pytest.approx(np.hypot(0.5 * 8, 0.0813 * 8), abs=0.1)


def test_a_neck_in_a_collar_is_not_compared() -> None:
    frame = head()
    frame[NECK] = (60, 80, 160)
    found = sample(frame, frame, frame)
    assert (found.neck_step, found.neck_flicker, found.chin_noise) == (None, None, None)


def test_redness_varies_over_the_skin_by_what_was_added() -> None:
    """Half of the face 20 redder is 10 of Cr: a standard deviation of 5."""
    frame = head()
    frame[:, :320] += (20, 0, 0)
    # 20 more of red in half of the face; 8-bit Cr is 0.713 (R - Y), of which Y takes 0.299: 0.5 each.
    assert sample(frame, frame, frame).redness_spread == pytest.approx(5.0, abs=0.6)


def test_the_inside_of_a_mouth_is_looked_at_only_when_it_is_open() -> None:
    mouth = np.zeros((480, 640), np.uint8)
    cv2.ellipse(mouth, (320, 278), (17, 9), 0, 0, 360, 1, -1)
    bright = head() + np.where(mouth[..., None], 10.0, 2.0).astype(np.float32)
    assert sample(head(), bright, head()).mouth_flicker is None
    assert sample(head(), bright, head(), points=landmarks(18.0)).mouth_flicker == pytest.approx(log(5), abs=0.15)


def test_lips_without_structure_have_fewer_edges_than_the_skin() -> None:
    frame = head() + np.random.default_rng(7).normal(0, 6, (480, 640, 1)).astype(np.float32)
    frame[262:296, 295:346] = SKIN_RGB
    found = sample(frame, frame, frame).lip_edges
    assert found is not None
    assert found < -1.0


@pytest.mark.parametrize(("left", "right", "expected"), [
    ((2, -2), (2, -2), 0.0),
    ((2, -2), (-2, -2), 4 / IRIS_PX),
    ((0, 3), (0, -1), 4 / IRIS_PX),
])  # fmt: skip
def test_highlights_of_both_eyes_lie_alike_or_not(
    left: tuple[int, int], right: tuple[int, int], expected: float
) -> None:
    frame = head() - 80
    for x, (dx, dy) in ((296, left), (344, right)):
        frame[210 + dy - 1 : 210 + dy + 2, x + dx - 1 : x + dx + 2] = 255
    assert sample(frame, frame, frame).highlights == pytest.approx(expected, abs=0.25)


def test_closed_eyes_have_no_highlights() -> None:
    points = landmarks()
    points[[159, 145], 1] = points[468, 1]
    assert sample(head(), head(), head(), points=points).highlights is None


def test_without_corners_there_is_no_motion() -> None:
    plain = np.full((480, 640, 3), SKIN_RGB, np.float32)
    found = sample(plain, plain, plain)
    assert (found.landmarks, found.around, found.around_roll) == (None, None, None)
    assert found.ring_flicker == 0.0


@pytest.mark.parametrize("edge", [0, 60, 200])
def test_corners_of_a_part_are_those_of_the_whole_picture(edge: int) -> None:
    grey, mask = textured(5).astype(np.uint8), np.zeros((480, 640), np.uint8)
    mask[edge : edge + 220, edge : edge + 260] = 255
    whole = cv2.goodFeaturesToTrack(grey, CONFIG.corners, CONFIG.min_quality, 6.0, mask=mask)
    np.testing.assert_array_equal(corners(grey, mask, 6.0), whole.reshape(-1, 2))
    assert corners(grey, np.zeros_like(mask), 6.0).shape == (0, 2)


def test_frames_far_apart_are_no_neighbours() -> None:
    assert three(head(), head(), head(), step_s=0.11) is None


def test_samples_come_every_few_seconds_and_not_across_a_lost_face() -> None:
    seams, frame, points, came = Seams(), as_picture(head()), landmarks(), []
    for i in range(300):
        t = CaptureTime(i / 30)
        if i == 91:
            seams.reset()
        if seams.update(frame, points, t) is not None:
            came.append(float(t))
    assert came == pytest.approx([2 / 30, 2 * INTERVAL_S + 2 / 30, 3 * INTERVAL_S + 2 / 30])


def test_a_sample_can_be_written_down_and_read_back() -> None:
    found = sample(head(skin=(0.5, 0)), head(), head(), points=landmarks(18.0))
    assert msgspec.json.decode(msgspec.json.encode(found), type=SeamSample) == found
    assert None not in astuple(found)


def test_a_head_at_the_edge_of_the_picture_is_measured_all_the_same() -> None:
    points = landmarks() - (300, 100, 0)
    found = sample(head(), head(), head(), points=points)
    assert found.ring_flicker == 0.0
