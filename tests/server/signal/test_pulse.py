"""A pulse is coherent; noise, a lamp, a shaken or pulsed photo and an encoder's beat are not."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from liveness_server.signal.lines import BLOOD, strongest_lines
from liveness_server.signal.pulse import Decision, Presence, PulseLimits, Traces, judge_pulse
from liveness_server.signal.resample import regular
from liveness_server.signal.rppg import METHODS
from server.signal.synthetic import FS, coloured, in_band_noise, living, noisy, painted, still, times, wave

WHITE = np.ones(3)


def rng(seed=1):
    return np.random.default_rng(seed)


def beat(t):
    return wave(t, 72)


@pytest.mark.parametrize("bpm", [48, 60, 72, 90, 120, 150, 180])
@pytest.mark.parametrize("seconds", [8.0, 12.0])
def test_a_living_face_is_coherent(bpm, seconds):
    decision = judge_pulse(living(rng(bpm), times(seconds), bpm))
    assert (decision.presence, decision.reason) == (Presence.COHERENT, "ok")
    assert 0.5 <= decision.quality <= 1


def test_also_with_a_third_of_the_frames_lost_and_at_12_fps():
    t = times(12)
    traces = living(rng(), t)
    kept = rng(2).random(len(t)) > 0.33
    assert judge_pulse(_only(traces, kept)).presence is Presence.COHERENT
    assert judge_pulse(living(rng(), times(12, 12.0))).presence is Presence.COHERENT


def test_a_stated_answer_holds_no_rate():
    assert {field.name for field in fields(Decision)} == {"presence", "reason", "quality", "margin_db"}
    answers = {judge_pulse(living(rng(5), times(12), bpm)).reason for bpm in (50, 80, 140)}
    assert answers == {"ok"}


@pytest.mark.parametrize(
    ("traces", "reason"),
    [
        (living(rng(), times(7.9)), "too_short"),
        (living(rng(), times(12, 9.0)), "low_frame_rate"),
        (still(rng(), times(12)), "weak_signal"),
        (living(rng(), times(12), noise=0.02), "weak_signal"),
        (replace(living(rng(), times(12)), skin=np.zeros((361, 3, 3))), "skin_hidden"),
    ],
)
def test_abstains(traces, reason):
    decision = judge_pulse(traces)
    assert replace(decision, margin_db=None) == Decision(Presence.ABSTAIN, reason)
    assert (decision.margin_db is not None) is (reason == "weak_signal"), "measured, if too little"


def test_a_brightness_pulsed_photo_is_not_coherent():
    for amplitude in (0.005, 0.02, 0.1):
        traces = painted(still(rng(), times(12)), beat, WHITE, amplitude=amplitude)
        assert judge_pulse(traces).presence is not Presence.COHERENT
        rounded = replace(traces, skin=traces.skin.round())
        assert judge_pulse(rounded).presence is not Presence.COHERENT


def test_a_tinted_pulse_on_a_photo_is_not_coherent():
    for tint in ((1.0, 0.8, 0.7), (0.7, 0.9, 1.0), (0.9, 1.0, 0.5)):
        traces = painted(still(rng(), times(12)), beat, np.array(tint), amplitude=0.02)
        assert judge_pulse(traces).presence is not Presence.COHERENT


def test_a_light_that_cycles_through_colours_is_not_the_colour_of_blood():
    traces, thirds = still(rng(), times(12)), np.array((0.0, 1 / 3, 2 / 3))
    cycle = np.sin(2 * np.pi * (1.2 * traces.t[:, None] + thirds))
    decision = judge_pulse(replace(traces, skin=traces.skin * (1 - 0.005 * cycle[:, None, :])))
    assert (decision.presence, decision.reason) == (Presence.NOT_COHERENT, "not_blood_coloured")


@pytest.mark.parametrize("colour", [WHITE, BLOOD, np.array((1.0, 0.8, 0.7))], ids=["white", "blood", "warm"])
def test_a_flickering_lamp_is_not_coherent(colour):
    decision = judge_pulse(painted(still(rng(), times(12)), beat, colour, amplitude=0.02, background=1.0))
    assert decision.presence is not Presence.COHERENT


def test_a_lamp_in_the_colour_of_blood_shows_in_the_background():
    lit = painted(still(rng(), times(12)), beat, background=1.0)
    assert judge_pulse(lit).reason == "in_background"
    leaking = painted(still(rng(), times(12)), beat, background=0.2)
    assert judge_pulse(leaking).presence is Presence.COHERENT, "an encoder leaks some of a pulse into its surroundings"


MANY = 25
"""Seeds of each evasion."""


def line_at(t, hz, amplitude, generator):
    return amplitude * np.sin(2 * np.pi * hz * t + generator.uniform(0, 6))


@pytest.mark.parametrize(("others", "levels"), [((1.9,), 0.5), ((1.9,), 5.0), ((0.9, 1.9, 2.6), 2.0)])
def test_a_lamp_is_found_behind_whatever_else_flickers_there(others, levels):
    """The audit's evasion: a lamp in the colour of blood on photo and background, and a stronger line behind."""
    reasons = set()
    for seed in range(MANY):
        lit = painted(still(rng(seed), times(10)), beat, background=1.0)
        flicker = sum(line_at(lit.t, hz, levels, rng(seed)) for hz in others)
        reasons.add(judge_pulse(replace(lit, background=lit.background + flicker[:, None])).reason)
    assert reasons == {"in_background"}


