"""What an observation allows of the cues over time that are said to give a synthetic face away: kept, never judged.

On 44 matched pairs of real-time face swaps none of them told the swap from its original (server/docs/stream.md). They
are computed only when a development tool asks, so that a calibration on real material can look for a gap; until one is
found they decide nothing. Cues that need pixels come with some frames only (`vision.seams`, `joints`).

`hp(x)` is what a sample differs by from the mean of its neighbours: x[t] - (x[t-1] + x[t+1]) / 2.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..signal.filters import bandpass
from ..signal.resample import regular, runs
from ..signal.rppg import pos
from ..types import CaptureTime, Face, SeamSample
from ..vision.landmarks import SLOT, STABLE
from ..vision.roi import cr_cb
from .joints import joint_figures

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

MAX_ROWS: Final = 7200
"""Frames kept, two minutes at 60 fps: longer than a session lives. 300 bytes each."""
NEIGHBOUR_S: Final = 0.1
"""Seconds: frames further apart are no neighbours of `hp`. As in `face_continuity`."""
FRONTAL: Final = 20.0
"""Degrees of yaw, as in `deepfake_temporal`."""
STEADY: Final = 2.0
"""Degrees of yaw between two samples that show the same side of the face."""
MIN_SPREAD: Final = 10.0
"""Degrees of yaw between the least and the most turned sample that a slope over yaw needs."""
MIN_SAMPLES: Final = 5
"""Embeddings a slope needs, and `hp` values a median needs."""
BLINK: Final = 0.65
"""Share of the median eye aspect ratio under which the eye counts as closed."""
PULSE_BAND: Final = (0.7, 3.0)
"""Hz, of the regions' correlation."""
PULSE_S: Final = 10.0
"""Seconds of one correlation."""
FS: Final = 30.0
"""Hz of the regular grid for it."""
MAX_GAP_S: Final = 1.0
"""Seconds a correlation may bridge, as in `pulse`."""

_T, _IPD, _EAR, _LIPS = 0, 1, 2, 3
_SKIN: Final = slice(4, 13)
_POINTS: Final = slice(13, 13 + 2 * len(STABLE))
_WIDTH: Final = _POINTS.stop
_STABLE: Final = [SLOT[i] for i in STABLE]


class TemporalFeatures:
    """Collects a few numbers of every frame; `figures` makes features of them."""

    def __init__(self) -> None:
        self._rows = array("d")
        self._samples: list[tuple[CaptureTime, float, Array]] = []
        self._seams: list[SeamSample] = []

    def add(self, t: CaptureTime, face: Face) -> None:
        """Keep what is needed of one frame, in capture order."""
        full = len(self._rows) >= MAX_ROWS * _WIDTH
        if full or (self._rows and t <= self._rows[-_WIDTH]):
            return
        shown, skin = face.expression, face.skin
        self._rows.extend((t, max(face.ipd_px, 1.0), shown.ear, shown.mouth_gap))
        for colour in (skin.forehead, skin.cheek_left, skin.cheek_right):
            self._rows.extend(colour)
        for slot in _STABLE:
            self._rows.extend(face.points[slot][:2])
        if face.seam is not None:
            self._seams.append(face.seam)
        if face.embedding is not None:
            self._samples.append((t, face.pose.yaw, np.asarray(face.embedding, np.float64)))

    def figures(self) -> Mapping[str, float]:
        """Return every feature there is enough for, by name; units in server/docs/stream.md."""
        rows = np.array(self._rows).reshape(-1, _WIDTH)
        found = {**identity_figures(self._samples), **joint_figures(self._seams)}
        if len(rows) > MIN_SAMPLES:
            found |= {**_motion(rows), **_chroma(rows), **_eyes_and_mouth(rows), **_pulse(rows)}
        return {name: round(float(value), 4) for name, value in found.items() if np.isfinite(value)}


def identity_figures(samples: list[tuple[CaptureTime, float, Array]]) -> dict[str, float]:
    """Cosine to the mean of the frontal samples: how high, how it falls with yaw, and how steady it is."""
    frontal = [unit for _, yaw, unit in samples if abs(yaw) < FRONTAL]
    if len(samples) < MIN_SAMPLES or not frontal:
        return {}
    yaws = np.abs([yaw for _, yaw, _ in samples])
    cosines = _cosines(np.array([unit for *_, unit in samples]), np.mean(frontal, axis=0))
    found = {"identity_cosine": float(np.median(cosines[yaws < FRONTAL]))}
    if np.ptp(yaws) >= MIN_SPREAD:
        found["identity_per_10_degrees"] = 10.0 * float(np.polyfit(yaws, cosines, 1)[0])
    steps = [
        float(_cosines(after[None], before)[0])
        for (_, yaw0, before), (_, yaw1, after) in pairwise(samples)
        if abs(yaw1 - yaw0) < STEADY
    ]
    return found | ({"identity_step_cosine": float(np.median(steps))} if steps else {})


