"""Each check by itself: its operating points and, where it has a number behind its result, every threshold's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from ..checks import REGISTRY
from ..checks.base import Measured
from ..checks.match import Match
from ..types import Outcome
from . import metrics
from .det import Sweep, sweep
from .evaluate import Judged
from .metrics import OperatingPoint
from .provenance import Provenance
from .rows import Groups, Row, counts, flat, pad, point_row

Outcomes = Callable[[Iterable[Judged]], list[Outcome]]

TOGETHER: Final = "all together"
"""Stands for the decision beside the names of checks."""


def check_rows(bona_fide: Sequence[Judged], species: Groups, made_with: Provenance) -> dict[str, Row]:
    """Return the decision's row, and one for every check that answered."""
    names = sorted({name for j in (*bona_fide, *flat(species)) for name in j.answer.checks})
    parts = _parts(made_with)
    rows = {
        name: {
            "part": parts.get(name, "reported only"),
            **_outcome_row(bona_fide, species, _answers_of(name)),
            **_measured_row(name, bona_fide, species),
        }
        for name in names
    }
    return {TOGETHER: {"part": "decision", **_outcome_row(bona_fide, species, pad), **_NOT_MEASURED}, **rows}


def _parts(made_with: Provenance) -> dict[str, str]:
    return {
        **dict.fromkeys(made_with.may_deny, "may deny"),
        **{name: f"one of {', '.join(group)}" for group in made_with.confirm_one_of for name in group},
        **dict.fromkeys(made_with.must_confirm, "must confirm"),
        Match.name: "full system only",
    }


def _answers_of(check: str) -> Outcomes:
    """Outcomes of one check; a presentation it never saw is one without an answer."""

    def outcomes(judged: Iterable[Judged]) -> list[Outcome]:
        found = [j.answer.checks.get(check) for j in judged]
        return [Outcome.INCONCLUSIVE if answer is None else answer.outcome for answer in found]

    return outcomes


def _outcome_row(bona_fide: Sequence[Judged], species: Groups, outcomes: Outcomes) -> Row:
    return {
        "bona_fide": counts(outcomes(bona_fide)),
        "attacks": {name: counts(outcomes(group)) for name, group in species.items()},
        "points": [point_row(point) for point in points(bona_fide, species, outcomes)],
    }


def points(bona_fide: Sequence[Judged], species: Groups, outcomes: Outcomes = pad) -> tuple[OperatingPoint, ...]:
    """Return the operating points that outcomes have, the decision's by default."""
    return metrics.operating_points({name: outcomes(group) for name, group in species.items()}, outcomes(bona_fide))


def bpcer_at(found: Sequence[OperatingPoint]) -> dict[str, Row | None]:
    """Return the best of some operating points within each limit."""
    best = {limit: metrics.bpcer_at(found, limit) for limit in metrics.APCER_LIMITS}
    return {f"{limit:.0%}": None if point is None else point_row(point) for limit, point in best.items()}


# Over all thresholds

_NOT_MEASURED: Final[Row] = {"measured": None, "sweep": None}


def _measured_row(name: str, bona_fide: Sequence[Judged], species: Groups) -> Row:
    check = REGISTRY.get(name)
    if check is None or check.measured is None:
        return _NOT_MEASURED
    about, today = check.measured, float(getattr(check.Config(), check.measured.threshold))
    people, attacks = _measures(name, bona_fide), {s: _measures(name, group) for s, group in species.items()}
    found = sweep(attacks, people, higher_is_live=about.higher_is_live)
    return {
        "measured": {
            **_about(about),
            "today": today,
            **_numbers(people, bona_fide, attacks, species),
            "denied": {
                "bona_fide": _denied(name, bona_fide, about, today),
                "attacks": _denied(name, flat(species), about, today),
            },
        },
        "sweep": None if found is None else _sweep_row(found, attacks, people, about, today),
    }


def _measures(name: str, judged: Iterable[Judged]) -> list[float]:
    answers = [j.answer.checks.get(name) for j in judged]
    return [answer.measure for answer in answers if answer is not None and answer.measure is not None]


def _denied(name: str, judged: Iterable[Judged], about: Measured, today: float) -> Row:
    """How many the check denied, and on how many of them its number lies where today's threshold denies.

    The others were denied by a rule of the check that no curve over this number shows.
    """
    answers = [answer for j in judged if (answer := j.answer.checks.get(name))]
    denied = [answer.measure for answer in answers if answer.outcome is Outcome.FAIL]
    beyond = [value for value in denied if value is not None and (value >= today) is not about.higher_is_live]
    return {"n": len(denied), "by_number": len(beyond)}


def _about(about: Measured) -> Row:
    return {
        "what": about.what,
        "unit": about.unit,
        "field": about.threshold,
        "higher_is_live": about.higher_is_live,
    }


def _numbers(
    people: Sequence[float], bona_fide: Sequence[Judged], attacks: Mapping[str, Sequence[float]], species: Groups
) -> Row:
    """How many presentations have a number, and how many are without."""
    n = sum(map(len, attacks.values()))
    return {
        "bona_fide": len(people),
        "attacks": n,
        "without": {"bona_fide": len(bona_fide) - len(people), "attacks": len(flat(species)) - n},
    }


def _sweep_row(
    found: Sweep, attacks: Mapping[str, Sequence[float]], people: Sequence[float], about: Measured, today: float
) -> Row:
    higher = about.higher_is_live
    equal = found.equal_error()
    return {
        **_equal_error_row(equal.value, sum(map(len, attacks.values())), len(people)),
        "ci95": [round(equal.ci95.low, 6), round(equal.ci95.high, 6)],
        "today": _both(found.nearest(today, higher_is_live=higher, pooled=p) for p in (True, False)),
        "bpcer_at_apcer": {
            f"{limit:.0%}": _both(found.within(limit, pooled=p) for p in (True, False))
            for limit in metrics.APCER_LIMITS
        },
        "eer_by_species": {name: _eer(values, people, higher) for name, values in attacks.items() if values},
        "det": _det(found),
    }


def _both(pooled_and_worst: Iterable[OperatingPoint]) -> Row:
    pooled, worst = map(point_row, pooled_and_worst)
    return {"pooled": pooled, "worst": worst}


def _eer(attacks: Sequence[float], people: Sequence[float], higher_is_live: bool) -> Row:
    alone = sweep({"": attacks}, people, higher_is_live=higher_is_live)
    assert alone is not None
    return {"n": len(attacks), **_equal_error_row(alone.equal_error().value, len(attacks), len(people))}


def _equal_error_row(value: float, attacks: int, people: int) -> Row:
    """An equal error rate; where it is 0, the bound is that of the side with fewer presentations."""
    nothing = metrics.Rate(0, min(attacks, people))
    return {"eer": value, "upper95": round(nothing.upper95, 6), "sufficient": value > 0 or nothing.sufficient}


def _det(found: Sweep) -> list[list[float]]:
    """Attacks accepted, all together and of the worst species, and bona fide refused, from threshold to threshold."""
    rates = zip(found.apcer(pooled=True), found.apcer(), found.bpcer(), strict=True)
    return [[round(float(share), 6) for share in row] for row in rates]
