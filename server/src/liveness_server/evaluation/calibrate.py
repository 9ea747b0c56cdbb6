"""Thresholds proposed from an evaluation: for each check the middle of the empty gap between bona fide and attacks.

What is looked at is the number behind a check, or a feature that it keeps for research and that decides nothing yet.
Whoever abstains with a number counts: to leave abstentions out would let today's threshold choose its own evidence (a
pulse too weak is an abstention).

A proposal is a file for a person to read, never a change of the code. It is refused where any two presentations
overlap: then no threshold is right, and a compromise is a decision that belongs to somebody with a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import msgspec

from ..errors import ConfigError
from ..types import Outcome
from .dataset import Label
from .wording import counted

MIN_PRESENTATIONS: Final = 20
"""On each side. A choice: none of 20 beyond an edge still leaves 13.9 % that may lie there (one-sided, 95 %)."""
MIN_SUBJECTS: Final = 5
"""On each side. A choice: presentations of one person or one source repeat each other."""
NAMED: Final = 8
"""How many overlapping files a refusal names on each side."""

NO_ANSWER: Final = Outcome.INCONCLUSIVE.value

Row = Mapping[str, Any]
Features = Mapping[str, Mapping[str, Mapping[str, float]]]
"""File -> check -> feature -> value."""
FEATURES: Final = "features.json"
"""File beside the report of `evaluate --features`."""


class Kept(msgspec.Struct, frozen=True):
    """The content of `FEATURES`."""

    report_sha256: str
    """Of the report.json that it belongs to."""
    features: dict[str, dict[str, dict[str, float]]]


class CalibrationError(ConfigError):
    """No threshold can be proposed for a check; says why."""

    code = "calibration"


@dataclass(frozen=True, slots=True)
class Sample:
    """What a check measured of one presentation."""

    file: str
    subject: str
    species: str
    value: float | None
    """None where there was nothing to measure."""
    answered: bool
    """False where the check abstained, with or without a number."""


@dataclass(frozen=True, slots=True)
class Side:
    """All presentations of one kind, and the one nearest to the other kind."""

    presentations: int
    subjects: int
    without: int
    """Left out: they have no number."""
    abstained: int
    """Counted although the check gave no answer."""
    edge: float
    edge_file: str


@dataclass(frozen=True, slots=True)
class About:
    """The quantity a threshold is looked for in."""

    what: str
    unit: str
    field: str
    """Of the check's configuration; of a feature its name: no field has it yet."""
    higher_is_live: bool
    today: float | None
    """None of a feature: nothing is held against it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold and everything needed to judge it."""

    check: str
    about: About
    value: float
    bona_fide: Side
    attacks: Side
    by_species: Mapping[str, Side]

    @property
    def gap(self) -> tuple[float, float]:
        """Both edges, the smaller first."""
        low, high = sorted((self.bona_fide.edge, self.attacks.edge))
        return low, high


def measured_checks(report: Row) -> list[str]:
    """Name the checks of a report that have a number behind their result."""
    return [name for name, row in report["checks"].items() if row.get("measured")]


def propose(report: Row, check: str, species: Sequence[str] = ()) -> Proposal:
    """Propose the threshold of one check, against the named species or all; raises `CalibrationError`."""
    if check not in measured_checks(report):
        raise CalibrationError(f"{check}: the report has no measure of it")
    measured = report["checks"][check]["measured"]
    about = About(**{key: measured[key] for key in ("what", "unit", "field", "higher_is_live", "today")})
    values = {file: row["checks"].get(check, {}).get("measure") for file, row in report["decisions"].items()}
    return _proposed(check, check, about, _split(check, report, check, values, species))


def feature_names(features: Features) -> list[str]:
    """Name every feature that some file has, as `check.feature`."""
    return sorted({f"{check}.{name}" for found in features.values() for check in found for name in found[check]})


def propose_feature(report: Row, features: Features, name: str, species: Sequence[str] = ()) -> Proposal:
    """Propose a threshold of a feature, named alone or as `check.feature`; raises `CalibrationError`.

    Which side bona fide lie on is read off the medians: nobody has said it yet.
    """
    known = feature_names(features)
    found = [full for full in known if name in {full, full.partition(".")[2]}]
    if len(found) != 1:
        problem = (
            f"is one of several checks: {', '.join(found)}" if found else f"is none of {', '.join(known) or 'any'}"
        )
        raise CalibrationError(f"{name}: {problem}")
    check, _, feature = found[0].partition(".")
    values = {file: features.get(file, {}).get(check, {}).get(feature) for file in report["decisions"]}
    people, attacks = _split(found[0], report, check, values, species)
    higher = _median(people) >= _median(attacks)
    return _proposed(found[0], check, About(f"feature {feature}", "", feature, higher, None), (people, attacks))


