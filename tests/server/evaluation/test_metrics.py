"""Error rates: known truths, and what must hold of every one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from liveness_server.evaluation import metrics
from liveness_server.evaluation.metrics import Rate
from liveness_server.types import RANK, Outcome

PASS, FAIL, NONE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
OUTCOMES = st.lists(st.sampled_from(list(Outcome)), max_size=40)
SOME = st.lists(st.sampled_from(list(Outcome)), min_size=1, max_size=40)
GROUPS = st.dictionaries(st.sampled_from(["print", "replay", "swap"]), SOME, min_size=1)


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    n = draw(st.integers(1, 400))
    return Rate(draw(st.integers(0, n)), n)


@pytest.mark.parametrize(
    ("n", "percent"), [(20, 13.9), (50, 5.8), (100, 3.0), (150, 2.0), (300, 1.0), (1000, 0.3), (59, 5.0)]
)
def test_no_error_still_allows(n: int, percent: float) -> None:
    assert round(100 * metrics.upper_bound(0, n), 1) == percent
    assert metrics.upper_bound(0, n) == pytest.approx(1 - 0.05 ** (1 / n))


@pytest.mark.parametrize(
    ("errors", "n", "low", "high"),
    # The first from Clopper and Pearson's closed form, the others from R: binom.test(x, n)$conf.int
    [(0, 20, 0.0, 0.1684335), (1, 20, 0.0012651, 0.2487328), (5, 10, 0.1870860, 0.8129140), (20, 20, 0.8315665, 1.0)],
)
def test_interval_is_the_published_one(errors: int, n: int, low: float, high: float) -> None:
    found = metrics.clopper_pearson(errors, n)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


@given(rates())
def test_interval_leaves_the_stated_tails(rate: Rate) -> None:
    """By definition: at each end the data are just as unlikely as the tail says."""
    interval = rate.ci95
    assert interval.low <= (rate.value or 0.0) <= interval.high
    if rate.errors:
        assert binom.sf(rate.errors - 1, rate.n, interval.low) == pytest.approx(0.025, rel=1e-6)
    if rate.errors < rate.n:
        assert binom.cdf(rate.errors, rate.n, interval.high) == pytest.approx(0.025, rel=1e-6)
        assert binom.cdf(rate.errors, rate.n, rate.upper95) == pytest.approx(0.05, rel=1e-6)


@given(rates())
def test_interval_is_symmetric_in_errors_and_successes(rate: Rate) -> None:
    mirrored = Rate(rate.n - rate.errors, rate.n).ci95
    assert mirrored.low == pytest.approx(1 - rate.ci95.high, abs=1e-9)
    assert mirrored.high == pytest.approx(1 - rate.ci95.low, abs=1e-9)


@given(rates())
def test_one_more_error_never_looks_better(rate: Rate) -> None:
    if rate.errors < rate.n:
        more = Rate(rate.errors + 1, rate.n)
        assert more.upper95 >= rate.upper95
        assert more.ci95.low >= rate.ci95.low


def test_nothing_seen_is_nothing_known() -> None:
    nothing = Rate(0, 0)
    assert nothing.value is None
    assert (nothing.ci95.low, nothing.ci95.high, nothing.upper95) == (0.0, 1.0, 1.0)
    assert not nothing.sufficient


@pytest.mark.parametrize(("errors", "n", "sufficient"), [(0, 58, False), (0, 59, True), (1, 2, True), (0, 1, False)])
def test_zero_errors_need_59_presentations(errors: int, n: int, sufficient: bool) -> None:
    assert Rate(errors, n).sufficient is sufficient


@pytest.mark.parametrize(("errors", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_impossible_counts_are_refused(errors: int, n: int) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        Rate(errors, n)


def test_rates_by_name() -> None:
    outcomes = [PASS, PASS, FAIL, NONE, NONE, NONE]
    assert metrics.apcer(outcomes) == Rate(2, 6)
    assert metrics.bpcer(outcomes) == Rate(1, 6)
    assert metrics.non_response(outcomes) == Rate(3, 6)
    assert metrics.not_accepted(outcomes) == Rate(4, 6)
    assert metrics.not_denied(outcomes) == Rate(5, 6)


@given(OUTCOMES)
def test_no_presentation_is_dropped(outcomes: list[Outcome]) -> None:
    parts = [metrics.apcer(outcomes), metrics.bpcer(outcomes), metrics.non_response(outcomes)]
    assert sum(part.errors for part in parts) == len(outcomes)
    assert {part.n for part in parts} == {len(outcomes)}


def test_headline_is_the_maximum_and_not_the_mean() -> None:
    assert metrics.worst({"print": Rate(0, 100), "swap": Rate(9, 10), "replay": Rate(1, 100)}) == "swap"


def test_among_equals_the_least_excluded_is_the_worst() -> None:
    assert metrics.worst({"many": Rate(0, 300), "few": Rate(0, 3)}) == "few"
    assert metrics.worst({}) is None


@given(GROUPS)
def test_headline_is_no_lower_than_any_species(groups: dict[str, list[Outcome]]) -> None:
    found = {name: metrics.apcer(outcomes) for name, outcomes in groups.items()}
    name = metrics.worst(found)
    assert name is not None
    assert all((found[name].value or 0) >= (rate.value or 0) for rate in found.values())


def test_operating_points_of_a_check() -> None:
    deny, confirm = metrics.operating_points({"print": [FAIL, FAIL, NONE, PASS], "swap": [FAIL] * 4}, [PASS, NONE])
    assert (deny.rule, deny.species, deny.attacks, deny.bona_fide) == ("deny", "print", Rate(2, 4), Rate(0, 2))
    assert (confirm.rule, confirm.attacks, confirm.bona_fide) == ("confirm", Rate(1, 4), Rate(1, 2))


def test_one_kind_alone_has_no_operating_point() -> None:
    assert metrics.operating_points({}, [PASS]) == ()
    assert metrics.operating_points({"print": [FAIL]}, []) == ()


@given(GROUPS, SOME)
def test_confirming_is_stricter_than_denying(groups: dict[str, list[Outcome]], people: list[Outcome]) -> None:
    deny, confirm = metrics.operating_points(groups, people)
    assert (confirm.attacks.value or 0) <= (deny.attacks.value or 0)
    assert (confirm.bona_fide.value or 0) >= (deny.bona_fide.value or 0)


@given(GROUPS, SOME, st.data())
def test_a_lower_answer_to_an_attack_never_raises_a_rate(
    groups: dict[str, list[Outcome]], people: list[Outcome], data: st.DataObject
) -> None:
    lowered = {
        name: [data.draw(st.sampled_from([o for o in Outcome if RANK[o] <= RANK[was]])) for was in outcomes]
        for name, outcomes in groups.items()
    }
    before, after = (metrics.operating_points(g, people) for g in (groups, lowered))
    for old, new in zip(before, after, strict=True):
        assert (new.attacks.value or 0) <= (old.attacks.value or 0)


def test_fewest_refused_within_a_limit() -> None:
    points = metrics.operating_points({"print": [FAIL] * 9 + [NONE]}, [PASS] * 8 + [NONE] * 2)
    assert [point.rule for point in points] == ["deny", "confirm"]
    at = {limit: metrics.bpcer_at(points, limit) for limit in (0.05, 0.10)}
    assert at[0.05] is points[1]
    assert at[0.10] is points[0]
    assert metrics.bpcer_at(metrics.operating_points({"print": [PASS]}, [PASS]), 0.10) is None
