"""What the rendered attacks are, read back by the server's own vision or frame by frame."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from liveness_server.evaluation.attacks import SPECIES, PortraitSource
from liveness_server.evaluation.attacks.optics import Camera, Placement, Sheet, cylinder_map, flat, homography, page
from liveness_server.evaluation.attacks.streams import DEVICE_FPS, STRETCH
from liveness_server.types import CaptureTime
from liveness_server.vision.matching import cosine
from liveness_server.vision.measure import FaceMeter, VisionModels
from server.evaluation.attacks.conftest import SIZE

EVERY = 3
"""Frames between two that are measured: 10 a second follow a swing of 4 s."""


def measured(
    models: VisionModels, name: str, *, seconds: float, every: int = EVERY, seed: int = 0, embed_interval_s: float = 1e6
):
    source = PortraitSource("hopper", models.bundle, seconds=seconds)
    with FaceMeter(models, embed_interval_s=embed_interval_s) as meter:
        frames = enumerate(SPECIES[name].render(source, seed, (480, 360)))
        found = [meter.observe(rgb, t).face for number, (t, rgb) in frames if number % every == 0]
    assert all(found), "the face was lost"
    return found


def yaw_reach(faces) -> float:
    return max(abs(face.pose.yaw - faces[0].pose.yaw) for face in faces)


def test_a_flat_print_tilted_25_degrees_hardly_turns(models):
    assert yaw_reach(measured(models, "flat_print", seconds=3.2, every=5)) < 7


def test_a_bent_print_turns_more_but_not_as_a_head_does(models):
    assert 7 < yaw_reach(measured(models, "bent_print", seconds=3.2, every=5)) < 18


def test_eyes_blink_in_the_holes_of_a_print_and_nowhere_else(models):
    assert blink_rise(measured(models, "print_eye_holes", seconds=1.8, every=2)) > 0.12
    assert blink_rise(measured(models, "flat_print", seconds=1.8, every=5)) < 0.08


def blink_rise(faces) -> float:
    """Largest rise of the blink blendshapes over their median."""
    closed = [(face.expression.blink_left + face.expression.blink_right) / 2 for face in faces]
    return float(max(closed) - np.median(closed))


def test_a_swap_is_another_person_from_the_switch_on(models):
    before, after = 0.45, 0.75
    faces = measured(models, "swap_after", seconds=1.5, embed_interval_s=0.0)
    first, last = faces[: round(before * len(faces))], faces[round(after * len(faces)) :]
    assert min(cosine(faces[0].embedding, face.embedding) for face in first) > 0.7
    assert max(cosine(faces[0].embedding, face.embedding) for face in last) < 0.55


def test_frozen_frames_repeat_to_the_end(rendered):
    frames = [rgb for _, rgb in rendered("frozen_frames")]
    same = [np.array_equal(a, b) for a, b in pairwise(frames)]
    start = same.index(True)
    assert 0.25 * len(frames) < start < 0.55 * len(frames)
    assert all(same[start:])


def test_looped_video_recurs(rendered):
    frames = [rgb for _, rgb in rendered("looped_video")]
    length = next(n for n in range(1, len(frames)) if np.array_equal(frames[n], frames[0]))
    assert length == pytest.approx(0.4 * len(frames), abs=1)
    assert all(np.array_equal(frames[n], frames[n - length]) for n in range(length, len(frames)))


def test_spliced_leaves_a_piece_out(source_frames, rendered):
    frames = [rgb for _, rgb in rendered("spliced")]
    where = [index_of(rgb, source_frames) for rgb in frames]
    steps = np.diff(where)
    assert sorted(set(steps))[0] == 1
    assert 0.7 * 30 <= sorted(set(steps))[1] <= 1.6 * 30 + 1
    assert np.count_nonzero(steps != 1) == 1


def test_time_warped_speeds_up_and_slows_down(models):
    source = PortraitSource("hopper", models.bundle, seconds=4.0)
    own = source.frames((160, 120))
    originals = [next(own) for _ in range(170)]
    where = [index_of(rgb, originals) for _, rgb in SPECIES["time_warped"].render(source, 1, (160, 120))]
    steps = np.diff(where)
    assert {0, 1, 2} >= set(steps)
    assert len(set(steps)) > 1
    assert np.ptp([steps[n : n + 20].mean() for n in range(len(steps) - 20)]) > 0.25


def test_retimed_stream_stretches_its_capture_times(source_frames, rendered):
    times = [t for t, _ in rendered("retimed")]
    factors = [t / own for t, (own, _) in zip(times[1:], source_frames[1:], strict=False)]
    assert STRETCH[0] <= factors[0] <= STRETCH[1]
    np.testing.assert_allclose(factors, factors[0])


def test_a_virtual_camera_shows_every_sixth_picture_twice(rendered):
    frames = [rgb for _, rgb in rendered("virtual_camera_timing")]
    twice = [n for n in range(1, len(frames)) if np.array_equal(frames[n], frames[n - 1])]
    assert set(np.diff(twice)) == {round(30 / (30 - DEVICE_FPS))}


def test_the_pulsed_photo_beats_all_over(models):
    source = PortraitSource("hopper", models.bundle, seconds=1.5)
    frames = [rgb for _, rgb in SPECIES["brightness_pulsed_photo"].render(source, 1, SIZE)]
    left, right = (np.array([rgb[:, part].mean() for rgb in frames]) for part in (slice(0, 100), slice(-100, None)))
    assert np.ptp(left / left.mean()) == pytest.approx(0.016, abs=0.006)
    assert np.corrcoef(left, right)[0, 1] > 0.99


def test_a_sheet_is_seen_where_the_pinhole_puts_it():
    camera, sheet = Camera((640, 480)), Sheet(page(np.full((100, 200, 3), 255, np.uint8)), 1.0)
    seen = flat(sheet, Placement(600.0, x=60.0), camera)
    columns = np.flatnonzero(seen[240, :, 3] > 128)
    # 200 mm at 600 mm with a focal length of 600 px, 60 mm to the right of the axis.
    assert columns[0] == pytest.approx(319.5 - 100 + 60, abs=1)
    assert columns[-1] == pytest.approx(319.5 + 100 + 60, abs=1)
    turned = homography(sheet, Placement(600.0, yaw=90.0 - 1e-6), camera) @ (0, 0, 1)
    assert turned[0] / turned[2] == pytest.approx(319.5, abs=0.01)


def test_a_cylinder_shows_its_middle_in_the_middle_and_wraps_away():
    camera, sheet = Camera((640, 480)), Sheet(page(np.zeros((200, 300, 3), np.uint8)), 1.0)
    where = cylinder_map(sheet, Placement(400.0), camera, 80.0)
    middle = where[where.shape[0] // 2, where.shape[1] // 2 - 1 : where.shape[1] // 2 + 1].mean(0)
    assert middle[0] == pytest.approx(149.5, abs=0.01)
    # sin(30 deg) * 80 mm = 40 mm aside lies 30 degrees = 41.9 mm along the paper, 10.7 mm deeper.
    column = 319.5 + 600 * 40 / (400 + 80 * (1 - np.cos(np.pi / 6)))
    row = where[where.shape[0] // 2, :, 0]
    assert np.interp(column, np.arange(len(row)) * 4 + 1.5, row) == pytest.approx(149.5 + 80 * np.pi / 6, abs=0.1)


def index_of(rgb, frames: list[tuple[CaptureTime, np.ndarray]]) -> int:
    return next(number for number, (_, own) in enumerate(frames) if np.array_equal(rgb, own))
