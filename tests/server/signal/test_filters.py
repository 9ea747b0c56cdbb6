from __future__ import annotations

import numpy as np
import pytest

from liveness_server.signal.filters import bandpass, relative
from server.signal.synthetic import times

MIDDLE = slice(90, -90)


@pytest.mark.parametrize(
    ("hz", "low", "high"), [(0.2, 0.0, 0.02), (0.7, 0.45, 0.55), (1.5, 0.98, 1.02), (8.0, 0.0, 0.01)]
)
def test_gain_of_both_passes(hz, low, high):
    wave = np.sin(2 * np.pi * hz * times(20))
    gain = bandpass(wave, fs=30.0, band=(0.7, 3.5))[MIDDLE].std() / wave[MIDDLE].std()
    assert low <= gain <= high


def test_no_delay():
    wave = np.sin(2 * np.pi * 1.5 * times(20))
    out = bandpass(np.stack([wave, -wave], axis=1), fs=30.0, band=(0.7, 3.5))
    assert np.corrcoef(out[MIDDLE, 0], wave[MIDDLE])[0, 1] > 0.999
    assert np.allclose(out[:, 0], -out[:, 1])


def test_relative_colour_does_not_know_the_light():
    trace = np.random.default_rng(1).uniform(50, 60, (100, 3))
    assert np.allclose(relative(trace), relative(trace * (2.0, 1.0, 0.5)))
