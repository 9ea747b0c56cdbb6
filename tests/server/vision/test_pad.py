"""The print and replay network: crops and noise whose truth is known, the schedule, real stills, and no model."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from liveness_server.errors import ModelError
from liveness_server.types import CaptureTime, TextureSample
from liveness_server.vision.landmarks import Picture, bounding_box
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore
from liveness_server.vision.pad import (
    CALIBRATED_DIGEST,
    FACE_POINTS,
    PadNet,
    PadSchedule,
    chips,
    crop,
    noise_sd,
    working_picture,
)
from liveness_server.vision.picture import decode_picture

NOWHERE = np.zeros((478, 3))


@pytest.fixture(scope="module")
def store() -> ModelStore:
    """A store with the optional model, fetched where the cache lacks it; skipped where it cannot be had."""
    store = ModelStore()
    (status,) = store.fetch(roles=["pad"])
    if status.problem:
        pytest.skip(f"the optional pad model could not be fetched: {status.problem}")
    return store


@pytest.fixture(scope="module")
def net(store: ModelStore) -> PadNet:
    return PadNet(store.read("pad"))


def numbered(width: int, height: int) -> Picture:
    """Every pixel says where it is: red is x, green is y."""
    y, x = np.mgrid[:height, :width]
    return np.dstack([x, y, np.zeros_like(x)]).astype(np.uint8)


@pytest.mark.parametrize(("box", "size", "expected"), [
    ((100, 80, 20, 30), 2.0, (90, 65, 130, 125)),
    ((0, 0, 20, 30), 2.0, (0, 0, 40, 60)),
    ((180, 120, 20, 30), 2.0, (159, 89, 199, 149)),
    ((50, 0, 100, 149), 4.0, (50, 0, 150, 149)),
])  # fmt: skip
def test_crops_grow_about_the_face_and_stay_in_the_picture(
    box: tuple[float, float, float, float], size: float, expected: tuple[int, int, int, int]
) -> None:
    part = crop(numbered(200, 150), box, size)
    corners = (*part[0, 0, :2].tolist(), *part[-1, -1, :2].tolist())
    assert corners == pytest.approx(expected, abs=1)


def test_the_network_sees_the_face_close_and_from_further_away() -> None:
    seen = [
        (*chip[0, 0, :2].tolist(), *chip[-1, -1, :2].tolist()) for chip in chips(numbered(200, 150), (90, 65, 20, 20))
    ]
    assert seen == [pytest.approx((73, 48, 127, 102), abs=2), pytest.approx((60, 35, 140, 115), abs=2)]


def test_noise_is_blurred_before_the_network_sees_it() -> None:
    noise = np.random.default_rng(3).normal(128, 8, (480, 640, 1)).repeat(3, axis=2).astype(np.uint8)
    # A blur of 1 px leaves 1 / (2 sqrt(pi)) of white noise; these boxes' smaller crop is a chip's size, hardly resized.
    close, far = chips(noise, (300, 200, 47, 47))
    assert close.std() == pytest.approx(8 / (2 * np.sqrt(np.pi)), rel=0.2)
    assert far.std() < close.std()


@pytest.mark.parametrize(("width", "height", "shape", "scale"), [
    (640, 480, (480, 640), 1.0), (320, 240, (240, 320), 1.0),
    (720, 1280, (640, 360), 0.5), (1280, 960, (480, 640), 0.5),
])  # fmt: skip
def test_large_pictures_are_shrunk_and_small_ones_are_left(
    width: int, height: int, shape: tuple[int, int], scale: float
) -> None:
    picture, factor = working_picture(np.zeros((height, width, 3), np.uint8))
    assert (picture.shape[:2], factor) == (shape, scale)


@pytest.mark.parametrize("sd", [0.0, 3.0, 8.0])
def test_noise_is_measured_and_edges_are_not_noise(sd: float) -> None:
    stripes = np.where(np.arange(240)[:, None, None] // 20 % 2, 170, 90) * np.ones((240, 320, 1))
    noise = np.random.default_rng(5).normal(0, sd, (240, 320, 1)).repeat(3, axis=2)
    assert noise_sd((stripes + noise).astype(np.uint8)) == pytest.approx(sd, rel=0.1, abs=0.3)


def test_a_picture_clipped_throughout_has_no_noise_to_measure() -> None:
    assert noise_sd(np.full((100, 100, 3), 255, np.uint8)) == 0.0


class ScriptedNet:
    """A network that says what it is told."""

    def sample(self, rgb: Picture, points: object) -> TextureSample:
        return TextureSample(0.9, 1.0)


@pytest.mark.parametrize("fps", [10, 30])
def test_samples_come_by_capture_time(fps: int) -> None:
    schedule = PadSchedule(ScriptedNet())  # type: ignore[arg-type]
    due = [schedule.sample(numbered(8, 8), NOWHERE, CaptureTime(i / fps)) is not None for i in range(2 * fps + 1)]
    assert [i / fps for i, sampled in enumerate(due) if sampled] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])


def test_without_a_model_there_are_no_samples() -> None:
    assert PadSchedule(None).sample(numbered(8, 8), NOWHERE, CaptureTime(0.0)) is None


def test_the_thresholds_are_of_the_pinned_model(store: ModelStore) -> None:
    assert store.manifest.entry("pad").sha256 == CALIBRATED_DIGEST


def test_a_portrait_is_sampled_the_same_each_time(models: VisionModels, net: PadNet, grace: Picture) -> None:
    points = models.find_faces(grace)[0].points
    first = net.sample(grace, points)
    assert 0 <= first.live <= 1
    assert first.noise < 5
    assert net.sample(grace, points) == first


def test_both_views_count_alike(models: VisionModels, net: PadNet, grace: Picture) -> None:
    points = models.find_faces(grace)[0].points
    picture, scale = working_picture(grace)
    seen = [net.live(chip) for chip in chips(picture, bounding_box(points[:FACE_POINTS] * scale))]
    assert seen[0] != pytest.approx(seen[1], abs=1e-4)
    assert net.sample(grace, points).live == pytest.approx(np.mean(seen), abs=1e-4)


def without_pad(store: ModelStore, directory: Path) -> ModelStore:
    for role in ("landmarks", "embedding"):
        (directory / store.manifest.entry(role).file).symlink_to(store.path(role))
    return ModelStore(directory)


def test_a_store_without_the_optional_model_measures_all_the_rest(
    store: ModelStore, tmp_path: Path, grace: Picture
) -> None:
    models = VisionModels.load(without_pad(store, tmp_path))
    assert models.pad is None
    with FaceMeter(models) as meter:
        face = meter.observe(grace, CaptureTime(0.0)).face
    assert face is not None
    assert face.texture is None


def test_a_changed_optional_model_is_refused(store: ModelStore, tmp_path: Path) -> None:
    other = without_pad(store, tmp_path)
    (tmp_path / store.manifest.entry("pad").file).write_bytes(os.urandom(64))
    with pytest.raises(ModelError, match="not the pinned file"):
        VisionModels.load(other)


def test_a_meter_hands_the_sample_out_with_its_first_face(store: ModelStore, grace: Picture) -> None:
    with FaceMeter(VisionModels.load(store)) as meter:
        faces = [meter.observe(grace, CaptureTime(i / 30)).face for i in range(3)]
    assert [face is not None and face.texture is not None for face in faces] == [True, False, False]


@pytest.mark.realclips
def test_a_print_and_a_replay_are_told_from_a_person(models: VisionModels, net: PadNet, real_clips: Path) -> None:
    found = {}
    for still in sorted((real_clips / "pad").rglob("*.jpg")):
        rgb = decode_picture(still.read_bytes())
        found[still.parent.name] = net.sample(rgb, models.find_faces(rgb)[0].points).live
    assert found["live"] > 0.5
    assert max(found["print"], found["replay"]) < 0.1
