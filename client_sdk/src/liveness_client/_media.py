"""Sources that read video with PyAV: a file and a camera; and the track that hands any source to aiortc."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from aiortc.mediastreams import MediaStreamError, VideoStreamTrack
from av.video.frame import PictureType

from ._order import Failed, Signal, SourceEnded
from ._sources import Pacer, Source, TimedFrame, Worker
from .errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    from av.container import InputContainer

RTP_CLOCK_HZ = 90_000
"""RTP clock of every video payload (RFC 7741 §4.1)."""
OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 5.0
"""A camera that gives no frame for this long, in seconds, is lost."""
CAMERA_WARM_UP_FRAMES = 10
"""Dropped at the start: up to 4 are stale in the driver's queue, and the exposure settles meanwhile."""
CAMERA_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
"""libavdevice's input formats by `sys.platform`."""


class _AvSource(Source):
    """Decodes one video stream in a thread of its own."""

    def __init__(self) -> None:
        self._worker = Worker()
        self._container: InputContainer | None = None
        self._frames: Iterator[TimedFrame] = iter(())
        self._first: TimedFrame | None = None

    async def open(self) -> None:
        """Open and decode the first frame. Raises `SourceError`."""
        self._first = await self._worker.run(self._start)

    async def close(self) -> None:
        """Close the input, after a read that is going on."""
        self._worker.close(self._stop)

    @abstractmethod
    def _connect(self) -> InputContainer:
        """Open the input. Raises `SourceError`."""

    def _start(self) -> TimedFrame:
        self._stop()
        self._container = self._connect()
        if not self._container.streams.video:
            raise SourceError("there is no video in it", reason="no_video")
        self._frames = _decoded(self._container)
        first = self._pull()
        if first is None:
            raise SourceError("there is not one frame in it", reason="empty")
        return first

    def _stop(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None

    def _pull(self) -> TimedFrame | None:
        try:
            return next(self._frames, None)
        except (av.error.FFmpegError, OSError) as error:
            raise SourceError("reading it failed", reason="unreadable") from error

    async def _take(self) -> TimedFrame | None:
        first, self._first = self._first, None
        return first or await self._worker.run(self._pull)


def _decoded(container: InputContainer) -> Iterator[TimedFrame]:
    """Decode in order of capture; frames without a time, or with one that does not advance, are left out."""
    last = float("-inf")
    for frame in container.decode(video=0):
        if frame.time is None or frame.time <= last:
            continue
        last = frame.time
        yield TimedFrame(frame.time, _upright(frame))


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    turns = round(frame.rotation / 90) % 4
    if turns == 0:
        # A decoder's I and P marks would be taken for a wish by the encoder.
        frame.pict_type = PictureType.NONE
        return frame
    return _video_frame(np.rot90(frame.to_ndarray(format="rgb24"), turns))


class VideoFileSource(_AvSource):
    """A video file in real time, with its true timestamps and upright; `loop` starts it again at its end."""

    def __init__(self, path: str | Path, *, loop: bool = False) -> None:
        super().__init__()
        self._path = Path(path)
        self._loop = loop
        self._pacer = Pacer()
        self._offset: float | None = None
        self._last_t = 0.0

    def _connect(self) -> InputContainer:
        try:
            return av.open(str(self._path), mode="r")
        except FileNotFoundError as error:
            raise SourceError(f"{self._path.name}: no such file", reason="not_found") from error
        except (av.error.FFmpegError, OSError) as error:
            raise SourceError(f"{self._path.name}: not a readable video", reason="unreadable") from error

    async def next(self) -> TimedFrame | None:
        """Wait until the next frame is due and return it; None at the end. Raises `SourceError`."""
        while True:
            frame = await self._take() or await self._again()
            if frame is None:
                return None
            t = self._advanced(frame.t)
            if not self._pacer.is_late(t):
                await self._pacer.wait_until(t)
                return TimedFrame(t, frame.picture)

    def _advanced(self, t: float) -> float:
        if self._offset is None:
            self._offset = self._last_t - t
        self._last_t = t + self._offset
        return self._last_t

    async def _again(self) -> TimedFrame | None:
        if not self._loop:
            return None
        # The seam lasts as long as one frame at 30 fps: time goes on, and never back.
        self._last_t += 1 / 30
        self._offset = None
        return await self._worker.run(self._start)


class CameraSource(_AvSource):
    """A camera: `device` is its number (Linux, macOS) or its name (`/dev/video0`, or as DirectShow calls it)."""

    def __init__(
        self,
        device: int | str = 0,
        *,
        size: tuple[int, int] = (640, 480),
        fps: int = 30,
        input_format: str | None = None,
    ) -> None:
        super().__init__()
        self._format = input_format or CAMERA_FORMATS.get(sys.platform, "v4l2")
        self._device = device_name(device, self._format)
        self._options = {"framerate": str(fps), "video_size": f"{size[0]}x{size[1]}"}
        self._warming = CAMERA_WARM_UP_FRAMES

    def _connect(self) -> InputContainer:
        try:
            return av.open(
                self._device,
                format=self._format,
                options=self._options,
                timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            message = f"camera {self._device} cannot be opened as {self._format}: not there, in use, or not allowed"
            raise SourceError(message, reason="camera_unavailable") from error

    async def next(self) -> TimedFrame | None:
        """Wait for the camera's next frame. Raises `SourceError`."""
        while self._warming:
            self._warming -= 1
            await self._take()
        return await self._take()


def device_name(device: int | str, input_format: str) -> str:
    """Translate a camera's number to what libavdevice wants. Raises `ConfigurationError` where it has none."""
    if isinstance(device, str):
        return f"video={device}" if input_format == "dshow" and not device.startswith("video=") else device
    if input_format == "dshow":
        raise ConfigurationError("give the camera's name; `ffmpeg -list_devices true -f dshow -i dummy` lists them")
    return f"/dev/video{device}" if input_format == "v4l2" else str(device)


class SourceTrack(VideoStreamTrack):
    """Hands a source's frames to aiortc, stamped with their own times; reports how it ended."""

    def __init__(self, source: Source, report: Callable[[Signal], None]) -> None:
        super().__init__()
        self._source = source
        self._report = report
        self._origin: float | None = None
        self._last_pts = -1

    async def recv(self) -> av.VideoFrame:
        """Return the next frame; called by aiortc's sender."""
        try:
            video = await self._next()
        except SourceError as error:
            self._end(Failed(error))
        except Exception as error:  # a source of the integrator's own may raise anything
            failure = SourceError("the source failed", reason="source_failed")
            failure.__cause__ = error
            self._end(Failed(failure))
        else:
            if video is not None:
                return video
            self._end(SourceEnded())
        raise MediaStreamError

    def _end(self, signal: Signal) -> None:
        self.stop()
        self._report(signal)

    async def _next(self) -> av.VideoFrame | None:
        while self.readyState == "live" and (frame := await self._source.next()) is not None:
            video = self._stamped(frame)
            if video is not None:
                return video
        return None

    def _stamped(self, frame: TimedFrame) -> av.VideoFrame | None:
        if self._origin is None:
            self._origin = frame.t
        pts = round((frame.t - self._origin) * RTP_CLOCK_HZ)
        if pts <= self._last_pts:
            return None
        self._last_pts = pts
        video = _video_frame(frame.picture)
        video.pts, video.time_base = pts, Fraction(1, RTP_CLOCK_HZ)
        return video


def _video_frame(picture: object) -> av.VideoFrame:
    if isinstance(picture, av.VideoFrame):
        return picture
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise SourceError("a frame must be an array of shape (h, w, 3) and dtype uint8", reason="bad_frame")
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
