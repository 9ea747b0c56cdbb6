"""Region means against frames painted with known colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from liveness_server.vision import roi
from liveness_server.vision.landmarks import FaceMesh, Picture

WALL, SKIN = (10, 200, 30), (200, 150, 120)


def frame() -> Picture:
    return np.full((480, 640, 3), WALL, np.uint8)


def test_a_polygon_means_what_was_painted_in_it() -> None:
    rgb = frame()
    square = np.array([[100.0, 100.0], [140.0, 100.0], [140.0, 140.0], [100.0, 140.0]])
    cv2.fillConvexPoly(rgb, square.astype(np.int32), SKIN)
    assert roi.polygon_mean(rgb, square) == SKIN
    # Half of it moved off the paint: the mean lies half way.
    mixed = roi.polygon_mean(rgb, np.add(square, (20.5, 0.0)))
    assert mixed == pytest.approx(np.add(SKIN, WALL) / 2, abs=5)


def test_a_polygon_outside_the_frame_is_cut_and_then_empty() -> None:
    square = np.array([[-10.0, -10.0], [30.0, -10.0], [30.0, 30.0], [-10.0, 30.0]])
    assert roi.polygon_mean(frame(), square) == WALL
    assert roi.polygon_mean(frame(), square - 500) == (0.0, 0.0, 0.0)
    assert roi.polygon_mean(frame(), square + 5000) == (0.0, 0.0, 0.0)


def test_each_region_takes_its_own_colour(mesh: FaceMesh) -> None:
    rgb, regions = frame(), {"FOREHEAD": 130, "CHEEK_LEFT": 380, "CHEEK_RIGHT": 260}
    corners = np.array([[-20, -20], [20, -20], [20, 20], [-20, 20]])
    for value, (name, x) in enumerate(regions.items(), start=1):
        polygon = getattr(roi, name)
        centre = (320, 130) if name == "FOREHEAD" else (x, 240)
        mesh.points[list(polygon), :2] = [np.add(centre, corners[i % 4]) for i in range(len(polygon))]
        cv2.rectangle(rgb, np.subtract(centre, 24), np.add(centre, 24), (value, value, value), -1)
    skin = roi.skin_regions(rgb, mesh.points)
    assert (skin.forehead[0], skin.cheek_left[0], skin.cheek_right[0]) == (1, 2, 3)
    assert skin.background == WALL


def test_the_background_holds_no_face_hair_or_shoulders() -> None:
    rgb = frame()
    rgb[100:340, 120:520] = SKIN  # face 200 px wide with hair and ears of half a face on both sides
    rgb[292:] = SKIN  # shoulders, from 0.8 face heights down
    assert roi.background_mean(rgb, (220, 100, 200, 240)) == WALL


def test_both_sides_count_by_their_area() -> None:
    rgb = frame()
    rgb[:, :320], rgb[:, 320:] = (0, 0, 0), (90, 90, 90)
    # Free to the left: 100 px, to the right: 200 px.
    assert roi.background_mean(rgb, (200, 100, 140, 240))[0] == pytest.approx(90 * 230 / 360, abs=1)


@pytest.mark.parametrize("face", [(0, 0, 640, 480), (-100, -100, 900, 700), (100, -300, 400, 280)])
def test_a_face_that_fills_the_frame_leaves_no_background(face: tuple[float, float, float, float]) -> None:
    assert roi.background_mean(frame(), face) == roi.NO_BACKGROUND
