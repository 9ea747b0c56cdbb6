from __future__ import annotations

import numpy as np
import pytest

from liveness_server.signal.lines import BAND, likeness_to_blood, phase_gap, strongest_lines
from liveness_server.signal.spectral import fundamental_frequency, line, peak_frequency, periodogram, snr_db
from server.signal.synthetic import FS, in_band_noise, times, wave


@pytest.mark.parametrize("bpm", np.linspace(44, 205, 24).round(1))
def test_a_tone_is_found_between_the_bins(bpm):
    f, p = periodogram(np.sin(2 * np.pi * bpm / 60 * times(10) + 1), fs=FS)
    assert peak_frequency(f, p, band=BAND) * 60 == pytest.approx(bpm, abs=0.6)


def test_the_spectrum_holds_the_power_of_the_signal():
    noise = np.random.default_rng(1).normal(size=6001) * 3
    f, p = periodogram(noise, fs=FS)
    assert p.sum() * (f[1] - f[0]) == pytest.approx(9, rel=0.1)


def test_mean_and_drift_are_no_line():
    t = times(10)
    f, p = periodogram(100 + 5 * t + 0.01 * np.sin(2 * np.pi * 1.2 * t), fs=FS)
    assert peak_frequency(f, p, band=BAND) == pytest.approx(1.2, abs=0.01)


def test_nothing_has_no_line():
    (nothing,) = strongest_lines(np.full((300, 1), 7.0), fs=FS)
    assert nothing.snr_db < -100 or nothing.hz == 0


def test_a_strong_harmonic_does_not_double_the_rate():
    t = times(10)
    pulse = 0.8 * np.sin(2 * np.pi * 0.9 * t) + np.sin(2 * np.pi * 1.8 * t)
    f, p = periodogram(pulse, fs=FS)
    assert peak_frequency(f, p, band=BAND) == pytest.approx(1.8, abs=0.01)
    assert fundamental_frequency(f, p, band=BAND) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("bpm", [90, 120, 150, 180])
def test_a_weak_line_at_half_the_rate_does_not_halve_it(bpm):
    t = times(10)
    pulse = wave(t, bpm) + 0.4 * np.sin(2 * np.pi * bpm / 120 * t)
    assert strongest_lines(pulse[:, None], fs=FS)[0].hz * 60 == pytest.approx(bpm, abs=1)


def test_snr_counts_line_and_harmonic_against_the_rest():
    f = np.arange(0, 5, 0.01)
    p = np.full_like(f, 0.1)
    p[np.abs(f - 1.2) < 0.05] = 10.0
    alone = snr_db(f, p, 1.2, band=BAND)
    p[np.abs(f - 2.4) < 0.05] = 10.0
    both = snr_db(f, p, 1.2, band=BAND)
    assert both - alone == pytest.approx(3, abs=0.2)
    assert snr_db(f, p, 1.7, band=BAND) < -10
    assert snr_db(f, np.zeros_like(f), 1.2, band=BAND) == -np.inf


def test_amplitude_and_phase_of_a_line():
    t = times(10)
    found = line(np.stack([2 * np.cos(2 * np.pi * 1.2 * t), 3 * np.sin(2 * np.pi * 1.2 * t)], axis=1), 1.2, fs=FS)
    assert np.abs(found) == pytest.approx((2, 3), abs=0.02)
    assert phase_gap(*found) == pytest.approx(90, abs=1)
    assert phase_gap(found[0], 0) == 180


def test_nothing_is_not_like_blood():
    assert likeness_to_blood((0, 0, 0)) == 0


def test_the_rate_is_right_at_0_db_from_45_to_180_bpm():
    rng, t, errors = np.random.default_rng(1), times(10), []
    for bpm in rng.uniform(45, 180, 200):
        beat = wave(t, bpm)
        noisy = beat + in_band_noise(rng, len(t), float(np.mean(beat**2)))
        errors.append(abs(60 * strongest_lines(noisy[:, None], fs=FS)[0].hz - bpm))
    assert np.mean(np.array(errors) <= 2) >= 0.95
