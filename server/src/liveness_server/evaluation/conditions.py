"""Under what conditions a presentation was recorded, read off the recording itself, as coarse classes.

Error rates differ with each of these, and labels for them are rare. Only the class of a presentation is kept, never the
number behind it, and a class never leaves an evaluation: no session computes one.

Skin tone is the individual typology angle (ITA) of the face's mean colour. It is an angle in the picture, not a
property of the person: camera, white balance and light move it by whole classes. It serves to see whether people are
refused unequally, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..types import RGB, Face, FaceObservation, StreamStats

NOT_READABLE: Final = "not readable"
"""Class of a presentation that does not show what a class is read from."""
FRAME_RATE: Final = "frame_rate"


@dataclass(frozen=True, slots=True)
class Bands:
    """Classes of a quantity: each upper edge with the name of what lies under it, and the name beyond the last."""

    edges: tuple[tuple[float, str], ...]
    beyond: str

    def name(self, value: float) -> str:
        """Name the class of a value; an edge belongs to the class above it."""
        return next((name for edge, name in self.edges if value < edge), self.beyond)

    @property
    def names(self) -> tuple[str, ...]:
        """Every class, in order, and the one of what cannot be read."""
        return (*(name for _, name in self.edges), self.beyond, NOT_READABLE)


FRAME_RATES: Final = Bands(((10.0, "under 10 fps"), (15.0, "10 to 15 fps"), (24.0, "15 to 24 fps")), "24 fps and more")
"""Frames per second: under 10 a pulse cannot be judged, under 24 no small movement."""
FACE_SIZES: Final = Bands(((75.0, "under 75 px"), (120.0, "75 to 120 px"), (200.0, "120 to 200 px")), "200 px and more")
"""Face box width, pixels, median: under 75 planarity and eyes were not separable (`checks.image_quality`)."""
LIGHTS: Final = Bands(((50.0, "luma under 50"), (100.0, "luma 50 to 100"), (160.0, "luma 100 to 160")), "luma over 160")
"""Mean luma of the face, 0..255, median: under 50 pictures are refused as too dark (`checks.limits`)."""
BITRATES: Final = Bands(
    ((150.0, "under 150 kb/s"), (500.0, "150 to 500 kb/s"), (1000.0, "500 to 1000 kb/s"), (2000.0, "1 to 2 Mb/s")),
    "2 Mb/s and more",
)
"""Kilobits per second of the file's pictures: under 150 a session asks for a better connection (`engine.guidance`)."""
SKIN_TONES: Final = Bands(
    ((-30.0, "dark"), (10.0, "brown"), (28.0, "tan"), (41.0, "intermediate"), (55.0, "light")), "very light"
)
"""ITA, degrees: Chardin, Hourseau and Hourseau, Int. J. Cosmetic Science 13, 1991; six classes as in Del Bino and
Bernerd, British J. Dermatology 169, 2013."""

MEASURED: Final = {
    FRAME_RATE: FRAME_RATES,
    "measured_face_size": FACE_SIZES,
    "measured_light": LIGHTS,
    "measured_bitrate": BITRATES,
    "measured_skin_tone": SKIN_TONES,
}
"""Name in a report -> classes."""


def conditions(observations: Sequence[FaceObservation], stats: StreamStats) -> dict[str, str]:
    """Name the class of every condition; `stats` are those of the whole file."""
    faces = [(o.width, o.face) for o in observations if o.face is not None]
    return {
        "measured_face_size": _median_class(FACE_SIZES, [face.box.w * width for width, face in faces]),
        "measured_light": _median_class(LIGHTS, [face.luma for _, face in faces]),
        "measured_bitrate": BITRATES.name(stats.bitrate / 1000) if stats.bitrate > 0 else NOT_READABLE,
        "measured_skin_tone": skin_tone([face for _, face in faces]),
    }


def frame_rate(frames: int, duration_s: float) -> str:
    """Name the class of a mean frame rate."""
    return FRAME_RATES.name((frames - 1) / duration_s) if frames > 1 and duration_s > 0 else NOT_READABLE


def _median_class(bands: Bands, values: Sequence[float]) -> str:
    return bands.name(float(np.median(values))) if values else NOT_READABLE


def skin_tone(faces: Sequence[Face]) -> str:
    """Name the class of the median colour of forehead and cheeks."""
    colours = [colour for face in faces if (colour := _skin(face)) is not None]
    if not colours:
        return NOT_READABLE
    red, green, blue = np.median(colours, axis=0)
    angle = ita((float(red), float(green), float(blue)))
    return NOT_READABLE if angle is None else SKIN_TONES.name(angle)


def _skin(face: Face) -> RGB | None:
    """Mean colour of the regions in view (one out of the frame is black); None without any."""
    regions = (face.skin.forehead, face.skin.cheek_left, face.skin.cheek_right)
    seen = [region for region in regions if any(region)]
    return tuple(np.mean(seen, axis=0)) if seen else None


def ita(rgb: RGB) -> float | None:
    """Individual typology angle of an sRGB colour (0..255), degrees: `atan((L* - 50) / b*)`.

    None where b* is not positive: skin under such a light has lost its yellow, and the angle its meaning.
    """
    lightness, yellow = _lab(rgb)
    return float(np.degrees(np.arctan2(lightness - 50, yellow))) if yellow > 0 else None


def _lab(rgb: RGB) -> tuple[float, float]:
    """L* and b* (CIE 15, illuminant D65) of an sRGB colour (IEC 61966-2-1)."""
    signal = np.asarray(rgb) / 255
    linear = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    y, z = (float(np.dot(row, linear)) for row in ((0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)))
    fy, fz = _cube(y), _cube(z / 1.0888)
    return 116 * fy - 16, 200 * (fy - fz)


def _cube(ratio: float) -> float:
    """Cube root, straight near black (CIE 15: 24/116 cubed)."""
    return float(np.cbrt(ratio)) if ratio > (24 / 116) ** 3 else ratio * 841 / 108 + 16 / 116
