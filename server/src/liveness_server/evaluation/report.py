"""From judged presentations to `report.json`: counting and naming only, the arithmetic is in `metrics`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Final

from ..engine.policy_files import shipped_policies
from . import metrics
from .ablation import ablations, under_policies
from .check_rows import bpcer_at, check_rows, points
from .conditions import FRAME_RATE, MEASURED, NOT_READABLE, frame_rate
from .coverage import not_covered
from .dataset import Dataset, Label
from .deciding import decided_by, terms_of
from .evaluate import Judged
from .provenance import Provenance
from .rows import Row, bona_fide_of, by_species, ci, counts, flat, full, grouped, pad, rate_row, values, worst_row

FORMAT: Final = 1
"""Version of the report's keys."""
NOTICE: Final = "self-assessed, ISO/IEC 30107-3 style"
SCOPE: Final = (
    "Recorded files, judged by the passive checks. Challenges, their timing and the transport take no part: "
    "a pass means that no required passive check objected, not that a session would have passed."
)
METHOD: Final = "method"
"""Column that names an injection method; its presence adds the matrix of methods and instruments."""


def build(
    judged: Sequence[Judged], dataset: Dataset, made_with: Provenance, *, generated: str, command: str = ""
) -> Row:
    """Return the whole report, ready for JSON. `generated` and `command`: when and how, as it shall be printed."""
    bona_fide, species = bona_fide_of(judged), by_species(judged)
    people = metrics.bpcer(pad(bona_fide))
    return {
        "format": FORMAT,
        "notice": NOTICE,
        "scope": SCOPE,
        "generated": generated,
        "command": command,
        "rules": metrics.RULES,
        "dataset": _dataset(judged, dataset),
        "apcer_max": worst_row({name: metrics.apcer(pad(group)) for name, group in species.items()}),
        "species": {name: _species_row(group) for name, group in species.items()},
        "bpcer": people.value,
        "ci95": ci(people),
        "bona_fide": _bona_fide_row(bona_fide),
        "iapar": _full_system(judged),
        "checks": check_rows(bona_fide, species, made_with),
        "ablations": ablations(bona_fide, species, made_with),
        "policies": under_policies(bona_fide, species, shipped_policies()),
        "bpcer_at_apcer": bpcer_at(points(bona_fide, species)),
        "slices": _slices(judged, dataset.slices),
        "injection": _injection(judged) if METHOD in dataset.slices else None,
        "reasons": _reasons(judged),
        "decided_by": decided_by(judged, terms_of(made_with)),
        "not_covered": not_covered(judged, dataset),
        "provenance": asdict(made_with),
        "decisions": {j.clip.file: _decision(j) for j in judged},
    }


def _dataset(judged: Sequence[Judged], dataset: Dataset) -> Row:
    bona_fide = bona_fide_of(judged)
    attacks = [j for j in judged if j.clip.label is Label.ATTACK]
    return {
        "manifest_sha256": dataset.digest,
        "presentations": len(judged),
        "bona_fide": len(bona_fide),
        "attacks": len(attacks),
        "bona_fide_subjects": len(values(bona_fide, "subject")),
        "attack_subjects": len(values(attacks, "subject")),
    }


# Rates as rows


def _species_row(group: Sequence[Judged]) -> Row:
    accepted = metrics.apcer(pad(group))
    return {
        "n": accepted.n,
        "accepted": accepted.errors,
        "apcer": accepted.value,
        "ci95": ci(accepted),
        "upper95": round(accepted.upper95, 6),
        "sufficient": accepted.sufficient,
        "apnrr": rate_row(metrics.non_response(pad(group))),
        "subjects": len(values(group, "subject")),
        "instruments": values(group, "instrument"),
    }


def _bona_fide_row(group: Sequence[Judged]) -> Row:
    outcomes = pad(group)
    return {
        "n": len(outcomes),
        "bpcer": rate_row(metrics.bpcer(outcomes)),
        "bpnrr": rate_row(metrics.non_response(outcomes)),
        "not_accepted": rate_row(metrics.not_accepted(outcomes)),
        "subjects": len(values(group, "subject")),
    }


def _full_system(judged: Iterable[Judged]) -> Row | None:
    compared = [j for j in judged if j.clip.reference is not None and not j.answer.reference_fault]
    attacks = {name: metrics.apcer(full(group)) for name, group in by_species(compared).items()}
    if not attacks:
        return None
    return {
        "species": {name: rate_row(rate) for name, rate in attacks.items()},
        "max": worst_row(attacks),
        "bona_fide_not_accepted": rate_row(metrics.not_accepted(full(bona_fide_of(compared)))),
    }


# Slices, matrix, confusion


def _slices(judged: Sequence[Judged], columns: Iterable[str]) -> dict[str, dict[str, Row]]:
    sliced = {column: _slice(judged, lambda j, c=column: j.clip.columns[c]) for column in columns}  # type: ignore[misc]
    found = {name for j in judged for name in (FRAME_RATE, *j.answer.conditions)}
    return {**sliced, **{name: _class_slice(judged, name) for name in MEASURED if name in found}}


def _class_slice(judged: Sequence[Judged], name: str) -> dict[str, Row]:
    """A slice by measured classes, in their order."""
    rows = _slice(judged, lambda j: measured_class(j, name))
    return {value: rows[value] for value in MEASURED[name].names if value in rows}


def measured_class(judged: Judged, name: str) -> str:
    """Name the class of a presentation under one measured condition."""
    answer = judged.answer
    if name == FRAME_RATE:
        return frame_rate(answer.frames, answer.duration_s)
    return answer.conditions.get(name, NOT_READABLE)


def _slice(judged: Sequence[Judged], key: Callable[[Judged], str]) -> dict[str, Row]:
    return {value or "(empty)": _slice_row(group) for value, group in grouped(judged, key).items()}


def _slice_row(group: Sequence[Judged]) -> Row:
    people, species = bona_fide_of(group), by_species(group)
    return {
        "n": len(group),
        "bona_fide": _bona_fide_row(people) if people else None,
        "attacks": worst_row({name: metrics.apcer(pad(attacks)) for name, attacks in species.items()}),
        "attacks_n": len(flat(species)),
    }


def _injection(judged: Iterable[Judged]) -> dict[str, dict[str, Row]]:
    injected = [j for j in judged if j.clip.label is Label.ATTACK and j.clip.columns[METHOD]]
    return {
        method: {
            instrument: {**counts(pad(cell)), "apcer": rate_row(metrics.apcer(pad(cell)))}
            for instrument, cell in grouped(group, lambda j: j.clip.columns["instrument"]).items()
        }
        for method, group in grouped(injected, lambda j: j.clip.columns[METHOD]).items()
    }


def _reasons(judged: Iterable[Judged]) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for j in judged:
        for reason in j.answer.reasons:
            counted[reason][j.clip.species or Label.BONA_FIDE.value] += 1
    return {reason: dict(sorted(row.items())) for reason, row in sorted(counted.items())}


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
        "conditions": answer.conditions,
        "frames": answer.frames,
        "duration_s": answer.duration_s,
        "reference_fault": answer.reference_fault,
    }
