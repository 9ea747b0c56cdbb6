"""Error rates over thresholds, against counts made by hand and the definitions themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveness_server.evaluation.det import POOLED, Sweep, sweep
from liveness_server.evaluation.metrics import clopper_pearson

numbers = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=12)


def of(attacks: dict[str, list[float]], bona_fide: list[float], *, higher_is_live: bool = True) -> Sweep:
    found = sweep(attacks, bona_fide, higher_is_live=higher_is_live)
    assert found is not None
    return found


def test_a_gap_has_no_errors() -> None:
    found = of({"print": [0.1, 0.2], "replay": [0.3]}, [0.8, 0.9])
    assert found.equal_error().value == 0.0
    assert found.equal_error().threshold == 0.8
    assert found.within(0.0).bona_fide.errors == 0


def test_smaller_may_be_live() -> None:
    found = of({"print": [9.0, 7.0]}, [1.0, 8.0], higher_is_live=False)
    assert found.nearest(7.5, higher_is_live=False).attacks.errors == 1
    assert found.nearest(7.5, higher_is_live=False).bona_fide.errors == 1
    assert found.equal_error().value == 0.5
    assert found.thresholds[-1] == -np.inf


def test_the_worst_species_is_not_the_mean() -> None:
    found = of({"print": [0.0] * 9, "swap": [1.0]}, [0.5, 2.0])
    at = found.nearest(0.5, higher_is_live=True)
    assert (at.species, at.attacks.value) == ("swap", 1.0)
    pooled = found.nearest(0.5, higher_is_live=True, pooled=True)
    assert (pooled.species, pooled.attacks.value) == (POOLED, 0.1)
    assert found.within(0.1, pooled=True).bona_fide.errors == 0
    assert found.within(0.1).bona_fide.errors == 1


def test_one_side_alone_has_no_curve() -> None:
    assert sweep({"print": [1.0]}, [], higher_is_live=True) is None
    assert sweep({"print": []}, [1.0], higher_is_live=True) is None


@given(attacks=numbers, bona_fide=numbers, threshold=st.integers(-6, 6), higher=st.booleans())
def test_rates_at_a_threshold_are_what_counting_gives(
    attacks: list[float], bona_fide: list[float], threshold: int, higher: bool
) -> None:
    at = of({"a": attacks}, bona_fide, higher_is_live=higher).nearest(threshold, higher_is_live=higher)
    live = (lambda v: v >= threshold) if higher else (lambda v: v <= threshold)
    assert at.attacks.errors == sum(map(live, attacks))
    assert at.bona_fide.errors == len(bona_fide) - sum(map(live, bona_fide))


@given(attacks=numbers, bona_fide=numbers)
def test_curves_fall_and_rise_and_meet(attacks: list[float], bona_fide: list[float]) -> None:
    found = of({"a": attacks[::2], "b": attacks[1::2]}, bona_fide)
    for rates in (found.apcer(), found.apcer(pooled=True)):
        assert all(np.diff(rates) <= 0)
        assert (rates[0], rates[-1]) == (1.0, 0.0)
    assert all(np.diff(found.bpcer()) >= 0)
    assert (found.bpcer()[0], found.bpcer()[-1]) == (0.0, 1.0)
    equal = found.equal_error()
    assert equal.ci95.low <= equal.value <= equal.ci95.high


def test_the_interval_is_made_of_exact_ones() -> None:
    equal = of({"a": [float(v) for v in range(20)]}, [float(v) for v in range(15, 35)]).equal_error()
    assert equal.value == 0.15  # from 17 on: 3 of 20 accepted, 2 of 20 refused; from 18 on: 2 and 3
    exact = clopper_pearson(3, 20)
    assert (equal.ci95.low, equal.ci95.high) == (pytest.approx(exact.low), pytest.approx(exact.high))
