"""The cells of a face that is laid out here, so that what each must read is known."""

from __future__ import annotations

import time

import numpy as np
import pytest

from liveness_server.vision.landmarks import N_POINTS
from liveness_server.vision.occlusion import COLUMNS, ENDS, FEATURES, ROWS, SIDES, face_cells

WIDTH, HEIGHT = 200, 240
LEFT, TOP = 220, 100


def points(angle: float = 0.0) -> np.ndarray:
    """Landmarks of a face 200 x 240 pixels large, leaning clockwise by `angle` radians about its middle."""
    found = np.zeros((N_POINTS, 3))
    middle = np.array([LEFT + WIDTH / 2, TOP + HEIGHT / 2])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for pair, way in ((SIDES, (WIDTH / 2, 0)), (ENDS, (0, HEIGHT / 2))):
        for landmark, sign in zip(pair, (-1, 1), strict=True):
            found[landmark, :2] = middle + sign * turn @ np.array(way)
    return found


def layers(rgb: np.ndarray, at: np.ndarray) -> np.ndarray:
    return np.array(face_cells(rgb, at)).reshape(ROWS, COLUMNS, FEATURES)


def test_each_cell_has_the_mean_colour_of_its_place() -> None:
    rgb = np.zeros((480, 640, 3), np.uint8)
    columns = LEFT + np.linspace(0.04, 0.96, COLUMNS + 1) * WIDTH
    for number in range(COLUMNS):
        rgb[:, round(columns[number]) : round(columns[number + 1])] = (40 * number, 100, 255 - 40 * number)
    found = layers(rgb, points())
    for number in range(COLUMNS):
        assert found[:, number, 0] == pytest.approx(40 * number, abs=8)
        assert found[:, number, 1] == pytest.approx(100, abs=1)
        assert found[:, number, 2] == pytest.approx(255 - 40 * number, abs=8)


def test_structure_is_the_slope_and_nothing_on_a_plain_face() -> None:
    plain = np.full((480, 640, 3), 120, np.uint8)
    assert layers(plain, points())[..., 3].max() == 0
    ramp = np.zeros((480, 640, 3), np.uint8)
    ramp[:] = np.arange(640)[None, :, None] / 4
    a_chip_pixel = 0.92 * WIDTH / (COLUMNS * 12)
    assert layers(ramp, points())[1, 1:-1, 3] == pytest.approx(a_chip_pixel / 4, abs=0.15)


def test_cells_go_along_with_a_leaning_head() -> None:
    upper = np.zeros((480, 640, 3), np.uint8)
    upper[: TOP + HEIGHT // 2] = 200
    assert layers(upper, points())[0, :, 0].min() == 200
    leaning = layers(upper, points(np.pi / 2))
    assert leaning[:, 0, 0].min() == 200, "the face's own right is up when it leans clockwise by a quarter turn"
    assert leaning[:, -1, 0].max() == 0


def test_a_face_partly_out_of_the_frame_is_measured_all_the_same() -> None:
    rgb = np.full((480, 640, 3), 120, np.uint8)
    away = points() - (300, 0, 0)
    assert np.isfinite(face_cells(rgb, away)).all()


@pytest.mark.bench
def test_cost() -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    times = []
    for _ in range(300):
        start = time.perf_counter()
        face_cells(rgb, points())
        times.append(time.perf_counter() - start)
    print(f"face_cells: median {1e3 * np.median(times):.3f} ms a frame")
