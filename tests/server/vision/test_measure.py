"""From frame to observation: portraits whose content is known, and the schedule of the costly parts."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from PIL import Image

from liveness_server.errors import ModelError
from liveness_server.types import Box, CaptureTime, Face, FaceObservation
from liveness_server.vision.landmarks import KEPT, SLOT, Picture
from liveness_server.vision.measure import COUNT_INTERVAL_S, BystanderWatch, FaceMeter, VisionModels, overlap
from liveness_server.vision.models import ModelStore

EMPTY_ROOM: Picture = np.full((480, 640, 3), 90, np.uint8)


def observe(models: VisionModels, frames: list[Picture], fps: float = 30.0, **settings: int) -> list[FaceObservation]:
    with FaceMeter(models, **settings) as meter:
        return [meter.observe(frame, CaptureTime(i / fps)) for i, frame in enumerate(frames)]


def only_face(models: VisionModels, frame: Picture) -> Face:
    (observation,) = observe(models, [frame])
    assert observation.face is not None
    return observation.face


def test_a_portrait_is_one_frontal_face_with_open_eyes(models: VisionModels, astronaut: Picture) -> None:
    (observation,) = observe(models, [astronaut])
    face = observation.face
    assert face is not None
    assert (observation.faces, observation.width, observation.height) == (1, 512, 512)
    assert abs(face.pose.yaw) < 8
    assert abs(face.pose.roll) < 8
    assert face.expression.ear > 0.2
    assert max(face.expression.blink_left, face.expression.blink_right) < 0.3
    assert 0.1 < face.box.w < 0.3
    assert len(face.points) == len(KEPT)


def test_a_portrait_is_upright_and_leans_as_far_as_it_is_turned(models: VisionModels, astronaut: Picture) -> None:
    straight = only_face(models, astronaut).pose
    clockwise = np.asarray(Image.fromarray(astronaut).rotate(-20, center=(224, 120)))
    assert only_face(models, clockwise).pose.roll - straight.roll == pytest.approx(20, abs=3)


def test_a_mirrored_portrait_has_the_opposite_yaw_and_swapped_eyes(models: VisionModels, grace: Picture) -> None:
    face, mirrored = only_face(models, grace), only_face(models, grace[:, ::-1])
    assert mirrored.pose.yaw == pytest.approx(-face.pose.yaw, abs=3)
    assert face.points[SLOT[468]][0] < face.points[SLOT[473]][0], "468 is the pupil at image left"


def test_a_picture_that_changes_its_size_is_followed_on(models: VisionModels, astronaut: Picture) -> None:
    """As a browser does on a slow line; at each place of a window, so that all that is followed meets it."""
    edges = [512] * 33 + [256] * 29 + [384] * 25 + [128] * 31 + [512] * 40
    frames = [np.asarray(Image.fromarray(astronaut).resize((edge, edge))) for edge in edges]
    found = observe(models, frames)
    assert [seen.width for seen in found] == edges
    assert [seen.faces for seen in found].count(1) > 150
    planes = [seen.face.plane for seen in found if seen.face and seen.face.plane]
    assert planes
    assert max(plane.residual for plane in planes) < 1.0


def test_an_empty_room_has_no_face(models: VisionModels) -> None:
    (observation,) = observe(models, [EMPTY_ROOM])
    assert observation == FaceObservation(CaptureTime(0.0), 640, 480, 0, None)


def test_two_faces_side_by_side_are_two_and_the_tracked_one_stays(
    models: VisionModels, grace: Picture, astronaut: Picture
) -> None:
    left, right = grace[40:440, 60:460], astronaut[:400, 30:430]
    alone, both = np.hstack([left, np.zeros_like(right)]), np.hstack([left, right])
    frames = [alone] * 5 + [both] * 10 + [alone] * 10
    observations = observe(models, frames)
    counts = [observation.faces for observation in observations]
    delay = round(COUNT_INTERVAL_S * 30) + 1
    assert counts[:5] == [1] * 5
    assert set(counts[5 + delay : 15]) == {2}
    assert set(counts[15 + delay :]) == {1}
    centres = [o.face.box.x + o.face.box.w / 2 for o in observations if o.face]
    assert max(centres) - min(centres) < 0.02


def test_embeddings_come_first_every_kth_and_after_an_absence(models: VisionModels, grace: Picture) -> None:
    frames = [grace] * 7 + [EMPTY_ROOM] + [grace] * 4
    observations = observe(models, frames, embed_interval_s=0.09)
    seen = [bool(o.face and o.face.embedding) for o in observations]
    assert observations[7].face is None
    assert [i for i, embedded in enumerate(seen) if embedded] == [0, 3, 6, 8, 11]


def test_a_transcript_holds_an_observation_exactly_and_briefly(models: VisionModels, grace: Picture) -> None:
    (observation,) = observe(models, [grace])
    text = msgspec.json.encode(observation)
    assert msgspec.json.decode(text, type=FaceObservation) == observation
    assert len(text) < 4000
    without = replace(observation, face=replace(only_face(models, grace), embedding=None))
    assert len(msgspec.json.encode(without)) < 2800


def test_the_same_frames_give_the_same_observations(models: VisionModels, grace: Picture) -> None:
    frames = [np.roll(grace, 2 * i, axis=1) for i in range(4)]
    assert observe(models, frames) == observe(models, frames)


class ScriptedFinder:
    """A finder that says what it is told and counts how often it is asked."""

    def __init__(self, boxes: list[Box]) -> None:
        self.found = boxes
        self.asked = 0

    def boxes(self, rgb: Picture) -> list[Box]:
        self.asked += 1
        return self.found

    def close(self) -> None: ...


def test_bystanders_are_looked_for_by_time_not_by_frame() -> None:
    face = Box(0.3, 0.2, 0.3, 0.5)
    finder = ScriptedFinder([Box(0.32, 0.3, 0.25, 0.35)])
    watch = BystanderWatch(finder)
    assert [watch.others(EMPTY_ROOM, CaptureTime(0.01 * i), face) for i in range(31)] == [0] * 31
    assert finder.asked == 3
    finder.found = [Box(0.7, 0.3, 0.2, 0.3)]
    assert watch.others(EMPTY_ROOM, CaptureTime(0.31), face) == 0, "not searched yet"
    assert watch.others(EMPTY_ROOM, CaptureTime(0.46), face) == 1
    assert watch.others(EMPTY_ROOM, CaptureTime(0.1), face) == 1, "a clock that steps back searches again"
    assert finder.asked == 5


def test_overlap_of_known_boxes() -> None:
    assert overlap(Box(0, 0, 1, 1), Box(0, 0, 1, 1)) == 1
    assert overlap(Box(0, 0, 1, 1), Box(0.5, 0, 1, 1)) == pytest.approx(1 / 3)
    assert overlap(Box(0, 0, 1, 1), Box(2, 0, 1, 1)) == 0
    assert overlap(Box(0, 0, 0, 0), Box(0, 0, 0, 0)) == 0


def test_models_that_are_not_there_refuse_to_load(tmp_path: object) -> None:
    with pytest.raises(ModelError, match="models fetch"):
        VisionModels.load(ModelStore(tmp_path))  # type: ignore[arg-type]
