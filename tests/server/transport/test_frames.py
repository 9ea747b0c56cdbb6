"""Arrays are contiguous and true in colour at any width; timestamps that cannot be true are refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from av import VideoFrame

from liveness_server.transport.frames import MIN_SPACING_S, CaptureClock, to_rgb

RTP = Fraction(1, 90_000)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (360, 640), (361, 241), (35, 33), (1, 1)])
def test_rows_are_contiguous_and_left_and_right_keep_their_colours(width: int, height: int) -> None:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2 + 1] = (200, 30, 60)
    rgb = to_rgb(VideoFrame.from_ndarray(picture, format="rgb24"))
    assert rgb.shape == (height, width, 3)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    np.testing.assert_array_equal(rgb, picture)


def test_planar_yuv_of_an_odd_width_comes_out_as_wide_as_it_is() -> None:
    grey = np.full((36, 362, 3), 128, np.uint8)
    rgb = to_rgb(VideoFrame.from_ndarray(grey, format="rgb24").reformat(format="yuv420p"))
    assert rgb.shape == (36, 362, 3)
    assert np.abs(rgb.astype(int) - 128).max() <= 2


def at(pts: int | None) -> VideoFrame:
    frame = VideoFrame(2, 2)
    frame.pts, frame.time_base = pts, RTP
    return frame


def test_capture_time_is_pts_times_time_base_whatever_the_arrival_jitter() -> None:
    clock = CaptureClock()
    times = [clock.read(at(3000 * i), 500 + i / 30 + jitter) for i, jitter in enumerate((0, 0.2, 0.05, 0.0, 0.4))]
    assert times == pytest.approx([0, 1 / 30, 2 / 30, 3 / 30, 4 / 30])
    assert clock.refused == 0


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(None, id="none"),
        pytest.param(30_000, id="repeated"),
        pytest.param(27_000, id="backwards"),
        pytest.param(2**32 + 33_000, id="taken for a wrap"),
        pytest.param(33_000 + 5 * 90_000, id="ahead of real time"),
    ],
)
def test_an_impossible_timestamp_is_refused_and_the_next_good_one_taken(wrong: int | None) -> None:
    clock = CaptureClock()
    assert clock.read(at(30_000), 10.0) is not None
    assert clock.read(at(wrong), 10.03) is None
    assert clock.read(at(36_000), 10.07) == pytest.approx(0.4)
    assert clock.refused == 1


def test_a_capture_clock_at_half_speed_is_found_out() -> None:
    clock = CaptureClock(max_drift_s=3.0)
    times = [clock.read(at(1500 * i), i / 30) for i in range(300)]
    first_refused = times.index(None)
    assert 5.9 < first_refused / 30 < 6.2
    assert times[first_refused:] == [None] * (300 - first_refused)


def test_frames_that_come_faster_than_any_camera_s_are_left_out_and_not_called_impossible() -> None:
    clock = CaptureClock()
    times = [clock.read(at(180 * i), i / 500) for i in range(500)]
    taken = [t for t in times if t is not None]
    assert min(np.diff(taken)) >= MIN_SPACING_S
    assert len(taken) == 63, "every eighth of 500 a second"
    assert (clock.thinned, clock.refused) == (500 - 63, 0)


@pytest.mark.parametrize("jitter_s", [0.0, 0.0008])
def test_every_frame_of_a_camera_of_60_a_second_is_taken(jitter_s: float) -> None:
    clock = CaptureClock()
    times = [clock.read(at(round(90_000 * (i / 60 + jitter_s * (i % 2)))), i / 60) for i in range(120)]
    assert None not in times
