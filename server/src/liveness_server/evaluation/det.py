"""Error rates over every threshold of a check that has a number behind its result: DET curves and what they tell.

A presentation without a number is none of a curve's: it is counted beside it. Rates at one threshold are as in
`metrics`: a presentation at or beyond the threshold, on the side of bona fide, is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from .metrics import CONFIDENCE, Interval, OperatingPoint, Rate, worst

POOLED: Final = "all attacks"
"""Stands for a species where all are counted together."""
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EqualError:
    """Where as many attacks get through as bona fide are refused."""

    value: float
    """The smallest share that neither of the two rates exceeds at one threshold."""
    ci95: Interval
    """The same share of the lower, and of the upper ends of both rates' exact intervals."""
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Errors at every threshold that separates any two presentations, from accepting all to accepting none."""

    thresholds: NDArray[np.float64]
    """(n,) in the check's own unit and sign; the last accepts nothing."""
    refused: Counts
    """(n,) bona fide refused."""
    bona_fide: int
    """Bona fide presentations with a number."""
    accepted: Mapping[str, Counts]
    """Species -> (n,) attacks accepted."""
    attacks: Mapping[str, int]
    """Species -> presentations with a number."""

    def at(self, index: int, *, pooled: bool = False) -> OperatingPoint:
        """Return the rates at one threshold, of the worst species or of all attacks together."""
        rates = {name: Rate(int(counts[index]), self.attacks[name]) for name, counts in self.accepted.items()}
        if pooled:
            rates = {POOLED: Rate(sum(r.errors for r in rates.values()), sum(r.n for r in rates.values()))}
        species = worst(rates)
        assert species is not None
        refused = Rate(int(self.refused[index]), self.bona_fide)
        return OperatingPoint(f"{self.thresholds[index]:.6g}", species, rates[species], refused)

    def bpcer(self) -> NDArray[np.float64]:
        """(n,) share of bona fide refused; rises with the index."""
        return self.refused / self.bona_fide

    def apcer(self, *, pooled: bool = False) -> NDArray[np.float64]:
        """(n,) share of attacks accepted, of the worst species at each threshold or of all together."""
        if pooled:
            return self._pooled() / sum(self.attacks.values())
        return np.asarray(np.max([counts / self.attacks[name] for name, counts in self.accepted.items()], axis=0))

    def within(self, limit: float, *, pooled: bool = False) -> OperatingPoint:
        """Return the point with the fewest bona fide refused that accepts at most `limit` of the attacks."""
        return self.at(int(np.argmax(self.apcer(pooled=pooled) <= limit)), pooled=pooled)

    def nearest(self, threshold: float, *, higher_is_live: bool, pooled: bool = False) -> OperatingPoint:
        """Return the rates of a threshold that lies anywhere between those of the sweep."""
        signed, wanted = (self.thresholds, threshold) if higher_is_live else (-self.thresholds, -threshold)
        return self.at(int(np.searchsorted(signed, wanted)), pooled=pooled)

    def equal_error(self) -> EqualError:
        """Return the equal error rate of all attacks together."""
        errors = ((self._pooled(), sum(self.attacks.values())), (self.refused, self.bona_fide))
        shares, low, high = (_larger([each(counts, n) for counts, n in errors]) for each in (_share, _low, _high))
        best = int(np.argmin(shares))
        return EqualError(
            float(shares[best]), Interval(float(low.min()), float(high.min())), float(self.thresholds[best])
        )

    def _pooled(self) -> Counts:
        return np.asarray(np.sum(list(self.accepted.values()), axis=0, dtype=np.int64))


def sweep(attacks: Mapping[str, Sequence[float]], bona_fide: Sequence[float], *, higher_is_live: bool) -> Sweep | None:
    """Count errors over all thresholds; None without numbers on both sides."""
    sign = 1.0 if higher_is_live else -1.0
    signed = {name: np.sort(sign * np.asarray(values)) for name, values in attacks.items() if values}
    if not signed or not bona_fide:
        return None
    people = np.sort(sign * np.asarray(bona_fide))
    places = np.append(np.unique(np.concatenate([people, *signed.values()])), np.inf)
    return Sweep(
        thresholds=sign * places,
        refused=np.searchsorted(people, places),
        bona_fide=len(people),
        accepted={name: len(values) - np.searchsorted(values, places) for name, values in signed.items()},
        attacks={name: len(values) for name, values in signed.items()},
    )


def _larger(pair: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.maximum(pair[0], pair[1])


def _share(errors: Counts, n: int) -> NDArray[np.float64]:
    return errors / n


def _low(errors: Counts, n: int) -> NDArray[np.float64]:
    """Lower Clopper-Pearson ends, as `metrics.clopper_pearson` has them, of many counts at once."""
    tail = (1 - CONFIDENCE) / 2
    return np.where(errors == 0, 0.0, beta.ppf(tail, np.maximum(errors, 1), n - errors + 1))


def _high(errors: Counts, n: int) -> NDArray[np.float64]:
    tail = (1 - CONFIDENCE) / 2
    return np.where(errors == n, 1.0, beta.ppf(1 - tail, errors + 1, np.maximum(n - errors, 1)))
