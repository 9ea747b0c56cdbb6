"""Two portraits in the public domain, framed as a webcam would see them.

Both come with a dependency, so none is committed: Rear Admiral Grace Hopper (U.S. Navy, 1984; `matplotlib` sample data)
and Eileen Collins (NASA, 1992; `skimage.data.astronaut`).

The presenter made of them is a test instrument and by nature a reenactment attack (a puppet).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import ConfigError
from ...vision.landmarks import Picture

FACE_WIDTH = 0.28
"""Face width over frame width at rest: under the 45 % of "too close" even after moving closer by a third."""
FACE_CENTRE = (0.5, 0.48)
"""Where the face's centre lies in the frame, as fractions of width and height."""
MARGIN = 0.1
"""Canvas beyond each frame edge, as a fraction of the frame: what sway and zoom may pull in."""
FEATHER = 0.05
"""Seam between the picture and the invented backdrop, as a fraction of the frame width."""
SHARPEN_ABOVE = 1.4
"""Magnification from which the picture is sharpened again (interpolation blurs it)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A portrait and where its face is, in its own pixels (read off MediaPipe's face oval once)."""

    load: Callable[[], Picture]
    face: tuple[float, float]
    face_width: float
    depth: float
    """MediaPipe's depth of this face times this makes a mesh whose turn by `motion.YAW` reads as 16 to 21 degrees."""
    rest: Mapping[str, float] = field(default_factory=dict)
    """Channels by which the picture's own expression is taken back to a neutral face."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A portrait laid out for one frame size: the texture a puppet is painted with."""

    source: Source
    rgb: Picture
    origin: tuple[int, int]
    """Canvas position (x, y) of the frame's upper left corner, pixels."""
    size: tuple[int, int]
    """Frame width and height, pixels."""

    def window(self) -> Picture:
        """The frame-sized view of the canvas: the portrait as it stands, C-contiguous."""
        (x, y), (w, h) = self.origin, self.size
        return np.ascontiguousarray(self.rgb[y : y + h, x : x + w])


def _hopper() -> Picture:
    from matplotlib.cbook import get_sample_data  # noqa: PLC0415 - an extra: only who presents needs it

    picture = cv2.imread(get_sample_data("grace_hopper.jpg", asfileobj=False), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _astronaut() -> Picture:
    from skimage.data import astronaut  # noqa: PLC0415 - an extra: only who presents needs it

    return np.asarray(astronaut(), dtype=np.uint8)


PORTRAITS = {
    "hopper": Source(_hopper, face=(262.7, 233.5), face_width=185.4, depth=1.45),
    "astronaut": Source(
        _astronaut, face=(225.5, 124.6), face_width=89.5, depth=1.2, rest={"smile": -1.0, "jaw": -0.24}
    ),
}


def portrait(name: str) -> Picture:
    """The portrait `name` as shipped, RGB. Raises `ConfigError` for an unknown name or a missing extra."""
    if name not in PORTRAITS:
        raise ConfigError(f"unknown portrait {name!r}: choose one of {', '.join(PORTRAITS)}")
    try:
        return PORTRAITS[name].load()
    except ImportError as error:
        raise ConfigError("the presenter's portraits need: pip install 'liveness-server[presenter]'") from error


def framed(name: str, size: tuple[int, int], *, face_width: float = FACE_WIDTH) -> Canvas:
    """Lay portrait `name` out for frames of `size`, the face `face_width` of the frame wide and centred."""
    picture, source = portrait(name), PORTRAITS[name]
    width, height = size
    margin = (round(MARGIN * width), round(MARGIN * height))
    scale = face_width * width / source.face_width
    shift = [m + c * s - scale * f for m, c, s, f in zip(margin, FACE_CENTRE, size, source.face, strict=True)]
    matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
    return Canvas(source, _laid_out(picture, matrix, (width + 2 * margin[0], height + 2 * margin[1])), margin, size)


def _laid_out(picture: Picture, matrix: NDArray[np.float64], size: tuple[int, int]) -> Picture:
    """Scale and place the picture; outside it the edge pixels run on, blurred into a backdrop."""
    laid = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    if matrix[0, 0] > SHARPEN_ABOVE:
        laid = cv2.addWeighted(laid, 1.8, cv2.GaussianBlur(laid, (0, 0), 1.5), -0.8, 0)
    inside = cv2.warpAffine(np.ones(picture.shape[:2], np.float32), matrix, size)
    reach = FEATHER * size[0]
    inside = cv2.erode(inside, np.ones((2 * int(reach) + 1,) * 2), borderType=cv2.BORDER_REPLICATE)
    inside = cv2.GaussianBlur(inside, (0, 0), reach / 2)[..., None]
    backdrop = cv2.GaussianBlur(laid, (0, 0), 0.02 * size[0])
    return np.asarray(np.rint(laid * inside + backdrop * (1 - inside)), dtype=np.uint8)


def empty_room(canvas: Canvas) -> Picture:
    """What is left when the person is gone: a soft gradient between the colours of the two frame edges."""
    frame = cv2.GaussianBlur(canvas.window(), (0, 0), 0.04 * canvas.size[0]).astype(np.float32)
    across = np.linspace(0.0, 1.0, canvas.size[0], dtype=np.float32)[None, :, None]
    return np.asarray(np.rint(frame[:, :1] * (1 - across) + frame[:, -1:] * across), dtype=np.uint8)
