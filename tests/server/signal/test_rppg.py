"""72 bpm in, 72 ± 1 out; the sign is a contact PPG's; brightness is not blood."""

from __future__ import annotations

import numpy as np
import pytest

from liveness_server.signal.lines import BLOOD, strongest_lines
from liveness_server.signal.rppg import METHODS
from server.signal.synthetic import AMPLITUDE, FS, SKIN, in_band_noise, times, wave

pytestmark = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
MIDDLE = slice(60, -60)


def skin(t, bpm, *, noise=0.0, seed=1):
    """One region; `noise` is relative to the pulse in green, in every channel by itself."""
    rng = np.random.default_rng(seed)
    beat = wave(t, bpm)[:, None] * BLOOD
    return SKIN[0] * (1 - AMPLITUDE * (beat + noise * beat[:, 1].std() * rng.normal(size=(len(t), 3))))


def rate(method, rgb, fs=FS):
    return 60 * strongest_lines(method(rgb, fs=fs)[:, None], fs=fs)[0].hz


@pytest.mark.parametrize("noise", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_72_in_72_out(method, noise, fps):
    assert rate(method, skin(times(12, fps), 72, noise=noise), fps) == pytest.approx(72, abs=1)


@pytest.mark.parametrize("bpm", [45, 60, 100, 140, 180])
def test_other_rates(method, bpm):
    assert rate(method, skin(times(12), bpm, noise=0.25)) == pytest.approx(bpm, abs=1)


def test_more_blood_is_higher(method):
    t = times(12)
    assert np.corrcoef(method(skin(t, 72), fs=FS)[MIDDLE], wave(t, 72)[MIDDLE])[0, 1] > 0.98


def test_amplitude_does_not_fade_towards_the_ends(method):
    bvp = method(skin(times(12), 72), fs=FS)
    assert bvp[:60].std() == pytest.approx(bvp[MIDDLE].std(), rel=0.4)


def test_several_regions_at_once_are_each_what_they_are_alone(method):
    regions = np.stack([skin(times(10), 72), skin(times(10), 90, noise=0.3)], axis=1)
    together = method(regions, fs=FS)
    assert together.shape == (301, 2)
    assert np.allclose(together[:, 1], method(regions[:, 1], fs=FS), atol=1e-12)


def test_colours_that_stand_still_have_no_pulse(method):
    assert np.allclose(method(np.full((300, 3), 120.0), fs=FS), 0, atol=1e-9)


def test_brightness_at_0_db_is_cancelled_by_the_two_that_promise_it(method):
    t = times(10)
    noise = in_band_noise(np.random.default_rng(3), len(t), float(np.mean(wave(t, 72) ** 2)))
    rgb = skin(t, 72) * (1 - AMPLITUDE * 0.77 * noise)[:, None]
    clean = np.corrcoef(method(rgb, fs=FS)[MIDDLE], wave(t, 72)[MIDDLE])[0, 1]
    assert (clean > 0.9) == (method is not METHODS["green"])
