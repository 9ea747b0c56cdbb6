"""The landmark network and the face detector as MediaPipe 1.2.2 runs them.

The landmarker tracks, so there is one per stream and it must be closed. It follows one face only: with `num_faces=2`
MediaPipe drops its temporal smoothing and runs the detector on every frame. Second faces are found by the same
bundle's detector instead, every now and then.

Importing this module loads no MediaPipe; making a tracker, finder or picture search does (1 s, once).
"""

from __future__ import annotations

import ctypes
import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..types import Box, CaptureTime
from .landmarks import FaceMesh, Picture
from .runtimes import mediapipe_base_options


class MediaPipeTracker:
    """`LandmarkTracker` by the FaceLandmarker task, one face, video mode."""

    def __init__(self, bundle: bytes) -> None:
        from mediapipe.tasks.python import vision  # noqa: PLC0415

        self._landmarker = _landmarker(bundle, vision.RunningMode.VIDEO, faces=1)
        self._origin: CaptureTime | None = None
        self._last_ms = -1

    def track(self, rgb: Picture, t: CaptureTime) -> FaceMesh | None:
        """Return the face of the next frame, or None."""
        found = _detect(self._landmarker, "MpFaceLandmarkerDetectForVideo", rgb, self._next_ms(t))
        return found[0] if found else None

    def close(self) -> None:
        """Free the landmarker; left open, it prints a TypeError when the interpreter exits."""
        self._landmarker.close()

    def _next_ms(self, t: CaptureTime) -> int:
        """Capture time in whole ms, strictly increasing even where a stream repeats a time or steps back."""
        if self._origin is None:
            self._origin = t
        self._last_ms = max(self._last_ms + 1, round((t - self._origin) * 1000))
        return self._last_ms


class MediaPipeFinder:
    """`FaceFinder` by the short-range detector (BlazeFace) inside the landmark bundle."""

    def __init__(self, bundle: bytes) -> None:
        from mediapipe.tasks.python import vision  # noqa: PLC0415

        base = mediapipe_base_options(_bundled(bundle, "face_detector.tflite"))
        self._detector = vision.FaceDetector.create_from_options(vision.FaceDetectorOptions(base_options=base))

    def boxes(self, rgb: Picture) -> list[Box]:
        """Return the boxes of all faces of a picture."""
        height, width = rgb.shape[:2]
        found = [detection.bounding_box for detection in self._detector.detect(_image(rgb)).detections]
        return [Box(b.origin_x / width, b.origin_y / height, b.width / width, b.height / height) for b in found]

    def close(self) -> None:
        """Free the detector."""
        self._detector.close()


def find_faces(bundle: bytes, rgb: Picture, *, limit: int = 2) -> list[FaceMesh]:
    """Find up to `limit` faces of a single picture, without tracking."""
    from mediapipe.tasks.python import vision  # noqa: PLC0415

    with _landmarker(bundle, vision.RunningMode.IMAGE, faces=limit) as landmarker:
        return _detect(landmarker, "MpFaceLandmarkerDetectImage", rgb)


def _landmarker(bundle: bytes, mode: Any, *, faces: int) -> Any:
    from mediapipe.tasks.python import vision  # noqa: PLC0415

    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe_base_options(bundle),
        running_mode=mode,
        num_faces=faces,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    return vision.FaceLandmarker.create_from_options(options)


def _bundled(bundle: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            return archive.read(name)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"the landmarks bundle holds no {name}") from error


def _image(rgb: Picture) -> Any:
    """Wrap a picture for MediaPipe, which misreads padded rows (a crop, a PyAV view) without an error."""
    import mediapipe  # noqa: PLC0415

    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))


def _detect(landmarker: Any, function: str, rgb: Picture, *timestamp_ms: int) -> list[FaceMesh]:
    """Call the landmarker's C function and copy its result into arrays.

    The public `detect_for_video` builds 530 Python objects a frame: 2.3 of 13.7 ms, with the interpreter lock held.
    Reading the C structures takes 0.1 ms. They belong to the pinned MediaPipe; a test holds this against the public
    method.
    """
    from mediapipe.tasks.python.vision.face_landmarker import MpFaceLandmarkerResultC  # noqa: PLC0415

    height, width = rgb.shape[:2]
    image, result, library = _image(rgb), MpFaceLandmarkerResultC(), landmarker._lib
    getattr(library, function)(landmarker._handle, image._image_ptr, None, *timestamp_ms, ctypes.byref(result))
    try:
        return [_mesh(result, i, width, height) for i in range(result.face_landmarks_count)]
    finally:
        library.MpFaceLandmarkerCloseResult(ctypes.byref(result))


def _mesh(result: Any, i: int, width: int, height: int) -> FaceMesh:
    landmarks, categories = result.face_landmarks[i], result.face_blendshapes[i]
    points = _floats(landmarks.landmarks, landmarks.landmarks_count, "x", "y", "z")
    shapes = _floats(categories.categories, categories.categories_count, "score")
    matrix = result.facial_transformation_matrixes[i].to_numpy()
    # z is normalised like x, by the width of the picture.
    return FaceMesh(points * (width, height, width), shapes[:, 0], matrix.astype(np.float64))


def _floats(pointer: Any, count: int, *fields: str) -> NDArray[np.float64]:
    """Copy float fields of `count` C structures behind a pointer; returns shape (count, len(fields))."""
    structure = pointer._type_
    words = np.frombuffer(ctypes.string_at(pointer, count * ctypes.sizeof(structure)), np.float32)
    columns = [getattr(structure, field).offset // 4 for field in fields]
    return words.reshape(count, -1)[:, columns].astype(np.float64)
