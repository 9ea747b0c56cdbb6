"""Known light in, known answer out: lag, gain, and how often noise is taken for an answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liveness_server.signal.coupling import couple, gain_at
from liveness_server.signal.palette import PALETTE, linear_light, random_sequences, rgb_of
from reflecting import Scene, length, sequence, shown

COLOURS = linear_light([rgb_of(colour) for colour in PALETTE])
OTHERS = COLOURS[random_sequences(499, 8, len(PALETTE), np.random.default_rng(0))]
LAGS = (0.0, 1.3)
STEPS = sequence(1)


def found(scene: Scene, steps=STEPS, played=STEPS, part=1):
    traces = scene.traces(played, length(STEPS) + 2)
    return couple(traces[0], traces[part], shown(steps), OTHERS, lags=LAGS)


@pytest.mark.parametrize("lag", [0.05, 0.3, 0.72, 1.2])
@pytest.mark.parametrize("fps", [12.0, 30.0, 60.0])
def test_the_lag_is_found_to_half_a_frame(lag, fps):
    coupling = found(Scene(lag_s=lag, fps=fps))
    assert abs(coupling.lag_s - lag) < 0.5 / fps + 0.02
    assert coupling.p < 0.01


@pytest.mark.parametrize("gain", [0.05, 0.1, 0.2])
def test_the_gain_is_that_of_the_light_in_encoded_values(gain):
    assert found(Scene(skin=gain)).gain == pytest.approx(gain / 2.2, rel=0.15)


def test_the_gain_at_a_known_lag_is_the_same():
    t, skin, _ = Scene().traces(STEPS, length(STEPS) + 2)
    coupling = couple(t, skin, shown(STEPS), OTHERS, lags=LAGS)
    assert gain_at(t, skin, shown(STEPS), lag_s=coupling.lag_s) == pytest.approx(coupling.gain)


def test_a_clean_answer_peaks_sharply_and_alike_in_both_halves():
    coupling = found(Scene(noise=0.05))
    assert coupling.sharpness > 0.4
    assert coupling.half_lags_s == pytest.approx((0.3, 0.3), abs=0.05)
    assert coupling.correlation > 0.99


@pytest.mark.parametrize("kept", [{"skin": 0.0}, {"skin": 0.0, "drift": 0.03}])
def test_without_light_one_sequence_fits_like_another(kept):
    # It is the sequence that is drawn: for one sequence and many drifts, the probabilities are not uniform.
    p = [found(replace(Scene(**kept), seed=seed), steps=sequence(seed), played=()).p for seed in range(60)]
    assert np.mean(p) == pytest.approx(0.5, abs=0.15)
    assert np.mean(np.array(p) <= 0.1) <= 0.2


def test_the_probability_of_another_sequence_is_uniform():
    p = [found(Scene(seed=seed), steps=sequence(seed), played=sequence(1000 + seed)).p for seed in range(60)]
    assert np.mean(p) == pytest.approx(0.5, abs=0.15)
    assert min(p) > 0.002


def test_what_moves_all_channels_alike_is_no_answer():
    t, skin, _ = Scene().traces(STEPS, length(STEPS) + 2)
    flicker = 1 + 0.3 * np.sin(2 * np.pi * 1.1 * t)[:, None]
    still = couple(t, skin, shown(STEPS), OTHERS, lags=LAGS)
    shaken = couple(t, skin * flicker, shown(STEPS), OTHERS, lags=LAGS)
    assert shaken.gain == pytest.approx(still.gain)


def test_no_probability_is_zero():
    assert found(Scene(noise=0.0)).p >= 1 / 500


def test_a_trace_that_is_too_short_is_refused():
    t, skin, _ = Scene().traces(STEPS, length(STEPS) + 1.2)
    with pytest.raises(ValueError, match="span"):
        couple(t, skin, shown(STEPS), OTHERS, lags=LAGS)


def test_shares_add_up_to_one_while_anything_is_shown():
    light = shown(STEPS)
    t = np.linspace(STEPS[0].ramp_s, light.end, 500)
    assert light.shares(t).sum(axis=1) == pytest.approx(1.0)
