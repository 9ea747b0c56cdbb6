"""Is there a pulse that hangs together? Coherent, not coherent, or no answer: never a rate.

A pulse is called coherent only when the same line stands in the skin by all three methods, in both halves of the
window, in several regions of the face and in step there, in the colour of blood, and *not* in what must not have it:
the background, the head's own movement, the pacing of the stream. A photo that is shaken, lit by a flickering lamp or
pulsed in brightness has a line too, and fails one of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .filters import relative
from .lines import Line, green_over_red, likeness_to_blood, phase_gap, strongest_lines
from .resample import regular
from .rppg import METHODS
from .spectral import line, periodogram, prominence_db
from .valid import Array

Flags = NDArray[np.bool_]

FS: Final = 30.0
"""Hz of the grid that everything is resampled to; the usual camera's rate, far above the band."""

NO_BACKGROUND_MEAN: Final = 5.0
"""Grey levels; a channel darker than that, or no background in view, cannot be compared with. A choice: a step of
8 bits is 20 % of it."""

CHROM_ALLOWANCE_DB: Final = 3.0
"""Decibels CHROM may stay under POS: in live windows it was up to 2.7 dB weaker."""

MIN_REGIONS: Final = 2
"""Regions of skin that must show the line: one cheek may lie in a highlight or in shadow."""


class Presence(StrEnum):
    """The only answers about a pulse that leave this module."""

    COHERENT = "coherent"
    NOT_COHERENT = "not_coherent"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer with its reason."""

    presence: Presence
    reason: str
    """`ok` when coherent, else a stable snake_case code."""
    quality: float = 0.0
    """How good the evidence was, 0..1."""
    margin_db: float | None = None
    """Decibels by which the line stands out more than its window asks for; None when nothing was measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """One window of measurements at capture times."""

    t: Array
    """Shape (n,): capture times, seconds, strictly increasing."""
    skin: Array
    """Shape (n, k, 3): mean colour of k >= 2 regions of skin, 0..255."""
    background: Array
    """Shape (n, 3): mean colour beside the face; zeros where none is in view."""
    motion: Array
    """Shape (n, m): the head's position and size in percent of the pupil distance, its pose in degrees."""
    stream: Array
    """Shape (n, 2): what an encoder or a camera moves and a pulse does not: logarithm of the sharpness, and time since
    the frame before over its mean."""


@dataclass(frozen=True, slots=True)
class PulseLimits:
    """When a line counts as a pulse. Measured in server/docs/pulse.md."""

    min_seconds: float = 8.0
    """Seconds of window. A reference pipeline read within 5 per minute of the whole clip's rate in 0.35, 0.50, 0.89 and
    1.00 of the windows of 3, 5, 7 and 9 s of the worst of four clips: between the last two."""
    min_fps: float = 10.0
    """Frames per second, mean over the window. A choice: nearly three a beat at the upper end of the band; the pulse of
    one still face was right at 8 too."""
    snr_windows: tuple[float, ...] = (8.0, 9.0, 10.0, 11.0, 12.0)
    """Seconds, at which `min_snr` holds; between them it is interpolated."""
    min_snr: tuple[float, ...] = (1.5, 1.7, 1.6, 1.6, 1.6)
    """Decibels, POS of the best region (`_strength`): what 99 % of noise traces stay under in windows as long, 5004 for
    each, rounded up: white, pink and random walk, with none, half or all of it shared by the regions. The window hardly
    matters, for strength is measured against the rest of the band; noise of the kind that does reach it, random walk,
    has 2.1 to 2.5, and is left to the other conditions."""
    max_apart_hz: float = 5 / 60
    """Hz between the methods' lines, and between those of regions: 5 beats per minute. A choice: live windows at most
    3.1, and noise more than 5 in 61 % of 600 windows."""
    max_half_apart_hz: float = 8 / 60
    """Hz between the line of either half and that of the whole. A choice: live windows at most 5.1 beats per minute,
    and noise more than 8 in 79 % of 600 windows."""
    max_phase_gap: float = 45.0
    """Degrees between the pulse of the best region and that of another one. A choice: live windows at most 12 in the
    second-best region and 27 in the third; noise more than 45 in the second-best in 29 % of 600 windows."""
    min_green_over_red: float = 1.4
    """Ratio of relative amplitudes: the middle of 1.29, the bluest lamp of the tests, and 1.57, the lowest of 104 live
    windows with a sensor (of clips 1.7). White light that pulses has 1, blood 2.3."""
    min_likeness: float = 0.76
    """Cosine between the line's colour and blood's: the middle of 0.74, the highest of four other windows of clips with
    a line over 1.5 dB, and 0.78, the lowest of 104 live windows with a sensor (of clips 0.89). A narrow gap."""
    min_prominence: float = 21.0
    """Decibels, at the pulse's frequency or at half of it, of what must not have its line over the lower quartile of
    what is within 1 Hz (`spectral.prominence_db`). The lowest whole number at which the movements of no person are
    taken for the cause of a supposed pulse oftener than by the rule before, their strongest line within 5 per minute:
    in 1 to 18 % of cases where that one did in 11 to 20 % (server/docs/pulse.md)."""
    max_background_share: float = 0.5
    """Relative amplitude of the line in the light behind over that in the face. A choice: of a lamp it
    is 1, and encoders leak some of a face's own pulse into what is beside it."""
    min_motion: float = 0.5
    """Percent of the pupil distance, or degrees: peak amplitude of a movement that could be the cause. Live windows at
    most 0.27 at the line and 0.84 at half of it (a sway that does not stand out); a choice, twice the former."""
    min_sharpness: float = 0.05
    """Relative amplitude of the sharpness. Live windows at most 0.040; key frames at 1.2 Hz move that of a still by
    0.072 at 175 kb/s VP8: between them. At more bits, and in H.264, they move it and the skin less."""
    min_pacing: float = 0.01
    """Relative amplitude of the time between frames. A choice, three times what the jitter of the sensor's clip (22 to
    50 ms) has at any frequency looked at; of a steady stream it is 0."""


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """The traces on a regular grid, with the pulse signals of every region and of their mean (region 0)."""

    skin: Array
    """(n, 1 + k, 3)"""
    pulses: dict[str, Array]
    """Method -> (n, 1 + k)"""
    lines: dict[str, list[Line]]
    """Method -> line of each region."""
    best: int
    """Region in which POS and CHROM stand out most together."""

    @property
    def hz(self) -> float:
        return self.lines["pos"][self.best].hz


