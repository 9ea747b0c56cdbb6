"""Video files made here with known content: rotation, variable frame rate, odd widths, and every kind of broken."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from liveness_server.errors import MediaError
from liveness_server.transport.files import file_stats, read_video, upright, video_duration

RED, BLUE = (200, 30, 30), (30, 30, 200)


def write_video(path: Path, times_ms: Sequence[int], size: tuple[int, int] = (64, 48), codec: str = "mpeg4") -> Path:
    """A video whose frames are red above and blue below."""
    width, height = size
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[: height // 2], rgb[height // 2 :] = RED, BLUE
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for ms in times_ms:
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turn_on_display(path: Path) -> None:
    """Write a phone's note "turn 90 degrees clockwise" into the MP4 track header."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    one = 1 << 16
    data[at : at + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 48 * one, 0, 1 << 30)
    path.write_bytes(data)


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        for start in range(0, 48000, 1024):
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read(path: Path) -> tuple[int, str]:
    """How many frames were read, and the reason it ended for: empty at a regular end."""
    count = 0
    try:
        for _ in read_video(path):
            count += 1
    except MediaError as error:
        return count, error.reason
    return count, ""


def reason(path: Path) -> str:
    return read(path)[1]


def test_times_are_the_files_own_even_at_a_variable_frame_rate(tmp_path: Path) -> None:
    times = [0, 33, 47, 120, 121, 300]
    frames = list(read_video(write_video(tmp_path / "vfr.mp4", times)))
    seen = [t - frames[0][0] for t, _ in frames]
    assert seen == pytest.approx([ms / 1000 for ms in times], abs=1e-4)


@pytest.mark.parametrize("width", [64, 70, 90, 360])
def test_any_width_gives_contiguous_rows_with_the_right_colours(tmp_path: Path, width: int) -> None:
    for _, rgb in read_video(write_video(tmp_path / "wide.mp4", [0, 33], (width, 48))):
        assert rgb.shape == (48, width, 3)
        assert rgb.flags.c_contiguous
        assert np.abs(rgb[5].astype(int) - RED).max() < 25
        assert np.abs(rgb[-5].astype(int) - BLUE).max() < 25


def test_a_phones_rotation_is_applied(tmp_path: Path) -> None:
    path = write_video(tmp_path / "phone.mp4", [0, 33])
    turn_on_display(path)
    for _, rgb in read_video(path):
        assert rgb.shape == (64, 48, 3)
        assert rgb.flags.c_contiguous
        # Turned clockwise, what was above is at the right.
        assert np.abs(rgb[32, -5].astype(int) - RED).max() < 25
        assert np.abs(rgb[32, 5].astype(int) - BLUE).max() < 25


@pytest.mark.parametrize(("angle", "corner"), [(0, (0, 0)), (90, (2, 0)), (180, (2, 1)), (-90, (0, 1)), (270, (0, 1))])
def test_upright_moves_the_first_pixel_where_it_belongs(angle: int, corner: tuple[int, int]) -> None:
    rgb = np.zeros((2, 3, 3) if angle in (90, -90, 270) else (3, 2, 3), np.uint8)
    rgb[0, 0] = 255
    assert upright(rgb, angle)[corner][0] == 255


def test_duration_is_known_before_reading(tmp_path: Path) -> None:
    path = write_video(tmp_path / "second.mp4", range(0, 1000, 40))
    assert video_duration(path) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("name", "encoder", "codec"),
    [("a.mp4", "mpeg4", "MPEG4"), ("a.webm", "libvpx", "VP8"), ("b.mp4", "libx264", "H264")],
)
def test_what_a_file_would_have_been_as_a_stream(tmp_path: Path, name: str, encoder: str, codec: str) -> None:
    path = write_video(tmp_path / name, range(0, 2000, 40), codec=encoder)
    stats = file_stats(path)
    assert (stats.codec, stats.fps) == (codec, pytest.approx(25.0, abs=0.1))
    assert 0.3 < stats.bitrate * 2.0 / (8 * path.stat().st_size) < 1.0, "all but the container"
    assert stats.declared_fps == pytest.approx(25.0, abs=0.5) or encoder == "libvpx"
    assert (stats.packets, stats.lost) == (0, 0)


def test_a_single_frame_has_no_rate(tmp_path: Path) -> None:
    stats = file_stats(write_video(tmp_path / "one.mp4", [0]))
    assert (stats.fps, stats.bitrate) == (0.0, 0.0)


def test_files_that_are_no_video(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("hello " * 1000)
    assert reason(tmp_path / "missing.mp4") == "not_found"
    assert reason(tmp_path / "empty.mp4") == "empty"
    assert reason(tmp_path / "text.mp4") == "unreadable"
    assert reason(tmp_path) == "unreadable"
    assert reason(write_sound(tmp_path / "sound.m4a")) == "no_video"


def test_reading_refuses_at_once_not_at_the_first_frame(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        read_video(tmp_path / "missing.mp4")
    with pytest.raises(MediaError):
        file_stats(tmp_path / "missing.mp4")
    with pytest.raises(MediaError):
        video_duration(write_sound(tmp_path / "sound.m4a"))


def test_a_playlist_in_the_place_of_a_video_fetches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "video.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/video.ts\n#EXT-X-ENDLIST\n")
    assert reason(path) in {"unreadable", "no_frames", "no_video"}


@pytest.mark.parametrize("name", ["cut.mp4", "cut.webm"])
def test_a_cut_file_is_unreadable_or_ends_early_but_never_crashes(tmp_path: Path, name: str) -> None:
    codec = "mpeg4" if name.endswith("mp4") else "libvpx"
    path = write_video(tmp_path / name, range(0, 3000, 33), (320, 240), codec)
    data = path.read_bytes()
    whole, _ = read(path)
    for share in (0.02, 0.3, 0.7, 0.99):
        path.write_bytes(data[: int(len(data) * share)])
        count, ended = read(path)
        assert count <= whole
        assert ended in {"", "unreadable", "truncated", "no_frames", "no_video"}


def test_damage_in_the_middle_never_crashes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "damaged.mp4", range(0, 1000, 33), (320, 240))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 200
    data[start : start + 800] = np.random.default_rng(7).bytes(800)
    path.write_bytes(data)
    count, ended = read(path)
    assert count > 0
    assert ended in {"", "truncated"}
