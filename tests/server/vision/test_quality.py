"""Sharpness and exposure of chips that were made to order."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from liveness_server.vision.landmarks import Picture
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.quality import CHIP_PX, MASK, chip_quality, face_quality


def chip(value: int) -> np.ndarray:
    return np.full((CHIP_PX, CHIP_PX), value, np.uint8)


@pytest.mark.parametrize(("value", "clipped"), [(0, 1), (15, 1), (16, 0), (128, 0), (239, 0), (240, 1), (255, 1)])
def test_an_even_chip_has_its_luma_no_sharpness_and_is_clipped_or_not(value: int, clipped: int) -> None:
    quality = chip_quality(chip(value))
    assert (quality.sharpness, quality.luma, quality.clipped) == (0, value, clipped)


def test_stripes_have_the_variance_of_their_laplacian() -> None:
    stripes = chip(100)
    stripes[:, ::2] = 110
    # Second difference across stripes of 10 grey levels: +20 and -20, so the variance is 400.
    assert chip_quality(stripes).sharpness == pytest.approx(400, rel=0.01)


def test_clipped_is_a_fraction_of_the_ellipse_only() -> None:
    half = chip(128)
    half[: CHIP_PX // 2] = 255
    assert chip_quality(half).clipped == pytest.approx(0.5, abs=0.01)
    corners = np.where(MASK > 0, 128, 255).astype(np.uint8)
    assert chip_quality(corners).clipped == 0


def test_blur_lowers_and_size_hardly_moves_the_sharpness_of_a_portrait(models: VisionModels, grace: Picture) -> None:
    (mesh,) = models.find_faces(grace)
    plain = face_quality(grace, mesh.points).sharpness
    blurred = face_quality(np.asarray(cv2.GaussianBlur(grace, (0, 0), 3)), mesh.points).sharpness
    larger = np.asarray(cv2.resize(grace, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC))
    assert blurred < plain / 4
    assert face_quality(larger, mesh.points * 1.5).sharpness == pytest.approx(plain, rel=0.25)


def test_a_dark_and_a_bright_portrait_show_in_luma_and_clipping(models: VisionModels, grace: Picture) -> None:
    (mesh,) = models.find_faces(grace)
    plain, dark = face_quality(grace, mesh.points), face_quality(grace // 8, mesh.points)
    assert dark.luma == pytest.approx(plain.luma / 8, abs=1)
    assert dark.clipped > 0.2 > plain.clipped


def test_a_face_partly_or_wholly_outside_is_measured_without_an_error() -> None:
    rgb = np.full((100, 120, 3), 80, np.uint8)
    points = np.zeros((478, 3))
    points[0, :2] = 60
    for shift in (-100, -30, 90, 5000):
        assert face_quality(rgb, points + shift).luma == 80
