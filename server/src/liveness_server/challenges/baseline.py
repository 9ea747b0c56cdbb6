"""The person's own neutral face, and how far one observation is from it.

Absolute pose and openness do not transfer between people and cameras (median pitch differs by -10..+25 degrees with
the camera's height, eye blendshapes between blinks by 0.00-0.57), so every movement is a change from the person's own
rest, measured while positioning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ..types import CaptureTime, Face, FaceObservation
from .blinks import Blink
from .cover import covered_columns


@dataclass(frozen=True, slots=True)
class Baseline:
    """Medians of the neutral frames. Degrees, pixels, and the ratios of `types.Face`."""

    yaw: float
    pitch: float
    jaw_open: float
    mouth_gap: float
    smile: float
    mouth_width: float
    ipd_px: float
    aspect: float
    width: float
    """Of the frames, pixels."""
    cells: tuple[float, ...] = ()
    """`Face.cells` of the uncovered face; empty when the frames had none."""

    @classmethod
    def of(cls, observations: Sequence[FaceObservation]) -> Baseline:
        """Median over the observations that show a face; there must be at least one."""
        faces = [o.face for o in observations if o.face is not None]
        return cls(
            yaw=median(f.pose.yaw for f in faces),
            pitch=median(f.pose.pitch for f in faces),
            jaw_open=median(f.expression.jaw_open for f in faces),
            mouth_gap=median(f.expression.mouth_gap for f in faces),
            smile=median(f.expression.smile for f in faces),
            mouth_width=median(f.expression.mouth_width for f in faces),
            ipd_px=median(f.ipd_px for f in faces),
            aspect=median(f.aspect for f in faces),
            width=median(o.width for o in observations if o.face is not None),
            cells=tuple(map(median, zip(*(f.cells for f in faces), strict=False))),
        )


@dataclass(frozen=True, slots=True)
class Deviation:
    """One observation relative to the baseline."""

    t: CaptureTime
    yaw: float
    """Degrees from neutral; > 0 towards the person's own left."""
    pitch: float
    """Degrees from neutral; > 0 nose down."""
    scale: float
    """Apparent size over neutral size, by 3-D pupil distance; > 1 is closer."""
    gap: float
    """Rise of the inner lip gap, in inter-pupil distances."""
    jaw: float
    """Rise of blendshape jawOpen."""
    smile: float
    """Rise of blendshape mouthSmile."""
    aspect: float
    """Eye-corner width over face height, relative to neutral."""
    blink: Blink | None
    """The blink that ended with this frame, if one did."""
    covered: tuple[bool, ...] = ()
    """Columns of the face, from image left, that something is in front of (`cover`); empty when unknown."""

    @classmethod
    def of(
        cls, face: Face, t: CaptureTime, baseline: Baseline, blink: Blink | None, width: float | None = None
    ) -> Deviation:
        """Compare `face` with `baseline`; `width` is that of its frame, pixels, where a sender has changed it since."""
        grown = 1.0 if width is None else width / baseline.width
        return cls(
            t=t,
            yaw=face.pose.yaw - baseline.yaw,
            pitch=face.pose.pitch - baseline.pitch,
            scale=face.ipd_px / max(grown * baseline.ipd_px, 1e-6),
            gap=face.expression.mouth_gap - baseline.mouth_gap,
            jaw=face.expression.jaw_open - baseline.jaw_open,
            smile=face.expression.smile - baseline.smile,
            aspect=face.aspect / max(baseline.aspect, 1e-6),
            blink=blink,
            covered=covered_columns(face.cells, baseline.cells),
        )