def judge_pulse(traces: Traces, limits: PulseLimits | None = None) -> Decision:
    """Say whether the window shows a coherent pulse.

    Parameters
    ----------
    traces : Traces
        One window without a gap worth mentioning; the newest 8 to 12 s that are calm enough.
    limits : PulseLimits, optional

    Returns
    -------
    Decision
        `ABSTAIN` with `too_short`, `low_frame_rate` or `weak_signal` when nothing can be said: real people end here
        after a webcam's compression. `NOT_COHERENT` with `methods_disagree`, `halves_disagree`, `regions_disagree`,
        `not_blood_coloured`, `in_background`, `follows_motion` or `follows_stream` when a line is there
        and is no pulse.

    Examples
    --------
    >>> t = np.arange(300) / 30
    >>> beat = np.sin(2 * np.pi * 1.2 * t)[:, None, None] + np.zeros((300, 3, 1))
    >>> skin = (150.0, 110.0, 90.0) * (1 - 0.01 * beat * (0.33, 0.77, 0.53))
    >>> noise = np.random.default_rng(1).normal(size=(300, 8))
    >>> judge_pulse(Traces(t, skin, np.full((300, 3), 80.0) + noise[:, :3], noise[:, 3:6], noise[:, 6:])).presence
    <Presence.COHERENT: 'coherent'>
    """
    limits = limits or PulseLimits()
    seconds = float(traces.t[-1] - traces.t[0]) if len(traces.t) > 1 else 0.0
    if seconds < limits.min_seconds:
        return Decision(Presence.ABSTAIN, "too_short")
    if (len(traces.t) - 1) / seconds < limits.min_fps:
        return Decision(Presence.ABSTAIN, "low_frame_rate")
    if (traces.skin.mean(axis=0) <= 0).any():
        return Decision(Presence.ABSTAIN, "skin_hidden")
    window = _window(traces)
    margin = _strength(window) - float(np.interp(seconds, limits.snr_windows, limits.min_snr))
    if margin < 0:
        return Decision(Presence.ABSTAIN, "weak_signal", margin_db=margin)
    reason = _incoherence(window, limits) or _control(window, traces, limits)
    quality = min(0.5 + margin / 10, 1.0)
    presence = Presence.NOT_COHERENT if reason else Presence.COHERENT
    return Decision(presence, reason or "ok", quality, margin)