def _median(samples: Iterable[Sample]) -> float:
    values = [sample.value for sample in samples if sample.value is not None]
    return median(values) if values else 0.0


def _split(
    name: str, report: Row, check: str, values: Mapping[str, float | None], species: Sequence[str]
) -> tuple[list[Sample], list[Sample]]:
    """Samples of bona fide and of the attacks that are meant."""
    samples = list(_samples(report, check, values))
    people = [sample for sample in samples if not sample.species]
    return people, _chosen(name, [sample for sample in samples if sample.species], species)


def _samples(report: Row, check: str, values: Mapping[str, float | None]) -> Iterable[Sample]:
    for file, row in report["decisions"].items():
        species = row["species"] if row["label"] == Label.ATTACK else ""
        answered = row["checks"].get(check, {}).get("outcome", NO_ANSWER) != NO_ANSWER
        yield Sample(file, row["subject"], species, values[file], answered)


def _proposed(name: str, check: str, about: About, samples: tuple[list[Sample], list[Sample]]) -> Proposal:
    people, attacks = samples
    sign = 1.0 if about.higher_is_live else -1.0
    bona_fide, attack = _side(name, "bona fide", people, sign), _side(name, "attack", attacks, -sign)
    if sign * bona_fide.edge <= sign * attack.edge:
        raise CalibrationError(_overlap(name, about, bona_fide, attack, [*people, *attacks], sign))
    return Proposal(
        check=check,
        about=about,
        value=_between(bona_fide.edge, attack.edge),
        bona_fide=bona_fide,
        attacks=attack,
        by_species={name: _edge(group, -sign) for name, group in _by_species(attacks).items()},
    )


def _chosen(check: str, attacks: list[Sample], species: Sequence[str]) -> list[Sample]:
    if unknown := sorted(set(species) - {sample.species for sample in attacks}):
        raise CalibrationError(f"{check}: the report has no species {', '.join(unknown)}")
    return [sample for sample in attacks if not species or sample.species in species]


def _by_species(attacks: Iterable[Sample]) -> dict[str, list[Sample]]:
    known = [sample for sample in attacks if sample.value is not None]
    return {name: [s for s in known if s.species == name] for name in sorted({s.species for s in known})}


def _side(check: str, name: str, samples: Sequence[Sample], sign: float) -> Side:
    known = [sample for sample in samples if sample.value is not None]
    subjects = len({sample.subject for sample in known})
    if len(known) < MIN_PRESENTATIONS or subjects < MIN_SUBJECTS:
        raise CalibrationError(
            f"{check}: measured {counted(len(known), f'{name} presentation')} of {counted(subjects, 'subject')} "
            f"({len(samples) - len(known)} have no number); at least {MIN_PRESENTATIONS} of {MIN_SUBJECTS} are needed"
        )
    return _edge(samples, sign)


def _edge(samples: Sequence[Sample], sign: float) -> Side:
    """The side as a whole, its edge where `sign` times the value is smallest."""
    known = [(sign * s.value, s) for s in samples if s.value is not None]
    value, nearest = min(known, key=lambda pair: (pair[0], pair[1].file))
    return Side(
        presentations=len(known),
        subjects=len({s.subject for _, s in known}),
        without=len(samples) - len(known),
        abstained=sum(not s.answered for _, s in known),
        edge=sign * value,
        edge_file=nearest.file,
    )


def _between(one: float, other: float) -> float:
    """The middle, written as shortly as the gap allows."""
    low, high = sorted((one, other))
    middle = (low + high) / 2
    short = (float(f"{middle:.{digits}g}") for digits in range(3, 17))
    return next((value for value in short if abs(value - middle) <= 0.01 * (high - low)), middle)


def _overlap(name: str, about: About, bona_fide: Side, attack: Side, samples: Iterable[Sample], sign: float) -> str:
    known = [(s, sign * s.value) for s in samples if s.value is not None]
    people = sorted(s.file for s, value in known if not s.species and value <= sign * attack.edge)
    attacks = sorted(s.file for s, value in known if s.species and value >= sign * bona_fide.edge)
    return (
        f"{name}: no gap in {about.what}{f' ({about.unit})' if about.unit else ''}: {_named(people)} of bona fide and "
        f"{_named(attacks)} of attacks lie between {attack.edge:.6g} and {bona_fide.edge:.6g}"
    )


def _named(files: Sequence[str]) -> str:
    more = f", and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return f"{len(files)} ({', '.join(files[:NAMED])}{more})"
