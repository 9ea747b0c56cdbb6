"""Frames of a video file with their true capture times, upright, as the analysis of a live stream gets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from av.stream import Disposition
from numpy.typing import NDArray

from ..errors import MediaError
from ..types import CaptureTime, ServerTime, StreamStats
from .frames import to_rgb

Picture = NDArray[np.uint8]

OPEN_OPTIONS = {"protocol_whitelist": "file"}
"""A playlist in the place of a video must not make this machine fetch an address."""


def read_video(path: Path) -> Iterator[tuple[CaptureTime, Picture]]:
    """Open a video file and return its frames as (capture time, RGB (h, w, 3)), one at a time.

    Capture time is `pts * time_base`, so a variable frame rate and lost frames stay what they are. A rotation that a
    phone wrote beside the frames is applied.

    Raises
    ------
    MediaError
        At once with `reason` `not_found`, `empty`, `unreadable` or `no_video`; while iterating with `truncated` (a
        readable start breaks off), `no_frames` or `no_timestamps`.
    """
    container = _open(path)
    try:
        stream = _video_stream(container)
    except MediaError:
        container.close()
        raise
    return _frames(container, stream)


def video_duration(path: Path) -> float | None:
    """Return how long a file says it lasts, seconds, for a progress bar; None where it does not say.

    Raises `MediaError` as `read_video` does at once.
    """
    with _open(path) as container:
        _video_stream(container)
        return container.duration / av.time_base if container.duration else None


def file_stats(path: Path) -> StreamStats:
    """Return what a file would have been as a stream, without decoding a frame: rate, bits per second of the pictures
    alone, codec, and the rate its header declares. Counts of packets stay 0: a file loses none.

    Raises `MediaError` as `read_video` does at once.
    """
    with _open(path) as container:
        stream = _video_stream(container)
        times, size = [], 0
        for packet in container.demux(stream):
            size += packet.size
            if packet.pts is not None and packet.time_base is not None:
                times.append(float(packet.pts * packet.time_base))
        span = max(times) - min(times) if times else 0.0
        fps = (len(times) - 1) / span if span > 0 else 0.0
        return StreamStats(
            t=ServerTime(0.0),
            fps=fps,
            bitrate=8 * size * fps / max(len(times), 1),
            lost=0,
            dropped=0,
            codec=stream.codec_context.name.upper(),
            declared_fps=float(stream.average_rate or 0.0),
        )


def _open(path: Path) -> av.container.InputContainer:
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path} is empty", "empty")
        return av.open(str(path.absolute()), options=OPEN_OPTIONS)
    except FileNotFoundError:
        raise MediaError(f"{path} does not exist", "not_found") from None
    # PyAV's errors are OSErrors or ValueErrors too, by their number.
    except (OSError, FFmpegError, ValueError):
        raise MediaError(f"{path} is no readable video file", "unreadable") from None


def _video_stream(container: av.container.InputContainer) -> av.VideoStream:
    """Return the first moving picture: a cover picture in a sound file is a stream as well."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            stream.codec_context.thread_count = 1
            return stream
    raise MediaError("the file holds no video", "no_video")


def _frames(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[tuple[CaptureTime, Picture]]:
    count = 0
    with container:
        try:
            for frame in container.decode(stream):
                count += 1
                yield _capture_time(frame), upright(to_rgb(frame), frame.rotation)
        except FFmpegError:
            if count:
                raise MediaError(f"the video breaks off after {count} frames", "truncated") from None
    if not count:
        raise MediaError("no frame of the video can be decoded", "no_frames")


def _capture_time(frame: av.VideoFrame) -> CaptureTime:
    if frame.pts is None or frame.time_base is None:
        raise MediaError("the video has no timestamps", "no_timestamps")
    return CaptureTime(float(frame.pts * frame.time_base))


def upright(rgb: Picture, counterclockwise: int) -> Picture:
    """Turn a picture by a multiple of 90 degrees counterclockwise; other angles are nothing a camera writes."""
    turns = round(counterclockwise / 90) % 4
    return np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb
