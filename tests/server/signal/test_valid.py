from __future__ import annotations

import numpy as np
import pytest

from liveness_server.signal.rppg import METHODS
from liveness_server.signal.valid import valid_band, valid_rgb, valid_signal, valid_times


@pytest.mark.parametrize("x", [[], [1.0], 3.0, [1.0, np.nan], [1.0, np.inf]])
def test_a_signal_is_finite_and_has_two_samples(x):
    with pytest.raises(ValueError, match=r"^trace "):
        valid_signal(x, name="trace")


@pytest.mark.parametrize("t", [[0.0, 0.0], [1.0, 0.5], [[0.0, 1.0], [2.0, 3.0]]])
def test_times_increase(t):
    with pytest.raises(ValueError, match="strictly increasing"):
        valid_times(t)


@pytest.mark.parametrize("rgb", [np.ones((5, 2)), np.ones(5), np.zeros((5, 3))])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_refuses_what_is_no_colour_trace(rgb, method):
    with pytest.raises(ValueError, match="rgb must have"):
        method(rgb, fs=30.0)


@pytest.mark.parametrize("band", [(0.0, 1.0), (2.0, 1.0), (1.0, 15.0)])
def test_a_band_lies_below_half_the_rate(band):
    with pytest.raises(ValueError, match="band"):
        valid_band(band, 30.0)


def test_errors_hold_no_values():
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        valid_rgb([[123.456, 2.0, np.nan]] * 3)
    assert "123" not in str(caught.value)
