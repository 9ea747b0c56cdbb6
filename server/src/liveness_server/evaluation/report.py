"""From judged presentations to `report.json`: counting and naming only, the arithmetic is in `metrics`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from ..checks.match import Match
from ..types import Outcome
from . import metrics
from .coverage import not_covered
from .dataset import Dataset, Label
from .evaluate import Judged
from .metrics import OperatingPoint, Rate
from .provenance import Provenance

FORMAT: Final = 1
"""Version of the report's keys."""
NOTICE: Final = "self-assessed, ISO/IEC 30107-3 style"
SCOPE: Final = (
    "Recorded files, judged by the passive checks. Challenges, their timing and the transport take no part: "
    "a pass means that no required passive check objected, not that a session would have passed."
)
METHOD: Final = "method"
"""Column that names an injection method; its presence adds the matrix of methods and instruments."""
FRAME_RATE: Final = "frame_rate"
FRAME_RATES: Final = ((10.0, "under 10 fps"), (15.0, "10 to 15 fps"), (24.0, "15 to 24 fps"))
"""Upper edges, frames per second: under 10 a pulse cannot be judged, under 24 no small movement."""

Row = dict[str, Any]
Groups = Mapping[str, Sequence[Judged]]


def build(judged: Sequence[Judged], dataset: Dataset, made_with: Provenance, *, generated: str) -> Row:
    """Return the whole report, ready for JSON. `generated`: when, as it shall be printed."""
    bona_fide, species = _bona_fide(judged), _by_species(judged)
    people = metrics.bpcer(_pad(bona_fide))
    return {
        "format": FORMAT,
        "notice": NOTICE,
        "scope": SCOPE,
        "generated": generated,
        "rules": metrics.RULES,
        "dataset": _dataset(judged, dataset),
        "apcer_max": _worst_row({name: metrics.apcer(_pad(group)) for name, group in species.items()}),
        "species": {name: _species_row(group) for name, group in species.items()},
        "bpcer": people.value,
        "ci95": _ci(people),
        "bona_fide": _bona_fide_row(bona_fide),
        "iapar": _full_system(judged),
        "checks": _checks(bona_fide, species, made_with),
        "bpcer_at_apcer": _bpcer_at(_points(bona_fide, species, _pad)),
        "slices": _slices(judged, dataset.slices),
        "injection": _injection(judged) if METHOD in dataset.slices else None,
        "reasons": _confusion(judged, lambda j: j.answer.reasons),
        "decided_by": _confusion(judged, lambda j: [deciding_check(j)]),
        "not_covered": not_covered(judged, dataset),
        "provenance": asdict(made_with),
        "decisions": {j.clip.file: _decision(j) for j in judged},
    }


def deciding_check(judged: Judged) -> str:
    """Name what the first reason names; `none` on a pass."""
    return judged.answer.reasons[0].partition(":")[0] if judged.answer.reasons else "none"


def _dataset(judged: Sequence[Judged], dataset: Dataset) -> Row:
    bona_fide = _bona_fide(judged)
    attacks = [j for j in judged if j.clip.label is Label.ATTACK]
    return {
        "manifest_sha256": dataset.digest,
        "presentations": len(judged),
        "bona_fide": len(bona_fide),
        "attacks": len(attacks),
        "bona_fide_subjects": len(_values(bona_fide, "subject")),
        "attack_subjects": len(_values(attacks, "subject")),
    }


# Groups of presentations


def _bona_fide(judged: Iterable[Judged]) -> list[Judged]:
    return [j for j in judged if j.clip.label is Label.BONA_FIDE]


