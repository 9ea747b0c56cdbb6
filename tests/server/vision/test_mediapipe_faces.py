"""MediaPipe behind our protocol: the same numbers as its public API, any width, any order of timestamps."""

from __future__ import annotations

import numpy as np
import pytest

from liveness_server.errors import ModelError
from liveness_server.types import CaptureTime
from liveness_server.vision.landmarks import Picture
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.mediapipe_faces import MediaPipeFinder, MediaPipeTracker
from liveness_server.vision.runtimes import mediapipe_base_options


def public_result(bundle: bytes, frames: list[Picture]) -> list[object]:
    import mediapipe
    from mediapipe.tasks.python import vision

    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe_base_options(bundle),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        images = [mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frame) for frame in frames]
        return [landmarker.detect_for_video(image, 40 * i) for i, image in enumerate(images)]


def test_the_arrays_are_what_the_public_api_says(models: VisionModels, grace: Picture) -> None:
    frames = [np.ascontiguousarray(np.roll(grace, 3 * i, axis=1)) for i in range(3)]
    tracker = MediaPipeTracker(models.bundle)
    for i, expected in enumerate(public_result(models.bundle, frames)):
        mesh = tracker.track(frames[i], CaptureTime(0.04 * i))
        assert mesh is not None
        height, width = grace.shape[:2]
        points = [(p.x * width, p.y * height, p.z * width) for p in expected.face_landmarks[0]]  # type: ignore[attr-defined]
        np.testing.assert_allclose(mesh.points, points, rtol=1e-6)
        np.testing.assert_array_equal(mesh.matrix, expected.facial_transformation_matrixes[0])  # type: ignore[attr-defined]
        scores = [shape.score for shape in expected.face_blendshapes[0]]  # type: ignore[attr-defined]
        np.testing.assert_array_equal(mesh.blendshapes, np.float32(scores))
    tracker.close()


@pytest.mark.parametrize("width", [511, 509, 507])
def test_odd_widths_and_padded_rows_find_the_same_face(models: VisionModels, grace: Picture, width: int) -> None:
    padded = grace[:, :width]
    assert not padded.flags.c_contiguous, "a view with padded rows, as PyAV hands out"
    tracker = MediaPipeTracker(models.bundle)
    mesh = tracker.track(padded, CaptureTime(0.0))
    tracker.close()
    (expected,) = models.find_faces(grace)
    assert mesh is not None
    assert np.abs(mesh.points[:, :2] - expected.points[:, :2]).max() < 3


def test_repeated_and_backward_times_are_still_tracked(models: VisionModels, grace: Picture) -> None:
    tracker = MediaPipeTracker(models.bundle)
    times = (5.0, 5.0, 5.0004, 4.0, 1e6)
    assert all(tracker.track(grace, CaptureTime(t)) is not None for t in times)
    tracker.close()


def test_the_finder_sees_two_faces_side_by_side_and_none_in_an_empty_room(
    models: VisionModels, grace: Picture, astronaut: Picture
) -> None:
    finder = MediaPipeFinder(models.bundle)
    left, right = grace[40:440, 60:460], astronaut[:400, 30:430]
    boxes = sorted(finder.boxes(np.hstack([left, right])), key=lambda box: box.x)
    assert [round(box.x + box.w / 2) for box in boxes] == [0, 1]
    assert finder.boxes(np.full((480, 640, 3), 120, np.uint8)) == []
    finder.close()


def test_a_bundle_without_a_detector_is_a_model_error() -> None:
    with pytest.raises(ModelError, match=r"holds no face_detector\.tflite"):
        MediaPipeFinder(b"no zip")