def _window(traces: Traces) -> _Window:
    _, regions = regular(traces.t, traces.skin, fs=FS)
    skin = np.concatenate([regions.mean(axis=1, keepdims=True), regions], axis=1)
    pulses = {name: method(skin, fs=FS) for name, method in METHODS.items()}
    found = strongest_lines(np.concatenate(list(pulses.values()), axis=1), fs=FS)
    count = skin.shape[1]
    lines = {name: found[i * count : (i + 1) * count] for i, name in enumerate(pulses)}
    best = max(range(count), key=lambda region: lines["pos"][region].snr_db + lines["chrom"][region].snr_db)
    return _Window(skin, pulses, lines, best)


def _strength(window: _Window) -> float:
    """Decibels of the best region: POS, or CHROM and `CHROM_ALLOWANCE_DB` where that is less."""
    pos, chrom = (window.lines[name][window.best].snr_db for name in ("pos", "chrom"))
    return min(pos, chrom + CHROM_ALLOWANCE_DB)


# Within the skin.


def _incoherence(window: _Window, limits: PulseLimits) -> str | None:
    if any(abs(lines[window.best].hz - window.hz) > limits.max_apart_hz for lines in window.lines.values()):
        return "methods_disagree"
    pos = window.pulses["pos"][:, window.best]
    middle = len(pos) // 2
    halves = np.stack([pos[:middle], pos[middle : 2 * middle]], axis=1)
    if any(abs(half.hz - window.hz) > limits.max_half_apart_hz for half in strongest_lines(halves, fs=FS)):
        return "halves_disagree"
    if not _regions_agree(window, limits):
        return "regions_disagree"
    return None if _blood_coloured(window, limits) else "not_blood_coloured"


def _regions_agree(window: _Window, limits: PulseLimits) -> bool:
    """Whether two regions at least have the line, by POS or CHROM, and are in step."""
    phases = line(window.pulses["pos"], window.hz, fs=FS)
    agreeing = 0
    for region in range(1, len(phases)):
        apart = min(abs(window.lines[name][region].hz - window.hz) for name in ("pos", "chrom"))
        in_step = phase_gap(phases[region], phases[window.best]) <= limits.max_phase_gap
        agreeing += in_step and apart <= limits.max_apart_hz
    return agreeing >= MIN_REGIONS


def _blood_coloured(window: _Window, limits: PulseLimits) -> bool:
    amplitudes = line(relative(window.skin[:, window.best]), window.hz, fs=FS)
    enough_green = green_over_red(amplitudes) >= limits.min_green_over_red
    return enough_green and likeness_to_blood(amplitudes) >= limits.min_likeness


# Outside the skin: what must not have the line.


def _control(window: _Window, traces: Traces, limits: PulseLimits) -> str | None:
    """Why something else may be the line's cause: it moves enough at the line, or at half of it, and stands out there.

    Each is measured at these two frequencies and nowhere else, so that what moves more at another one hides nothing.
    """
    behind, least = _light(window, traces.background, limits)
    motions = [limits.min_motion] * traces.motion.shape[1]
    minima = np.array([least, *motions, limits.min_sharpness, limits.min_pacing])
    reasons = ["in_background", *["follows_motion"] * len(motions), "follows_stream", "follows_stream"]
    _, grid = regular(traces.t, np.column_stack([behind, traces.motion, traces.stream]), fs=FS)
    found = _moves(grid, window.hz, minima, limits)
    return next((reason for reason, moves in zip(reasons, found, strict=True) if moves), None)


def _moves(grid: Array, hz: float, minima: Array, limits: PulseLimits) -> Flags:
    """Which of the traces move by as much as they must, and stand out, at this frequency or at half of it."""
    f, p = periodogram(grid, fs=FS)
    found = np.zeros(len(minima), np.bool_)
    for at in (hz, hz / 2):  # at half: skin that moves to and fro dims twice a cycle
        stands = prominence_db(f, p, at, feet=2 * FS / len(grid)) >= limits.min_prominence
        found |= stands & (np.abs(line(grid, at, fs=FS)) >= minima)
    return found


def _light(window: _Window, background: Array, limits: PulseLimits) -> tuple[Array, float]:
    """The light behind, relative, in the colour of the face's line; and its least amplitude that could be the cause.

    A lamp changes background and skin alike, whatever its colour: the channels count by what they show in the face.
    """
    level = background.mean(axis=0)
    colour = np.abs(line(relative(window.skin[:, window.best]), window.hz, fs=FS)) * (level >= NO_BACKGROUND_MEAN)
    behind = background / np.maximum(level, NO_BACKGROUND_MEAN) @ colour
    return behind, limits.max_background_share * float(colour @ colour) or np.inf
