"""Colours are what the documents say: of one luminance, no saturated red, and drawn without favour."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from flashing import decoded, luminance, saturated_red
from liveness_server.signal.palette import PALETTE, linear_light, random_sequences, rgb_of

LIGHT = decoded([rgb_of(colour) for colour in PALETTE])


def test_all_have_one_luminance():
    assert np.ptp(luminance(LIGHT)) < 0.005
    assert luminance(LIGHT).mean() == pytest.approx(0.35, abs=0.005)


def test_none_is_a_saturated_red():
    assert not saturated_red(LIGHT)
    assert saturated_red(decoded([[255, 40, 40]])), "the bound can be reached"


def test_red_and_blue_are_far_apart():
    red, blue = LIGHT[:, 0], LIGHT[:, 2]
    assert sorted(red.round(2)) == [0, 0, 1, 1]
    assert np.abs(np.corrcoef(red, blue)[0, 1]) < 0.25


def test_decoding_is_that_of_the_standard():
    every = np.arange(256)
    assert linear_light(every) == pytest.approx(decoded(every))


def test_every_sequence_is_as_likely():
    drawn = random_sequences(36_000, 3, 4, np.random.default_rng(1))
    counts = Counter(map(tuple, drawn.tolist()))
    assert len(counts) == 4 * 3 * 3
    assert max(abs(n - 1000) for n in counts.values()) < 150
