"""Homographies that are known, and what is left of motion that has none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from liveness_server.vision.homography import homography, planar_residual, project
from planes import Placement, held

Array = NDArray[np.float64]


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
