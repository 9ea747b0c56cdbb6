"""Error rates in the words of ISO/IEC 30107-3, with exact intervals: pure functions over decisions.

APCER   share of the attack presentations of one species that were accepted
BPCER   share of the bona fide presentations that were taken for an attack
APNRR   share of the attack presentations of one species that got no answer (INCONCLUSIVE)
BPNRR   share of the bona fide presentations that got no answer
IAPAR   share of the attack presentations of one species that the full system, comparison included, accepted

Every rate has all presentations of its kind as denominator, so that an abstention is counted, and never drops out.
The headline over species is the maximum, never a mean: an attacker chooses the species.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scipy.stats import beta

from ..types import Outcome

CONFIDENCE: Final = 0.95
"""Of every interval and bound; the level that biometric test reports print."""
SUFFICIENT_BOUND: Final = 0.05
"""Share. Zero errors say something only where the one-sided bound is at most this: from 59 presentations on."""
APCER_LIMITS: Final = (0.01, 0.05, 0.10)
"""Shares at which a BPCER is quoted (ISO/IEC 30107-3: BPCER100, BPCER20, BPCER10)."""

RULES: Final = {
    "confidence": CONFIDENCE,
    "interval": "Clopper-Pearson, two-sided; upper95 is the one-sided bound",
    "sufficient_bound": SUFFICIENT_BOUND,
    "insufficient": "no error seen, and the one-sided upper bound is above the sufficient_bound",
    "denominator": "every presentation of its kind; a presentation without an answer is counted, never dropped",
    "headline": "the maximum over species, never a mean",
}
"""How every figure here is made, to be printed beside it."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Two-sided confidence interval of a share, 0..1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors among `n` presentations."""

    errors: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.n:
            raise ValueError(f"{self.errors} errors among {self.n} presentations is no rate")

    @property
    def value(self) -> float | None:
        """Share of errors; None without presentations."""
        return self.errors / self.n if self.n else None

    @property
    def ci95(self) -> Interval:
        """Two-sided Clopper-Pearson interval."""
        return clopper_pearson(self.errors, self.n)

    @property
    def upper95(self) -> float:
        """One-sided Clopper-Pearson upper bound: the largest true share these data do not exclude."""
        return upper_bound(self.errors, self.n)

    @property
    def sufficient(self) -> bool:
        """False where no error was seen among too few to mean anything (see `SUFFICIENT_BOUND`)."""
        return self.errors > 0 or self.upper95 <= SUFFICIENT_BOUND


def clopper_pearson(errors: int, n: int, *, confidence: float = CONFIDENCE) -> Interval:
    """Exact two-sided interval of a share (Clopper and Pearson, Biometrika 26, 1934), by quantiles of the beta law."""
    tail = (1 - confidence) / 2
    return Interval(_lower(errors, n, tail), _upper(errors, n, tail))


def upper_bound(errors: int, n: int, *, confidence: float = CONFIDENCE) -> float:
    """Exact one-sided upper bound of a share: 0 of 20 still allows 13.9 %, 0 of 300 1.0 %."""
    return _upper(errors, n, 1 - confidence)


def _lower(errors: int, n: int, tail: float) -> float:
    return 0.0 if errors == 0 else float(beta.ppf(tail, errors, n - errors + 1))


def _upper(errors: int, n: int, tail: float) -> float:
    return 1.0 if errors == n else float(beta.ppf(1 - tail, errors + 1, n - errors))


def apcer(attacks: Iterable[Outcome]) -> Rate:
    """Accepted attacks of one species. Of full-system decisions the same count is the IAPAR."""
    return _share(attacks, Outcome.PASS)


def bpcer(bona_fide: Iterable[Outcome]) -> Rate:
    """Bona fide presentations taken for an attack."""
    return _share(bona_fide, Outcome.FAIL)


def non_response(presentations: Iterable[Outcome]) -> Rate:
    """Presentations without an answer: APNRR of one species, or BPNRR."""
    return _share(presentations, Outcome.INCONCLUSIVE)


def not_accepted(bona_fide: Iterable[Outcome]) -> Rate:
    """Bona fide presentations that did not pass, for whatever reason: what a person notices."""
    outcomes = list(bona_fide)
    return Rate(sum(outcome is not Outcome.PASS for outcome in outcomes), len(outcomes))


def not_denied(attacks: Iterable[Outcome]) -> Rate:
    """Attacks that were accepted or got no answer: what gets through where an abstention is let through."""
    outcomes = list(attacks)
    return Rate(sum(outcome is not Outcome.FAIL for outcome in outcomes), len(outcomes))


def _share(outcomes: Iterable[Outcome], error: Outcome) -> Rate:
    counted = list(outcomes)
    return Rate(counted.count(error), len(counted))


def worst(rates: Mapping[str, Rate]) -> str | None:
    """Return the species with the highest rate; among equals the one the data exclude least. None without species."""
    return max(rates, key=lambda name: (rates[name].value or 0.0, rates[name].upper95, name), default=None)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One place on the trade between accepted attacks and refused people."""

    rule: str
    """`deny`: only FAIL refuses; `confirm`: only PASS accepts."""
    species: str
    """The worst one at this point."""
    attacks: Rate
    """Let through, of that species."""
    bona_fide: Rate
    """Refused."""


def operating_points(
    attacks: Mapping[str, Sequence[Outcome]], bona_fide: Sequence[Outcome]
) -> tuple[OperatingPoint, ...]:
    """Return the two points that three-valued answers have; none where attacks or bona fide are missing."""
    if not attacks or not bona_fide:
        return ()
    denying = {species: not_denied(outcomes) for species, outcomes in attacks.items()}
    confirming = {species: apcer(outcomes) for species, outcomes in attacks.items()}
    return (_point("deny", denying, bpcer(bona_fide)), _point("confirm", confirming, not_accepted(bona_fide)))


def _point(rule: str, rates: Mapping[str, Rate], bona_fide: Rate) -> OperatingPoint:
    species = worst(rates)
    assert species is not None
    return OperatingPoint(rule, species, rates[species], bona_fide)


def bpcer_at(points: Iterable[OperatingPoint], limit: float) -> OperatingPoint | None:
    """Return the point with the fewest people refused among those that let at most `limit` of any species through."""
    allowed = [point for point in points if (point.attacks.value or 0.0) <= limit]
    return min(allowed, key=lambda point: point.bona_fide.value or 0.0, default=None)
