"""Pose and openness against angles and ratios that were put in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from liveness_server.vision import geometry
from liveness_server.vision import landmarks as lm
from liveness_server.vision.landmarks import FaceMesh


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Head matrix, y up, of a head that leans by `roll`, then nods by `pitch`, then turns by `yaw` degrees."""
    y, p, r = np.radians((yaw, pitch, -roll))
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = about_y @ about_x @ about_z
    matrix[:3, 3] = (3.0, -2.0, -50.0)
    return matrix


angles = st.floats(-60, 60)


@given(angles, angles, angles, st.floats(0.5, 2.0))
def test_pose_is_the_angles_that_were_put_in_at_any_scale(yaw: float, pitch: float, roll: float, scale: float) -> None:
    matrix = rotation(yaw, pitch, roll)
    matrix[:3, :3] *= scale
    pose = geometry.pose(matrix)
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=2e-3)


def test_signs_are_those_of_the_unmirrored_image() -> None:
    # The nose is the z axis: to the right in the image for yaw, down (y is up) for pitch.
    right, down, clockwise = rotation(20, 0, 0), rotation(0, 20, 0), rotation(0, 0, 20)
    assert right[0, 2] > 0
    assert geometry.pose(right).yaw == 20.0
    assert down[1, 2] < 0
    assert geometry.pose(down).pitch == 20.0
    # Leaning clockwise, the face's x axis points down at image right.
    assert clockwise[1, 0] < 0
    assert geometry.pose(clockwise).roll == 20.0


def test_eye_aspect_ratio_is_gap_over_width(mesh: FaceMesh) -> None:
    assert geometry.eye_aspect_ratio(mesh.points) == pytest.approx(12 / 40)


def test_closing_one_eye_halves_the_mean(mesh: FaceMesh) -> None:
    for lid in (160, 158, 153, 144):
        mesh.points[lid, 1] = 180
    assert geometry.eye_aspect_ratio(mesh.points) == pytest.approx(12 / 40 / 2)


def test_pupil_distance_is_measured_in_space(mesh: FaceMesh) -> None:
    assert geometry.ipd(mesh.points) == 80
    mesh.points[473, 2] = 60
    assert geometry.ipd(mesh.points) == 100


def test_aspect_and_mouth_ratios(mesh: FaceMesh) -> None:
    expression = geometry.expression(mesh, 80.0)
    assert geometry.aspect(mesh.points) == pytest.approx(120 / 150)
    assert (expression.mouth_gap, expression.mouth_width) == (0.1, 0.75)


def test_blendshapes_reach_the_right_fields(mesh: FaceMesh) -> None:
    shapes = np.arange(lm.N_BLENDSHAPES) / 100
    expression = geometry.expression(replace(mesh, blendshapes=shapes), 80.0)
    assert (expression.blink_left, expression.blink_right) == (0.09, 0.10)
    assert (expression.look_down, expression.jaw_open, expression.smile) == (0.115, 0.25, 0.445)


def test_a_degenerate_mesh_gives_finite_numbers() -> None:
    flat = FaceMesh(np.zeros((lm.N_POINTS, 3)), np.zeros(lm.N_BLENDSHAPES), np.eye(4))
    assert geometry.expression(flat, 0.0).ear == 0.0
    assert geometry.aspect(flat.points) == 0.0
