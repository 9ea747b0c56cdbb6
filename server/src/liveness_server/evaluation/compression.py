"""What a video codec leaves of a picture, frame by frame and without a network."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext

from ..transport.frames import to_rgb
from ..vision.landmarks import Picture
from .presenter.film import TICKS

KEY_FRAMES = 3000
"""Frames from one key frame to the next: none is asked for where nothing is lost."""
QUANTISERS = (2, 56)
"""Finest and coarsest quantiser, as WebRTC allows."""
SETTINGS = {
    "deadline": "realtime",
    "cpu-used": "-6",
    "lag-in-frames": "0",
    "noise-sensitivity": "4",
    "overshoot-pct": "15",
    "undershoot-pct": "100",
    "static-thresh": "1",
}
"""libvpx as aiortc 1.16 sets it up after the WebRTC library: constant bitrate, no look-ahead, denoiser on."""


class Vp8:
    """One VP8 stream at a constant bitrate: encodes a frame and decodes it again."""

    def __init__(self, size: tuple[int, int], bit_rate: int, fps: float) -> None:
        self._encoder = _encoder(size, bit_rate, fps)
        self._decoder = av.CodecContext.create("vp8", "r")
        self._decoder.thread_count = 1
        self._sent: deque[tuple[float, int]] = deque()

    def through(self, rgb: Picture, t: float) -> Picture | None:
        """The frame of time `t`, seconds, as it arrives; None where the encoder left it out to keep its rate."""
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = round(t * TICKS), Fraction(1, TICKS)
        arrived: Picture | None = None
        for packet in self._encoder.encode(frame):
            self._sent.append((t, 8 * packet.size))
            for decoded in self._decoder.decode(packet):
                arrived = to_rgb(decoded)
        return arrived

    def bits(self, since: float) -> int:
        """Bits of the frames after `since`, seconds; older ones are forgotten."""
        while self._sent and self._sent[0][0] <= since:
            self._sent.popleft()
        return sum(size for _, size in self._sent)


def _encoder(size: tuple[int, int], bit_rate: int, fps: float) -> VideoCodecContext:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.bit_rate, encoder.gop_size = bit_rate, KEY_FRAMES
    encoder.time_base, encoder.framerate = Fraction(1, TICKS), Fraction(fps).limit_denominator(TICKS)
    encoder.qmin, encoder.qmax = QUANTISERS
    rate = str(bit_rate)
    encoder.options = SETTINGS | {"minrate": rate, "maxrate": rate, "bufsize": rate}
    # One thread: more would make neither the run faster on busy cores nor the result surer.
    encoder.thread_count = 1
    return encoder
