"""The tables of indices, and what the bounding box says."""

from __future__ import annotations

from liveness_server.vision import geometry, roi
from liveness_server.vision import landmarks as lm
from liveness_server.vision.landmarks import FaceMesh, bounding_box


def test_kept_points_are_few_unique_and_in_range() -> None:
    assert len(lm.KEPT) == len(set(lm.KEPT)) <= 70
    assert all(0 <= landmark < lm.N_POINTS for landmark in (*lm.KEPT, *roi.FOREHEAD, *roi.CHEEK_LEFT, *roi.CHEEK_RIGHT))


def test_slots_lead_back_to_their_landmarks() -> None:
    assert [lm.KEPT[slot] for slot in lm.SLOT.values()] == list(lm.SLOT)


def test_everything_an_eye_ratio_or_the_aspect_needs_is_kept() -> None:
    assert {point for eye in geometry.EYES for point in eye} | {10, 2, 168, *lm.IRISES, *lm.MOUTH} <= set(lm.KEPT)


def test_blendshape_positions_are_mediapipes_own() -> None:
    from mediapipe.tasks.python.vision.face_landmarker import Blendshapes

    ours = {name: value for name, value in vars(lm).items() if name in Blendshapes.__members__}
    assert len(ours) == 7
    assert ours == {name: Blendshapes[name].value for name in ours}
    assert len(Blendshapes) == lm.N_BLENDSHAPES


def test_bounding_box(mesh: FaceMesh) -> None:
    assert bounding_box(mesh.points) == (220, 100, 200, 240)
