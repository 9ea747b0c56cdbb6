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

from .filters import relative
from .lines import Line, green_over_red, likeness_to_blood, phase_gap, strongest_lines
from .resample import regular
from .rppg import METHODS
from .spectral import line
from .valid import Array

FS: Final = 30.0
"""Hz of the grid that everything is resampled to; the usual camera's rate, far above the band."""

NO_BACKGROUND_MEAN: Final = 5.0
"""Grey levels; a darker background, or none in view, cannot be compared with."""

CHROM_ALLOWANCE_DB: Final = 3.0
"""Decibels CHROM may stay under POS: on live faces it was up to 2.7 dB weaker."""

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
    """Shape (n, s): what an encoder or a camera moves and a pulse does not; any unit."""


@dataclass(frozen=True, slots=True)
class PulseLimits:
    """When a line counts as a pulse. Measured in server/docs/pulse.md."""

    min_seconds: float = 8.0
    """Seconds of window; in shorter ones noise lines are as high as pulses."""
    min_fps: float = 10.0
    """Frames per second, mean over the window; the pulse was still right at 8 on one still face."""
    snr_windows: tuple[float, ...] = (8.0, 10.0, 12.0)
    """Seconds, at which `min_snr` holds; between them it is interpolated."""
    min_snr: tuple[float, ...] = (1.8, 2.0, 2.0)
    """Decibels, POS of the best region."""
    max_apart_hz: float = 5 / 60
    """Hz between the methods' lines, and between those of regions: 5 beats per minute."""
    max_half_apart_hz: float = 8 / 60
    """Hz between the line of either half and that of the whole: halves are resolved half as well."""
    max_phase_gap: float = 45.0
    """Degrees between the pulse of the best region and that of another one."""
    min_green_over_red: float = 1.4
    """Ratio of relative amplitudes. Blood 2.3, brightness 1; between them, by ratio."""
    min_likeness: float = 0.75
    """Cosine between the line's colour and blood's. 0.81 and more in live windows, at most 0.66 in others that had a
    strong line; in the middle. Lights that cycle through colours stay under it."""
    max_background_share: float = 0.5
    """Relative amplitude of the line in the background's green over that in the face's."""
    min_background_snr: float = 0.0
    """Decibels from which a line of the background is one."""
    min_motion: float = 0.5
    """Percent of the pupil distance, or degrees: peak amplitude of a movement that is more than heartbeat moving the
    head."""
    min_motion_snr: float = 0.0
    """Decibels from which a periodic movement is one."""
    min_stream_snr: float = 2.0
    """Decibels from which a periodic stream is one."""


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
    """Decibels of the best region: POS, and CHROM if it is weaker by more than 2 dB."""
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
    columns = np.concatenate([traces.background[:, 1:2], traces.motion, traces.stream], axis=1)
    _, grid = regular(traces.t, columns, fs=FS)
    background, *others = strongest_lines(grid, fs=FS)
    if _in_background(window, grid[:, 0], background, limits):
        return "in_background"
    count = traces.motion.shape[1]
    if any(_follows(window, *movement, limits) for movement in zip(grid.T[1:], others[:count], strict=False)):
        return "follows_motion"
    paced = (found for found in others[count:] if found.snr_db >= limits.min_stream_snr)
    return "follows_stream" if any(_same(found.hz, window.hz, limits) for found in paced) else None


def _follows(window: _Window, movement: Array, found: Line, limits: PulseLimits) -> bool:
    if found.snr_db < limits.min_motion_snr or not _same(found.hz, window.hz, limits):
        return False
    return float(abs(line(movement, found.hz, fs=FS))) >= limits.min_motion


def _in_background(window: _Window, trace: Array, found: Line, limits: PulseLimits) -> bool:
    level = float(trace.mean())
    if level < NO_BACKGROUND_MEAN or found.snr_db < limits.min_background_snr:
        return False
    behind = float(abs(line(trace, window.hz, fs=FS))) / level
    face = float(abs(line(relative(window.skin[:, window.best])[:, 1], window.hz, fs=FS)))
    return abs(found.hz - window.hz) <= limits.max_apart_hz and behind >= limits.max_background_share * face


def _same(hz: float, pulse_hz: float, limits: PulseLimits) -> bool:
    """Whether a line is the pulse's, or half its frequency: skin that moves to and fro dims twice a cycle."""
    return min(abs(hz - pulse_hz), abs(2 * hz - pulse_hz)) <= limits.max_apart_hz
