"""Alignment against transforms that were put in, and two persons who must stay two."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveness_server.vision.embedding import CHIP_PX, TEMPLATE, aligned_chip, five_points, similarity
from liveness_server.vision.landmarks import FaceMesh, Picture
from liveness_server.vision.matching import MatchDecision, cosine, decide
from liveness_server.vision.measure import VisionModels


@given(st.floats(-180, 180), st.floats(0.2, 5), st.floats(-500, 500), st.floats(-500, 500))
def test_similarity_recovers_angle_scale_and_shift(angle: float, scale: float, dx: float, dy: float) -> None:
    turn = np.radians(angle)
    truth = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = TEMPLATE @ truth.T + (dx, dy)
    np.testing.assert_allclose(similarity(TEMPLATE, moved), np.column_stack([truth, (dx, dy)]), atol=1e-9)


def test_similarity_never_mirrors() -> None:
    mirrored = TEMPLATE * (-1, 1)
    matrix = similarity(TEMPLATE, mirrored)
    assert np.linalg.det(matrix[:, :2]) >= 0


def test_points_in_one_place_give_a_finite_matrix() -> None:
    assert np.isfinite(similarity(np.zeros((5, 2)), TEMPLATE)).all()


def test_five_points_are_pupils_nose_tip_and_mouth_corners(mesh: FaceMesh) -> None:
    expected = [(280, 180), (360, 180), (320, 230), (290, 280), (350, 280)]
    np.testing.assert_array_equal(five_points(mesh.points), expected)


def test_the_chip_shows_the_five_points_where_the_template_wants_them(mesh: FaceMesh) -> None:
    mesh.points[:, :2] = (320, 230)
    mesh.points[[468, 473, 61, 291], :2] = (TEMPLATE * 2 + 200)[[0, 1, 3, 4]]
    mesh.points[[1, 4], :2] = TEMPLATE[2] * 2 + 200
    rgb = np.zeros((600, 600, 3), np.uint8)
    for x, y in np.round(TEMPLATE * 2 + 200).astype(int):
        cv2.circle(rgb, (x, y), 4, (255, 255, 255), -1)
    chip = aligned_chip(rgb, mesh.points)
    assert chip.shape == (CHIP_PX, CHIP_PX, 3)
    assert all(chip[round(y), round(x), 0] == 255 for x, y in TEMPLATE)


def test_embeddings_are_unit_vectors_and_the_same_every_time(models: VisionModels, grace: Picture) -> None:
    (mesh,) = models.find_faces(grace)
    embedding = models.embedder.embed(grace, mesh.points)
    assert len(embedding) == 128
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)
    assert models.embedder.embed(grace, mesh.points) == embedding
    assert cosine(embedding, embedding) == pytest.approx(1)


def test_turning_scaling_and_dimming_a_portrait_keep_the_person(models: VisionModels, grace: Picture) -> None:
    (mesh,) = models.find_faces(grace)
    original = models.embedder.embed(grace, mesh.points)
    turned = cv2.warpAffine(grace, cv2.getRotationMatrix2D((256, 200), 15, 0.7), (512, 606))
    for other in (np.asarray(turned), grace // 2):
        (found,) = models.find_faces(other)
        assert cosine(original, models.embedder.embed(other, found.points)) > 0.85


def test_two_persons_are_rejected(models: VisionModels, grace: Picture, astronaut: Picture) -> None:
    (one,), (other,) = models.find_faces(grace), models.find_faces(astronaut)
    similar = cosine(models.embedder.embed(grace, one.points), models.embedder.embed(astronaut, other.points))
    assert decide(similar) is MatchDecision.REJECT
