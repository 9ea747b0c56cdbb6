"""Sources: frames in real time with their true times, files made on the spot, and what cannot be read."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from liveness_client import CameraSource, ConfigurationError, FrameSource, Source, SourceError, VideoFileSource
from liveness_client._media import RTP_CLOCK_HZ, SourceTrack, device_name
from liveness_client._order import Failed, Signal, SourceEnded
from liveness_client._sources import MAX_DROPS, Pacer, TimedFrame

PICTURE = np.zeros((48, 64, 3), np.uint8)


def write_video(path: Path, times: list[float], *, rotate: int = 0) -> Path:
    """Write one grey frame for each time (seconds); the left half is black."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.time_base = Fraction(1, 1000)
        if rotate:
            stream.set_display_rotation(rotate)
        for t in times:
            picture = np.full((48, 64, 3), 200, np.uint8)
            picture[:, :32] = 0
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(t * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_audio(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


async def drain(source: Source) -> list[TimedFrame]:
    await source.open()
    try:
        frames = []
        while (frame := await source.next()) is not None:
            frames.append(frame)
        return frames
    finally:
        await source.close()


# Pacing.


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def virtual(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let time pass by waiting for it only; returns the times that were waited for."""
    waited: list[float] = []

    async def wait_until(_self: Pacer, t: float) -> None:
        waited.append(t)

    monkeypatch.setattr(Pacer, "wait_until", wait_until)
    monkeypatch.setattr(Pacer, "elapsed", lambda _self: waited[-1] if waited else 0.0)
    return waited


async def test_waiting_lasts_as_long_as_it_says() -> None:
    pacer = Pacer()
    pacer.elapsed()
    await pacer.wait_until(0.05)
    assert pacer.elapsed() >= 0.05
    await pacer.wait_until(0.01)


def test_late_frames_are_dropped_but_never_all() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    assert not pacer.is_late(0.0)
    clock.now += 0.2
    assert not pacer.is_late(0.0)
    clock.now += 10
    late = [pacer.is_late(0.1) for _ in range(3 * (MAX_DROPS + 1))]
    assert late == ([True] * MAX_DROPS + [False]) * 3


async def test_plain_frames_are_stamped_at_the_pace_asked_for() -> None:
    frames = await drain(FrameSource([PICTURE] * 5, fps=50))
    assert len(frames) == 5
    assert min(np.diff([frame.t for frame in frames])) >= 0.0199


async def test_a_callable_is_asked_for_the_time_it_is_shown() -> None:
    asked: list[float] = []

    def render(t: float) -> Any:
        asked.append(t)
        return PICTURE if len(asked) < 5 else None

    frames = await drain(FrameSource(render, fps=50))
    assert [frame.t for frame in frames] == asked[:4]
    assert min(np.diff(asked)) >= 0.0199


async def test_timed_frames_keep_their_times(virtual: list[float]) -> None:
    frames = await drain(FrameSource([(0.0, PICTURE), (0.01, PICTURE), (0.05, PICTURE)]))
    assert [frame.t for frame in frames] == [0.0, 0.01, 0.05]
    assert virtual == [0.0, 0.01, 0.05]


@pytest.mark.parametrize("fps", [0, -1, 61, float("nan")])
def test_an_impossible_pace_is_refused(fps: float) -> None:
    with pytest.raises(ConfigurationError):
        FrameSource([], fps=fps)


async def _coroutine(_t: float) -> None: ...


@pytest.mark.parametrize("frames", [None, 7, _coroutine])
def test_what_makes_no_frames_is_refused(frames: Any) -> None:
    with pytest.raises(ConfigurationError):
        FrameSource(frames)


# Files.


async def test_a_file_plays_in_real_time_with_its_true_times(tmp_path: Path, virtual: list[float]) -> None:
    times = [0.0, 0.02, 0.1, 0.13, 0.2, 0.22]
    frames = await drain(VideoFileSource(write_video(tmp_path / "uneven.mkv", times)))
    assert [frame.t for frame in frames] == pytest.approx(times, abs=0.0015)
    assert virtual == pytest.approx(times, abs=0.0015)
    assert {(frame.picture.width, frame.picture.height) for frame in frames} == {(64, 48)}  # type: ignore[union-attr]


async def test_a_file_is_shown_upright(tmp_path: Path) -> None:
    path = write_video(tmp_path / "turned.mp4", [0.0, 0.04], rotate=90)
    frame = (await drain(VideoFileSource(path)))[0].picture
    assert isinstance(frame, av.VideoFrame)
    assert (frame.width, frame.height) == (48, 64)
    grey = frame.to_ndarray(format="gray")
    # Turned by 90 degrees counterclockwise, the black left half lies at the bottom.
    assert grey[:28].mean() > 150
    assert grey[-28:].mean() < 50


@pytest.mark.usefixtures("virtual")
async def test_a_loop_goes_on_in_time(tmp_path: Path) -> None:
    source = VideoFileSource(write_video(tmp_path / "short.mkv", [0.0, 0.02, 0.04]), loop=True)
    await source.open()
    times = [(await source.next()).t for _ in range(8)]  # type: ignore[union-attr]
    await source.close()
    assert min(np.diff(times)) > 0
    assert times[3] - times[2] == pytest.approx(1 / 30, abs=0.002)
    assert times[3:6] == pytest.approx([times[3], times[3] + 0.02, times[3] + 0.04], abs=0.002)


async def test_every_file_that_is_no_video_says_what_it_is(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    empty = tmp_path / "empty.mp4"
    empty.touch()
    header = tmp_path / "no_frames.y4m"
    header.write_bytes(b"YUV4MPEG2 W64 H48 F30:1 Ip A1:1 C420jpeg\n")
    cases = {
        tmp_path / "absent.mp4": "not_found",
        text: "unreadable",
        empty: "unreadable",
        tmp_path: "unreadable",
        write_audio(tmp_path / "sound.wav"): "no_video",
        header: "empty",
    }
    for path, reason in cases.items():
        with pytest.raises(SourceError) as refused:
            await drain(VideoFileSource(path))
        assert refused.value.reason == reason, path
        assert str(tmp_path) not in str(refused.value)


# Camera.


@pytest.mark.skipif(sys.platform != "linux", reason="names of Linux")
async def test_an_absent_camera_is_said_to_be_absent() -> None:
    with pytest.raises(SourceError) as refused:
        await drain(CameraSource(97))
    assert refused.value.reason == "camera_unavailable"
    assert "/dev/video97" in str(refused.value)


async def test_a_camera_is_read_as_it_comes_after_warming_up() -> None:
    """FFmpeg's test picture stands for a camera: same code, another input format."""
    source = CameraSource("testsrc=size=320x240:rate=30", input_format="lavfi")
    source._options.clear()
    await source.open()
    times = [(await source.next()).t for _ in range(3)]  # type: ignore[union-attr]
    await source.close()
    assert times[0] == pytest.approx(10 / 30)
    assert np.diff(times) == pytest.approx([1 / 30] * 2)


@pytest.mark.parametrize(
    ("device", "input_format", "name"),
    [
        (0, "v4l2", "/dev/video0"),
        ("/dev/video2", "v4l2", "/dev/video2"),
        (1, "avfoundation", "1"),
        ("HD Camera", "dshow", "video=HD Camera"),
        ("video=HD Camera", "dshow", "video=HD Camera"),
    ],
)
def test_cameras_are_named_as_the_platform_names_them(device: int | str, input_format: str, name: str) -> None:
    assert device_name(device, input_format) == name


def test_windows_cameras_have_no_number() -> None:
    with pytest.raises(ConfigurationError, match="dshow"):
        device_name(0, "dshow")


# The track.


class Listed(Source):
    def __init__(self, *times: float) -> None:
        self.frames = [TimedFrame(t, PICTURE) for t in times]

    async def next(self) -> TimedFrame | None:
        return self.frames.pop(0) if self.frames else None


async def test_the_track_stamps_frames_with_the_source_s_times() -> None:
    signals: list[Signal] = []
    track = SourceTrack(Listed(7.0, 7.5, 7.4, 7.5, 8.0), signals.append)
    frames = [await track.recv() for _ in range(3)]
    assert [frame.pts for frame in frames] == [0, RTP_CLOCK_HZ // 2, RTP_CLOCK_HZ]
    assert {frame.time_base for frame in frames} == {Fraction(1, RTP_CLOCK_HZ)}
    with pytest.raises(MediaStreamError):
        await track.recv()
    assert signals == [SourceEnded()]


async def test_a_view_of_an_array_is_taken_as_it_looks() -> None:
    mirrored = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)[:, ::-1]
    source = Listed(0.0)
    source.frames = [TimedFrame(0.0, mirrored)]
    signals: list[Signal] = []
    frame = await SourceTrack(source, signals.append).recv()
    assert (frame.to_ndarray(format="rgb24") == mirrored).all()
    assert not any(isinstance(signal, Failed) for signal in signals)