@pytest.mark.parametrize("tint", [BLOOD, np.array((0.4, 1.0, 0.6))], ids=["blood", "greener"])
def test_a_lamp_is_found_in_any_channel_that_reflects_it(tint):
    lit = painted(still(rng(), times(10)), beat, tint, background=1.0)
    for wall in ((90.0, 2.0, 2.0), (2.0, 2.0, 100.0), (2.0, 95.0, 2.0)):
        walled = replace(lit, background=lit.background / lit.background.mean(axis=0) * wall)
        assert judge_pulse(walled).reason == "in_background"


@pytest.mark.parametrize("share", [1.0, 0.5], ids=["at the line", "at half of it"])
@pytest.mark.parametrize("others", [(1.1,), (2.6,), (0.6, 1.4, 2.6)])
def test_a_sway_is_found_whatever_else_the_head_does(share, others):
    """The audit's evasion: the head sways with the pulse, and more at another frequency."""
    reasons = set()
    for seed, column in product(range(MANY // 5), range(6)):
        traces = living(rng(seed), times(12), 108)
        sway = line_at(traces.t, 1.8 * share, 2.0, rng(seed))
        sway = sway + sum(line_at(traces.t, hz, 4.0, rng(seed)) for hz in others)
        moved = traces.motion + sway[:, None] * np.eye(6)[column]
        reasons.add(judge_pulse(replace(traces, motion=moved)).reason)
    assert reasons == {"follows_motion"}


@pytest.mark.parametrize("share", [1.0, 0.5], ids=["at the line", "at half of it"])
@pytest.mark.parametrize(("column", "amplitude"), [(0, 0.2), (1, 0.05)], ids=["sharpness", "pacing"])
def test_a_beat_of_the_stream_is_found_whatever_else_it_does(share, column, amplitude):
    """The audit's evasion: the sharpness beats with the pulse, and more at 1.9 Hz."""
    reasons = set()
    for seed in range(MANY):
        traces = living(rng(seed), times(12), 72)
        both = line_at(traces.t, 1.2 * share, amplitude, rng(seed)) + line_at(traces.t, 1.9, 3 * amplitude, rng(seed))
        stream = traces.stream + both[:, None] * np.eye(2)[column]
        reasons.add(judge_pulse(replace(traces, stream=stream)).reason)
    assert reasons == {"follows_stream"}


def test_what_beats_beside_the_pulse_costs_nobody_theirs():
    answers = Counter()
    for seed in range(MANY):
        traces = living(rng(seed), times(12), 72)
        away = line_at(traces.t, 1.9, 1.0, rng(seed))[:, None]
        answers[judge_pulse(replace(traces, background=traces.background + 5 * away)).reason] += 1
        answers[judge_pulse(replace(traces, motion=traces.motion + 3 * away)).reason] += 1
        answers[judge_pulse(replace(traces, stream=traces.stream + 0.3 * away)).reason] += 1
    assert answers == {"ok": 3 * MANY}


def test_small_beats_are_not_taken_for_the_cause():
    traces = living(rng(), times(12), 72)
    small = line_at(traces.t, 1.2, 1.0, rng())[:, None]
    quiet = replace(traces, motion=np.zeros_like(traces.motion), stream=np.zeros_like(traces.stream))
    assert judge_pulse(replace(quiet, stream=small * (0.04, 0.008))).presence is Presence.COHERENT
    assert judge_pulse(replace(quiet, stream=small * (0.06, 0.0))).reason == "follows_stream"
    assert judge_pulse(replace(quiet, stream=small * (0.0, 0.012))).reason == "follows_stream"


def test_a_steady_stream_has_no_beat_in_its_rounding():
    for fps in (12.0, 15.0, 25.0, 30.0):
        assert judge_pulse(living(rng(), times(12, fps) * (1 + 1e-12), 72)).presence is Presence.COHERENT, fps


@pytest.mark.parametrize("times_a_beat", [1.0, 0.5])
def test_what_moves_with_the_head_is_not_a_pulse(times_a_beat):
    traces = living(rng(), times(12), 108)
    sway = 2 * np.sin(2 * np.pi * 1.8 * times_a_beat * traces.t)
    shaken = replace(traces, motion=traces.motion + sway[:, None] * np.eye(6)[1])
    assert judge_pulse(shaken).reason == "follows_motion"


def test_the_heartbeat_may_move_the_head_a_little():
    traces = living(rng(), times(12))
    recoil = 0.3 * beat(traces.t)
    moved = replace(traces, motion=traces.motion + recoil[:, None] * np.eye(6)[1])
    assert judge_pulse(moved).presence is Presence.COHERENT


def test_the_beat_of_a_stream_is_not_a_pulse():
    traces = living(rng(), times(12))
    paced = replace(traces, stream=traces.stream + 0.2 * beat(traces.t)[:, None] * (1.0, 0.0))
    assert judge_pulse(paced).reason == "follows_stream"


def test_the_methods_must_read_the_same_line():
    """Light at 2 Hz is the strongest in green, and neither POS nor CHROM sees it."""
    lit = painted(living(rng(), times(12), 72), lambda t: np.sin(2 * np.pi * 2.0 * t), WHITE, amplitude=0.02)
    assert judge_pulse(lit).reason == "methods_disagree"


def test_a_region_with_another_line_does_not_have_this_one():
    """Both cheeks have the forehead's line, in step, and a stronger one of their own."""
    traces = living(rng(), times(12), 72)
    other = painted(traces, lambda t: np.sin(2 * np.pi * 2.0 * t), amplitude=0.015)
    skin = np.stack([traces.skin[:, 0], other.skin[:, 1], other.skin[:, 2]], axis=1)
    strong = painted(still(rng(), times(12)), beat, amplitude=0.04).skin[:, :1]
    assert judge_pulse(replace(traces, skin=np.concatenate([strong, skin[:, 1:]], axis=1))).reason == "regions_disagree"


def test_a_line_is_as_weak_as_chrom_has_it():
    """Noise of blue, the noisiest channel of a camera, which CHROM weighs more than POS does."""
    for seed in range(10):
        traces = living(rng(seed), times(12))
        blue = 1 + 0.01 * rng(seed + 100).normal(size=(len(traces.t), 1)) * (0, 0, 1)
        noisy_blue = replace(traces, skin=traces.skin * blue[:, None, :])
        mean = regular(traces.t, noisy_blue.skin.mean(axis=1), fs=FS)[1]
        (by_pos,) = strongest_lines(METHODS["pos"](mean, fs=FS)[:, None], fs=FS)
        assert judge_pulse(noisy_blue).margin_db < by_pos.snr_db - PulseLimits().min_snr[-1] - 2


@pytest.mark.parametrize("seconds", PulseLimits().snr_windows)
def test_a_line_that_noise_reaches_is_too_weak(seconds):
    """Coherent in all but strength: over 0 dB, under what its window asks for."""
    limits, between = PulseLimits(), 0
    least = limits.min_snr[limits.snr_windows.index(seconds)]
    for seed in range(12):
        decision = judge_pulse(living(rng(seed), times(seconds), noise=0.0035 if seconds < 10 else 0.004))
        between += -least < decision.margin_db < 0 and decision.reason == "weak_signal"
        assert decision.margin_db >= 0 or decision.reason == "weak_signal"
    assert between >= 2


def test_regions_must_share_it_and_be_in_step():
    traces = still(rng(), times(12))
    one = painted(traces, beat, amplitude=0.02)
    alone = replace(traces, skin=np.stack([one.skin[:, 0], *traces.skin[:, 1:].swapaxes(0, 1)], axis=1))
    assert judge_pulse(alone).reason == "regions_disagree"
    early = painted(traces, lambda t: beat(t + 0.28), amplitude=0.005)
    late = painted(traces, lambda t: beat(t - 0.28), amplitude=0.005)
    skin = np.stack([one.skin[:, 0], early.skin[:, 1], late.skin[:, 2]], axis=1)
    assert judge_pulse(replace(traces, skin=skin)).reason == "regions_disagree"


def test_both_halves_must_have_it():
    traces = still(rng(), times(12))
    jumps = painted(traces, lambda t: np.where(t < 7, wave(t, 60), 0.6 * wave(t, 150)))
    assert judge_pulse(jumps).presence is not Presence.COHERENT


def test_without_a_background_in_view_it_is_judged_by_the_rest():
    traces = living(rng(), times(12))
    assert judge_pulse(replace(traces, background=np.zeros((361, 3)))).presence is Presence.COHERENT


def test_noise_is_hardly_ever_a_pulse():
    answers = Counter(
        judge_pulse(noisy(rng(seed), times(seconds), exponent=exponent, shared=shared)).presence
        for seed, seconds, exponent, shared in product(range(20), (8.0, 12.0), (0.0, 1.0, 2.0), (0.0, 1.0))
    )
    assert answers[Presence.COHERENT] <= 0.01 * answers.total()


def test_methods_at_0_db_of_brightness_noise():
    generator, t = rng(), times(10)
    errors = {name: [] for name in METHODS}
    for bpm in generator.uniform(45, 180, 60):
        power = float(np.mean(wave(t, bpm) ** 2))
        light = in_band_noise(generator, len(t), power) * 0.77
        traces = painted(painted(still(generator, t), lambda t, bpm=bpm: wave(t, bpm)), lambda _, x=light: x, WHITE)
        for name, method in METHODS.items():
            found = strongest_lines(method(traces.skin.mean(axis=1), fs=FS)[:, None], fs=FS)[0]
            errors[name].append(abs(60 * found.hz - bpm))
    for name in ("pos", "chrom"):
        assert np.mean(np.array(errors[name]) <= 2) >= 0.95, name


@pytest.mark.realclips
@pytest.mark.parametrize(("lost", "worst_bpm"), [(0.0, 0.5), (0.3, 1.0)])
def test_a_finger_sensor_agrees(real_clips: Path, lost: float, worst_bpm: float):
    t, r, g, b, ppg = np.genfromtxt(real_clips / "pulse" / "vipl_p1v1s1.csv", delimiter=",", skip_header=1).T
    kept = rng(1).random(len(t)) >= lost
    skin, seen = np.stack([r, g, b], axis=1)[kept], t[kept]
    found = [
        (_rate(METHODS["pos"](_cut(seen, skin, start), fs=FS)), _rate(_cut(t, ppg, start)))
        for start in np.arange(0, t[-1] - 10, 1.0)
    ]
    pos, finger = np.array(found).T
    assert np.abs(pos - finger).mean() <= worst_bpm
    if not lost:
        assert np.corrcoef(pos, finger)[0, 1] >= 0.85


def _cut(t, x, start):
    inside = (t >= start) & (t <= start + 10)
    return regular(t[inside], x[inside], fs=FS)[1]


def _rate(x):
    return 60 * strongest_lines(x[:, None], fs=FS)[0].hz


def _only(traces: Traces, kept) -> Traces:
    return Traces(*(getattr(traces, field.name)[kept] for field in fields(Traces)))


def test_colour_of_noise():
    """The instrument itself: a random walk has more power below than above the band's middle."""
    walk = coloured(rng(), (3000, 1), 2.0)[:, 0]
    spectrum = np.abs(np.fft.rfft(walk)) ** 2
    assert spectrum[1:100].sum() > 10 * spectrum[100:1000].sum()
