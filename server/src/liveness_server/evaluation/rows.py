"""Groups of presentations, and the rows that every part of a report is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..types import Outcome
from . import metrics
from .dataset import Label
from .evaluate import Judged
from .metrics import OperatingPoint, Rate

Row = dict[str, Any]
Groups = Mapping[str, Sequence[Judged]]


def bona_fide_of(judged: Iterable[Judged]) -> list[Judged]:
    """The bona fide presentations."""
    return [j for j in judged if j.clip.label is Label.BONA_FIDE]


def by_species(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    """The attack presentations, by species."""
    return grouped((j for j in judged if j.clip.label is Label.ATTACK), lambda j: j.clip.species)


def grouped(judged: Iterable[Judged], key: Callable[[Judged], str]) -> dict[str, list[Judged]]:
    """Presentations by what `key` says of each, sorted by it."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for j in judged:
        groups[key(j)].append(j)
    return dict(sorted(groups.items()))


def flat(groups: Groups) -> list[Judged]:
    """All presentations of all groups."""
    return [j for group in groups.values() for j in group]


def values(judged: Iterable[Judged], column: str) -> list[str]:
    """What a column says, each once; empty cells say nothing."""
    return sorted({j.clip.columns[column] for j in judged} - {""})


def pad(judged: Iterable[Judged]) -> list[Outcome]:
    """Decisions of presentation attack detection alone."""
    return [j.answer.pad for j in judged]


def full(judged: Iterable[Judged]) -> list[Outcome]:
    """Decisions of the full system, comparison included."""
    return [j.answer.decision for j in judged]


def counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How often each outcome occurs."""
    return {outcome.value: outcomes.count(outcome) for outcome in Outcome}


def rate_row(rate: Rate) -> Row:
    """Write a rate down with everything needed to read it."""
    return {
        "errors": rate.errors,
        "n": rate.n,
        "value": rate.value,
        "ci95": ci(rate),
        "upper95": round(rate.upper95, 6),
        "sufficient": rate.sufficient,
    }


def ci(rate: Rate) -> list[float]:
    """Both ends of a rate's interval."""
    return [round(rate.ci95.low, 6), round(rate.ci95.high, 6)]


def worst_row(rates: Mapping[str, Rate]) -> Row | None:
    """The species with the highest rate, and which have insufficient N; None without species."""
    species = metrics.worst(rates)
    if species is None:
        return None
    insufficient = sorted(name for name, rate in rates.items() if not rate.sufficient)
    return {"species": species, **rate_row(rates[species]), "insufficient": insufficient}


def point_row(point: OperatingPoint) -> Row:
    """Write an operating point down."""
    return {
        "rule": point.rule,
        "species": point.species,
        "attacks": rate_row(point.attacks),
        "bona_fide": rate_row(point.bona_fide),
    }