def _by_species(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    return _grouped((j for j in judged if j.clip.label is Label.ATTACK), lambda j: j.clip.species)


def _grouped(judged: Iterable[Judged], key: Callable[[Judged], str]) -> dict[str, list[Judged]]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for j in judged:
        groups[key(j)].append(j)
    return dict(sorted(groups.items()))


def _values(judged: Iterable[Judged], column: str) -> list[str]:
    return sorted({j.clip.columns[column] for j in judged} - {""})


def _pad(judged: Iterable[Judged]) -> list[Outcome]:
    return [j.answer.pad for j in judged]


def _full(judged: Iterable[Judged]) -> list[Outcome]:
    return [j.answer.decision for j in judged]


# Rates as rows


def rate_row(rate: Rate) -> Row:
    """Write a rate down with everything needed to read it."""
    return {
        "errors": rate.errors,
        "n": rate.n,
        "value": rate.value,
        "ci95": _ci(rate),
        "upper95": round(rate.upper95, 6),
        "sufficient": rate.sufficient,
    }


def _ci(rate: Rate) -> list[float]:
    return [round(rate.ci95.low, 6), round(rate.ci95.high, 6)]


def _species_row(group: Sequence[Judged]) -> Row:
    accepted = metrics.apcer(_pad(group))
    return {
        "n": accepted.n,
        "accepted": accepted.errors,
        "apcer": accepted.value,
        "ci95": _ci(accepted),
        "upper95": round(accepted.upper95, 6),
        "sufficient": accepted.sufficient,
        "apnrr": rate_row(metrics.non_response(_pad(group))),
        "subjects": len(_values(group, "subject")),
        "instruments": _values(group, "instrument"),
    }


def _bona_fide_row(group: Sequence[Judged]) -> Row:
    outcomes = _pad(group)
    return {
        "n": len(outcomes),
        "bpcer": rate_row(metrics.bpcer(outcomes)),
        "bpnrr": rate_row(metrics.non_response(outcomes)),
        "not_accepted": rate_row(metrics.not_accepted(outcomes)),
        "subjects": len(_values(group, "subject")),
    }


def _worst_row(rates: Mapping[str, Rate]) -> Row | None:
    species = metrics.worst(rates)
    if species is None:
        return None
    insufficient = sorted(name for name, rate in rates.items() if not rate.sufficient)
    return {"species": species, **rate_row(rates[species]), "insufficient": insufficient}


def _full_system(judged: Iterable[Judged]) -> Row | None:
    compared = [j for j in judged if j.clip.reference is not None]
    attacks = {name: metrics.apcer(_full(group)) for name, group in _by_species(compared).items()}
    if not attacks:
        return None
    return {
        "species": {name: rate_row(rate) for name, rate in attacks.items()},
        "max": _worst_row(attacks),
        "bona_fide_not_accepted": rate_row(metrics.not_accepted(_full(_bona_fide(compared)))),
    }


# Checks by themselves


def _checks(bona_fide: Sequence[Judged], species: Groups, made_with: Provenance) -> dict[str, Row]:
    names = sorted({name for j in (*bona_fide, *_flat(species)) for name in j.answer.checks})
    parts = {**dict.fromkeys(made_with.may_deny, "may deny"), **dict.fromkeys(made_with.must_confirm, "must confirm")}
    parts[Match.name] = "full system only"
    rows = {
        name: {"part": parts.get(name, "reported only"), **_check_row(bona_fide, species, _answers_of(name))}
        for name in names
    }
    return {"all together": {"part": "decision", **_check_row(bona_fide, species, _pad)}, **rows}


def _flat(groups: Groups) -> list[Judged]:
    return [j for group in groups.values() for j in group]


def _answers_of(check: str) -> Callable[[Iterable[Judged]], list[Outcome]]:
    """Outcomes of one check; a presentation it never saw is one without an answer."""

    def outcomes(judged: Iterable[Judged]) -> list[Outcome]:
        found = [j.answer.checks.get(check) for j in judged]
        return [Outcome.INCONCLUSIVE if answer is None else answer.outcome for answer in found]

    return outcomes


def _check_row(bona_fide: Sequence[Judged], species: Groups, outcomes: Callable[..., list[Outcome]]) -> Row:
    return {
        "bona_fide": _counts(outcomes(bona_fide)),
        "attacks": {name: _counts(outcomes(group)) for name, group in species.items()},
        "points": [_point_row(point) for point in _points(bona_fide, species, outcomes)],
    }


def _points(
    bona_fide: Sequence[Judged], species: Groups, outcomes: Callable[..., list[Outcome]]
) -> tuple[OperatingPoint, ...]:
    return metrics.operating_points({name: outcomes(group) for name, group in species.items()}, outcomes(bona_fide))


def _point_row(point: OperatingPoint) -> Row:
    return {
        "rule": point.rule,
        "species": point.species,
        "attacks": rate_row(point.attacks),
        "bona_fide": rate_row(point.bona_fide),
    }


def _bpcer_at(points: Sequence[OperatingPoint]) -> dict[str, Row | None]:
    found = {limit: metrics.bpcer_at(points, limit) for limit in metrics.APCER_LIMITS}
    return {f"{limit:.0%}": None if point is None else _point_row(point) for limit, point in found.items()}


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return {outcome.value: outcomes.count(outcome) for outcome in Outcome}


# Slices, matrix, confusion


def _slices(judged: Sequence[Judged], columns: Iterable[str]) -> dict[str, dict[str, Row]]:
    sliced = {column: _slice(judged, lambda j, c=column: j.clip.columns[c]) for column in columns}  # type: ignore[misc]
    return {**sliced, FRAME_RATE: _slice(judged, frame_rate)}


def _slice(judged: Sequence[Judged], key: Callable[[Judged], str]) -> dict[str, Row]:
    return {value or "(empty)": _slice_row(group) for value, group in _grouped(judged, key).items()}


def _slice_row(group: Sequence[Judged]) -> Row:
    people, species = _bona_fide(group), _by_species(group)
    return {
        "n": len(group),
        "bona_fide": _bona_fide_row(people) if people else None,
        "attacks": _worst_row({name: metrics.apcer(_pad(attacks)) for name, attacks in species.items()}),
        "attacks_n": len(_flat(species)),
    }


def frame_rate(judged: Judged) -> str:
    """Name the band of a presentation's mean frame rate."""
    answer = judged.answer
    if answer.frames < 2 or answer.duration_s <= 0:
        return "not readable"
    fps = (answer.frames - 1) / answer.duration_s
    return next((name for edge, name in FRAME_RATES if fps < edge), "24 fps and more")


def _injection(judged: Iterable[Judged]) -> dict[str, dict[str, dict[str, int]]]:
    injected = [j for j in judged if j.clip.label is Label.ATTACK and j.clip.columns[METHOD]]
    return {
        method: {
            instrument: _counts(_pad(cell))
            for instrument, cell in _grouped(group, lambda j: j.clip.columns["instrument"]).items()
        }
        for method, group in _grouped(injected, lambda j: j.clip.columns[METHOD]).items()
    }


def _confusion(judged: Iterable[Judged], names: Callable[[Judged], Iterable[str]]) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for j in judged:
        for name in names(j):
            counted[name][j.clip.species or Label.BONA_FIDE.value] += 1
    return {name: dict(sorted(row.items())) for name, row in sorted(counted.items())}


def _decision(judged: Judged) -> Row:
    answer = judged.answer
    return {
        "label": judged.clip.label.value,
        "species": judged.clip.species,
        **judged.clip.columns,
        "reference": judged.clip.reference is not None,
        "decision": answer.decision.value,
        "pad": answer.pad.value,
        "reasons": list(answer.reasons),
        "checks": {name: asdict(check) for name, check in answer.checks.items()},
        "frames": answer.frames,
        "duration_s": answer.duration_s,
    }
