"""The presenter as a picture: whose face it is, its pulse, its noise, its speed, and what its behaviours do to it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import detrend

from liveness_server.errors import ConfigError
from liveness_server.evaluation.presenter import PORTRAITS, Answer, Behaviour, Presenter, portrait
from liveness_server.types import CaptureTime, FaceObservation
from liveness_server.vision.matching import cosine
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.picture import only_face

Picture = NDArray[np.uint8]
Observe = Callable[[Picture], FaceObservation]


@pytest.fixture
def observe(models: VisionModels) -> Observe:
    """Measure a single frame by itself, embedding included."""

    def observe(frame: Picture) -> FaceObservation:
        meter = FaceMeter(models)
        try:
            return meter.observe(frame, CaptureTime(0.0))
        finally:
            meter.close()

    return observe


def template(models: VisionModels, name: str) -> tuple[float, ...]:
    picture = portrait(name)
    return models.embedder.embed(picture, only_face(models, picture).points)


def turned(name: str, kind: str) -> Picture:
    presenter = Presenter(name, seed=1)
    presenter.prompt(kind, 0.0)
    return presenter.frame(1.2)


@pytest.mark.parametrize("name", sorted(PORTRAITS))
def test_identity_survives_rendering(name: str, models: VisionModels, observe: Observe) -> None:
    own = template(models, name)
    frames = {"rest": Presenter(name, seed=1).frame(0.0)} | {k: turned(name, k) for k in ("turn_left", "turn_right")}
    scores = {}
    for pose, frame in frames.items():
        face = observe(frame).face
        assert face is not None
        assert face.embedding is not None
        scores[pose] = round(cosine(face.embedding, own), 3)
    print(f"{name}: cosine to its own portrait {scores}")
    assert scores.pop("rest") >= 0.6
    assert min(scores.values()) >= 0.5


def test_the_two_portraits_are_two_persons(models: VisionModels, observe: Observe) -> None:
    faces = [observe(Presenter(name, seed=1).frame(0.0)).face for name in PORTRAITS]
    one, other = (face.embedding for face in faces if face is not None)
    assert one is not None
    assert other is not None
    assert cosine(one, other) < 0.3


def test_same_seed_and_prompts_give_the_same_frames() -> None:
    def play(seed: int) -> list[Picture]:
        presenter = Presenter("hopper", seed=seed)
        presenter.prompt("blink", 0.0)
        return [presenter.frame(t) for t in (0.0, 0.5, 0.55)]

    first, again, other = play(3), play(3), play(4)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720)])
def test_frames_have_the_size_asked_for(size: tuple[int, int], observe: Observe) -> None:
    frame = Presenter("hopper", seed=1, size=size).frame(0.0)
    assert frame.shape == (size[1], size[0], 3)
    assert frame.dtype == np.uint8
    assert frame.flags.c_contiguous
    face = observe(frame).face
    assert face is not None
    assert 0.25 <= face.box.w <= 0.33


def test_pulse_is_there_and_only_on_the_skin() -> None:
    """Sample the middle of the cheeks and of the backdrop, where sway moves neither edge in."""
    presenter = Presenter("hopper", seed=2, pulse_bpm=72.0)
    frames = [presenter.frame(i / 30) for i in range(600)]
    cheek = detrend([float(f[245:275, 275:300, 1].mean()) for f in frames])
    wall = detrend([float(f[60:200, 560:630, 1].mean()) for f in frames])
    bpm = 60 * np.fft.rfftfreq(8192, 1 / 30)
    band = (bpm > 42) & (bpm < 180)
    spectrum, control = (np.abs(np.fft.rfft(signal * np.hanning(600), 8192)) for signal in (cheek, wall))
    found = float(bpm[band][spectrum[band].argmax()])
    print(f"pulse of 72 bpm found at {found:.1f} bpm")
    assert abs(found - 72) <= 1
    assert control[np.abs(bpm - 72) < 2].max() < 0.1 * spectrum[band].max()


def test_still_picture_shows_noise_only() -> None:
    presenter = Presenter("hopper", seed=1, behaviour=Behaviour(Answer.STILL))
    presenter.prompt("turn_left", 0.0)
    first, later = (presenter.frame(t).astype(int) for t in (0.0, 1.2))
    assert 1 < np.std(later - first) < 4
    assert abs(float((later - first).mean())) < 0.05


def test_swap_shows_the_other_person_in_the_same_place(models: VisionModels, observe: Observe) -> None:
    presenter = Presenter("hopper", seed=1, behaviour=Behaviour(swap_step=2))
    before = observe(presenter.frame(0.0)).face
    presenter.prompt("blink", 0.0)
    presenter.prompt("blink", 5.0)
    after = observe(presenter.frame(5.0)).face
    assert before is not None
    assert after is not None
    assert before.embedding is not None
    assert after.embedding is not None
    assert abs(before.box.x - after.box.x) < 0.03
    assert cosine(before.embedding, after.embedding) < 0.3


def test_second_face_is_seen_as_one(observe: Observe) -> None:
    presenter = Presenter("hopper", seed=1, behaviour=Behaviour(second_face_at=1.0))
    assert [observe(presenter.frame(t)).faces for t in (0.9, 1.0)] == [1, 2]


def test_vanished_face_leaves_a_backdrop(observe: Observe) -> None:
    presenter = Presenter("astronaut", seed=1, behaviour=Behaviour(vanish_at=1.0))
    assert [observe(presenter.frame(t)).faces for t in (0.9, 1.0)] == [1, 0]


def test_cut_moves_the_face_further_than_a_head_moves(observe: Observe) -> None:
    presenter = Presenter("hopper", seed=1, behaviour=Behaviour(cut_at=1.0))
    before, after = (observe(presenter.frame(t)).face for t in (0.99, 1.0))
    assert before is not None
    assert after is not None
    centres = [(face.box.x + face.box.w / 2) * 640 for face in (before, after)]
    assert centres[1] - centres[0] > 0.5 * before.ipd_px


def test_unknown_portrait_names_the_choices() -> None:
    with pytest.raises(ConfigError, match="hopper, astronaut"):
        Presenter("lena", seed=1)


@pytest.mark.bench
@pytest.mark.parametrize("kind", ["turn_left", "move_closer"])
def test_frame_time(kind: str) -> None:
    presenter = Presenter("hopper", seed=1)
    presenter.prompt(kind, 0.0)
    times = []
    for i in range(60):
        start = time.perf_counter()
        presenter.frame(i / 30)
        times.append(time.perf_counter() - start)
    print(
        f"{kind}: median {1e3 * np.median(times):.1f} ms a frame, 95th percentile {1e3 * np.percentile(times, 95):.1f}"
    )