def _cosines(units: Array, mean: Array) -> Array:
    sizes = np.linalg.norm(units, axis=1) * np.linalg.norm(mean)
    return np.asarray(units @ mean / np.maximum(sizes, 1e-12))


def _motion(rows: Array) -> dict[str, float]:
    """Tremor of the stable points after each neighbour is laid onto the frame by a similarity, 1e-3 pupil distances."""
    points = rows[:, _POINTS].reshape(len(rows), -1, 2)
    z = points[..., 0] + 1j * points[..., 1]
    z = z - z.mean(axis=1, keepdims=True)
    tremor = z[1:-1] - (_laid_onto(z[:-2], z[1:-1]) + _laid_onto(z[2:], z[1:-1])) / 2
    tremor = tremor[_inner(rows)] / rows[1:-1, _IPD][_inner(rows)][:, None]
    both = np.abs(np.concatenate([tremor.real, tremor.imag]))
    return {"landmark_jitter": 1e3 * float(np.median(both))} if both.size else {}


def _laid_onto(z: Complex, target: Complex) -> Complex:
    """Turn and scale centred points (n, k) so that they lie on the targets best."""
    turn = (np.conj(z) * target).sum(axis=1) / np.maximum((np.abs(z) ** 2).sum(axis=1), 1e-12)
    return np.asarray(turn[:, None] * z)


def _chroma(rows: Array) -> dict[str, float]:
    """Distance in colour between cheeks and forehead (Cr and Cb, 8 bits), and how it flickers."""
    forehead, left, right = rows[:, _SKIN].reshape(len(rows), 3, 3).swapaxes(0, 1)
    step = cr_cb((left + right) / 2 - forehead)
    flicker = (step[1:-1] - (step[:-2] + step[2:]) / 2)[_inner(rows)]
    return {
        "chroma_step": float(np.median(np.abs(step))),
        "chroma_flicker": float(np.sqrt((np.abs(flicker) ** 2).mean())) if flicker.size else np.nan,
    }


def _eyes_and_mouth(rows: Array) -> dict[str, float]:
    ear, lips, minutes = rows[:, _EAR], rows[:, _LIPS], (rows[-1, _T] - rows[0, _T]) / 60.0
    usual = max(float(np.median(ear)), 1e-6)
    closing = np.diff((ear < BLINK * usual).astype(int)) == 1
    return {
        "blinks_per_min": float(closing.sum()) / minutes if minutes > 0 else np.nan,
        "deepest_blink": float(ear.min()) / usual,
        "lip_range": float(np.subtract(*np.percentile(lips, [95, 5]))),
    }


def _pulse(rows: Array) -> dict[str, float]:
    """Median over windows of how alike the pulse signals of two regions are, -1..1."""
    alike = [_alike(rows[window]) for window in _windows(rows[:, _T])]
    if not alike:
        return {}
    cheeks, forehead = zip(*alike, strict=True)
    return {"pulse_cheeks": median(cheeks), "pulse_cheeks_forehead": median(forehead)}


def _windows(t: Array) -> list[slice]:
    found: list[slice] = []
    for run in runs(t, max_gap=MAX_GAP_S):
        starts = np.arange(t[run.start], t[run.stop - 1] - PULSE_S + 1e-6, PULSE_S)
        found += [slice(int(np.searchsorted(t, a)), int(np.searchsorted(t, a + PULSE_S, "right"))) for a in starts]
    return found


def _alike(rows: Array) -> tuple[float, float]:
    _, skin = regular(rows[:, _T], rows[:, _SKIN].reshape(len(rows), 3, 3), fs=FS)
    beats = bandpass(pos(np.maximum(skin, 1e-3), fs=FS), fs=FS, band=PULSE_BAND)
    still = beats.std(axis=0) < 1e-12
    if still.any():
        return 0.0, 0.0
    (_, left, right), (_, _, cheeks), _ = np.asarray(np.corrcoef(beats.T)).tolist()
    return cheeks, (left + right) / 2


def _inner(rows: Array) -> NDArray[np.bool_]:
    """Which frames, the first and last left out, have both neighbours near."""
    near = np.diff(rows[:, _T]) <= NEIGHBOUR_S
    return np.asarray(near[:-1] & near[1:])
