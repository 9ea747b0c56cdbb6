"""The bounded queue between aiortc's jitter buffer and its decoder thread.

aiortc's own is unbounded: a decoder that falls behind makes memory and latency grow without end. Dropping one
encoded frame is not free, though: the frames after it refer to it, and libvpx decodes them without complaint into
a smeared picture. So this queue drops *everything* up to the next key frame, and says so in `broken`, upon which
the watchdog asks the sender for one (PLI). The same gate keeps smeared frames out after a flush of the jitter buffer.
"""

from __future__ import annotations

import queue
from typing import Any

MAX_WAITING = 15
"""Encoded frames; half a second at 30 fps. A decoder takes 1-2 ms a frame, so more means the machine is starved."""

MAX_PIXELS = 1920 * 1080
"""Largest picture decoded. Browsers are asked for 640x480; VP8's own limit (16383 squared) would take gigabytes."""

_H264_KEY_UNITS = frozenset({5, 7})
"""NAL unit types that start a key frame: IDR slice and sequence parameter set (ITU-T H.264, table 7-1)."""
_START_CODE = b"\x00\x00\x01"
_MAX_UNITS_LOOKED_AT = 4
"""A key frame names itself early: delimiter, SEI, parameter set, IDR slice."""
_VP8_KEY_HEADER_BYTES = 10
"""Frame tag (3), start code (3), width (2) and height (2): RFC 6386 §9.1."""


def is_key_frame(codec: str, data: bytes) -> bool:
    """Whether decoding can start afresh at this encoded frame (`codec` is `VP8` or `H264`)."""
    return _is_h264_key(data) if codec.upper() == "H264" else bool(data) and not data[0] & 1


def _is_h264_key(data: bytes) -> bool:
    at = data.find(_START_CODE)
    for _ in range(_MAX_UNITS_LOOKED_AT):
        unit = at + len(_START_CODE)
        if at < 0 or unit >= len(data):
            return False
        if data[unit] & 0x1F in _H264_KEY_UNITS:
            return True
        at = data.find(_START_CODE, unit)
    return False


def vp8_pixels(data: bytes) -> int:
    """Width times height that a VP8 key frame's header announces; 0 for any other frame."""
    if len(data) < _VP8_KEY_HEADER_BYTES or data[0] & 1:
        return 0
    width, height = (int.from_bytes(data[i : i + 2], "little") & 0x3FFF for i in (6, 8))
    return width * height


class DecoderInput(queue.Queue[Any]):
    """Drop-in for the receiver's decoder queue; filled by the event loop, emptied by the decoder thread."""

    def __init__(self, limit: int = MAX_WAITING) -> None:
        super().__init__()
        self._limit = limit
        self.codec = ""
        """Name of the newest encoded frame's codec, as in the SDP; empty before the first."""
        self.broken = True
        """True while frames are withheld for want of a key frame; the stream starts so."""
        self.withheld = 0
        """Frames not decoded since the start: no key frame before them, backlog, or too large a picture."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Queue `(codec, frame)`, or None to end the thread; never blocks."""
        if item is None:
            self._drop_waiting()  # the thread is joined by the event loop: it must not decode a backlog first
            super().put(None)
        elif self._admits(item):
            super().put(item)
        else:
            self.withheld += 1

    def require_key_frame(self) -> None:
        """Withhold everything until the next key frame: what comes next refers to frames that are lost."""
        self.broken = True

    def _admits(self, item: Any) -> bool:
        codec, frame = item
        self.codec = codec.name.upper()
        if self.qsize() >= self._limit:
            self.withheld += self._drop_waiting()
            self.broken = True
        if codec.name.upper() == "VP8" and vp8_pixels(frame.data) > MAX_PIXELS:
            self.broken = True
        elif is_key_frame(codec.name, frame.data):
            self.broken = False
        return not self.broken

    def _drop_waiting(self) -> int:
        with self.mutex:
            waiting = len(self.queue)
            self.queue.clear()
        return waiting
