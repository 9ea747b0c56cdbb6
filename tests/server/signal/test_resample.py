from __future__ import annotations

import numpy as np
import pytest

from liveness_server.signal.resample import regular, runs


def test_a_sine_survives_jitter_and_loss():
    rng = np.random.default_rng(1)
    t = np.sort(rng.choice(np.arange(0, 10, 1 / 30), 210, replace=False)) + rng.uniform(-0.008, 0.008, 210)
    t.sort()
    grid, y = regular(t, np.sin(2 * np.pi * 1.2 * t), fs=30.0)
    assert np.allclose(np.diff(grid), 1 / 30)
    assert grid[0] == t[0]
    assert grid[-1] <= t[-1] + 1e-9
    assert np.sqrt(np.mean((y - np.sin(2 * np.pi * 1.2 * grid)) ** 2)) < 0.05


def test_every_channel_is_interpolated():
    _, y = regular([0.0, 1.0], np.arange(12.0).reshape(2, 3, 2), fs=2.0)
    assert y.shape == (3, 3, 2)
    assert y[1].ravel().tolist() == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


def test_lengths_must_match():
    with pytest.raises(ValueError, match="same length"):
        regular([0.0, 1.0], [1.0, 2.0, 3.0], fs=30.0)


def test_gaps_split():
    dense, sparse = np.arange(0, 1, 0.01), np.arange(3, 6, 0.5)
    t = np.concatenate([dense, sparse])
    assert runs(t, max_gap=1.0) == [slice(0, 100), slice(100, 106)]
