"""Plans are uniform, unpredictable without the seed, reproducible with it, and never the last one again."""

from __future__ import annotations

from collections import Counter
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveness_server.challenges import REGISTRY
from liveness_server.challenges.plan import Draw, draw_plan, pool_of
from liveness_server.types import Profile


def seed(number):
    return number.to_bytes(32, "big")


@given(st.binary(min_size=32, max_size=32), st.integers(1, 10**6))
def test_draws_stay_in_range_and_repeat_with_the_seed(secret, n):
    a, b = Draw(secret), Draw(secret)
    values = [a.below(n) for _ in range(5)]
    assert values == [b.below(n) for _ in range(5)]
    assert all(0 <= v < n for v in values)


def test_draws_are_uniform():
    draw = Draw(seed(7))
    counts = Counter(draw.below(9) for _ in range(9000))
    chi2 = sum((c - 1000) ** 2 / 1000 for c in counts.values())
    assert chi2 < 26.1  # 99.9 % quantile of chi-square with 8 degrees of freedom


@pytest.mark.parametrize("profile", Profile)
def test_every_plan_is_distinct_kinds_of_the_profile(profile):
    for number in range(300):
        plan, _ = draw_plan(Draw(seed(number)), profile, 3, ())
        assert len(set(plan)) == 3
        assert set(plan) <= set(pool_of(profile))
        if profile is not Profile.MOTION_FREE:
            assert {"turn_left", "turn_right"} & set(plan)


def test_never_the_same_plan_twice_running():
    for number in range(2000):
        before, _ = draw_plan(Draw(seed(number)), Profile.MOTION_FREE, 3, ())
        after, _ = draw_plan(Draw(seed(number)), Profile.MOTION_FREE, 3, before)
        assert after != before


def test_entropy_is_that_of_the_admissible_plans():
    _, bits = draw_plan(Draw(seed(1)), Profile.STANDARD, 3, ())
    assert bits == pytest.approx(log2(9 * 8 * 7 - 7 * 6 * 5))
    _, bits = draw_plan(Draw(seed(1)), Profile.MOTION_FREE, 3, ("blink", "blink_twice", "smile"))
    assert bits == pytest.approx(log2(4 * 3 * 2 - 1))


def test_every_admissible_plan_comes_up():
    plans = Counter(draw_plan(Draw(seed(n)), Profile.STANDARD, 3, ())[0] for n in range(3000))
    assert len(plans) == 294
    assert max(plans.values()) < 35


def test_too_many_steps_are_refused():
    with pytest.raises(ValueError, match="no plan of 5 steps"):
        draw_plan(Draw(seed(1)), Profile.MOTION_FREE, 5, ())


def test_a_short_seed_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        Draw(b"short")


def test_registry_names_are_the_wire_names():
    assert all(kind == challenge.kind for kind, challenge in REGISTRY.items())
