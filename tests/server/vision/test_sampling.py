"""When samples are due: the grid that files are measured on, and the drawn times of a live session."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveness_server.challenges.plan import Draw
from liveness_server.types import CaptureTime
from liveness_server.vision import measure, pad, seams, surround
from liveness_server.vision.landmarks import Picture
from liveness_server.vision.measure import EMBED_INTERVAL_S, FaceMeter, VisionModels
from liveness_server.vision.sampling import JITTER, Cadence, Unforeseen, Uniform, cadence

FPS = 30.0
INTERVALS_S = (
    measure.EMBED_INTERVAL_S,
    measure.COUNT_INTERVAL_S,
    pad.INTERVAL_S,
    surround.INTERVAL_S,
    seams.INTERVAL_S,
)


def secret(number: int) -> Uniform:
    """A source as a live session has one, but one that can be had twice."""
    return Draw(number.to_bytes(32, "big")).uniform


def due(cadence: Cadence, seconds: float, fps: float = FPS) -> list[int]:
    """Frames of a stream that are due."""
    return [i for i in range(round(seconds * fps)) if cadence.due(CaptureTime(i / fps))]


def gaps_s(frames: list[int], fps: float = FPS) -> list[float]:
    return [(after - before) / fps for before, after in pairwise(frames)]


def test_without_a_secret_the_grid_is_the_one_that_everything_was_measured_on() -> None:
    assert due(cadence(EMBED_INTERVAL_S, None), 3.0) == list(range(0, 90, 10))
    assert due(cadence(measure.COUNT_INTERVAL_S, None), 1.0) == list(range(0, 30, 5))


@pytest.mark.parametrize("interval_s", INTERVALS_S)
def test_drawn_intervals_have_the_same_mean_and_stay_in_their_range(interval_s: float) -> None:
    fps = 1000.0
    gaps = gaps_s(due(cadence(interval_s, secret(1)), 600 * interval_s, fps), fps)
    assert np.mean(gaps) == pytest.approx(interval_s, rel=0.02)
    assert min(gaps) > (1 - JITTER) * interval_s - 2 / fps
    assert max(gaps) < (1 + JITTER) * interval_s + 2 / fps


@pytest.mark.parametrize("interval_s", INTERVALS_S)
@pytest.mark.parametrize("fps", [10.0, 24.0, 30.0])
def test_drawn_samples_are_no_fewer_than_those_of_the_grid(interval_s: float, fps: float) -> None:
    """A frame stands for every drawn moment before it, so that rounding up to frames is not added up as on the grid."""
    grid = len(due(cadence(interval_s, None), 40 * interval_s, fps))
    drawn = [len(due(cadence(interval_s, secret(number)), 40 * interval_s, fps)) for number in range(30)]
    assert grid - 1 <= np.mean(drawn) <= 42
    assert min(drawn) >= 0.8 * grid


def test_the_shortest_capture_holds_two_embeddings_even_of_the_longest_intervals() -> None:
    slowest = due(Unforeseen(EMBED_INTERVAL_S, lambda low, high: high), 10.0)
    assert 2 * max(gaps_s(slowest)) < 1.2, "Timing.capture_s, and `match` wants two"


def test_the_same_secret_is_the_same_times_and_another_is_not() -> None:
    rows = [tuple(due(cadence(EMBED_INTERVAL_S, secret(number)), 8.0)) for number in (1, 1, *range(2, 20))]
    assert rows[0] == rows[1]
    assert len(set(rows)) == 19


@pytest.mark.parametrize("frame", [31, 47, 90])
def test_every_frame_is_as_likely_as_another(frame: int) -> None:
    """A frame of 30 a second is one of 9.6 in the mean; four standard deviations of 2000 draws are 0.028."""
    hits = sum(frame in due(cadence(EMBED_INTERVAL_S, secret(number)), (frame + 1) / FPS) for number in range(2000))
    assert hits / 2000 == pytest.approx(1 / 9.6, abs=0.028)


def test_a_face_that_is_away_again_and_again_gives_no_free_time() -> None:
    """Each return is sampled at once and the drawn times run on: what comes after it is sampled, too."""
    after_return = [0] * 7
    for number in range(40):
        row = cadence(EMBED_INTERVAL_S, secret(number))
        for i in range(210):
            if i % 7 == 0:
                row.at_once()
            else:
                after_return[i % 7] += row.due(CaptureTime(i / FPS))
    assert after_return[1] == 40 * 30
    assert min(after_return[2:]) > 40 * 30 / 9.6 / 2


def test_frames_left_out_give_no_free_time() -> None:
    """Six frames and a gap of 0.3 s, so that much of what is due falls into the gap."""
    hits = [0] * 6
    for number in range(40):
        row = cadence(EMBED_INTERVAL_S, secret(number))
        for i in range(300):
            if i % 15 < 6:
                hits[i % 15] += row.due(CaptureTime(i / FPS))
    assert min(hits[1:]) > 40 * 20 / 9.6 / 2


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=30), st.integers(0, 1000))
def test_leaps_of_the_clock_cost_few_draws_and_never_stop_the_samples(steps: list[float], number: int) -> None:
    asked, uniform = [0], secret(number)

    def counted(low: float, high: float) -> float:
        asked[0] += 1
        return uniform(low, high)

    row, t = Unforeseen(EMBED_INTERVAL_S, counted), 0.0
    for step in steps:
        t += step
        row.due(CaptureTime(t))
    assert asked[0] <= 17 * len(steps)
    assert row.due(CaptureTime(t + 0.5))
    assert row.due(CaptureTime(0.0)) or t < 0.5, "a clock that steps back begins anew"


def test_an_interval_of_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        cadence(0.0, secret(1))


def embedded(models: VisionModels, frame: Picture, uniform: Uniform | None) -> list[int]:
    with FaceMeter(models, uniform=uniform) as meter:
        seen = [meter.observe(frame, CaptureTime(i / FPS)).face for i in range(60)]
    return [i for i, face in enumerate(seen) if face is not None and face.embedding is not None]


def test_two_secrets_embed_other_frames_of_one_stream_and_one_secret_the_same(
    models: VisionModels, grace: Picture
) -> None:
    first, again, other = (embedded(models, grace, secret(number)) for number in (1, 1, 2))
    assert first == again != other
    assert embedded(models, grace, None) == list(range(0, 60, 10))
