"""Thresholds proposed from an evaluation: for each check the middle of the empty gap between bona fide and attacks.

A proposal is a file for a person to read, never a change of the code. It is refused where any two presentations
overlap: then no threshold is right, and a compromise is a decision that belongs to somebody with a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..errors import ConfigError
from .dataset import Label

MIN_PRESENTATIONS: Final = 20
"""On each side. A choice: none of 20 beyond an edge still leaves 13.9 % that may lie there (one-sided, 95 %)."""
MIN_SUBJECTS: Final = 5
"""On each side. A choice: presentations of one person or one source repeat each other."""
NAMED: Final = 8
"""How many overlapping files a refusal names on each side."""

Row = Mapping[str, Any]


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
    """None where it abstained for want of anything to measure."""


@dataclass(frozen=True, slots=True)
class Side:
    """All presentations of one kind, and the one nearest to the other kind."""

    presentations: int
    subjects: int
    abstained: int
    """Left out, for want of a measure."""
    edge: float
    edge_file: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold and everything needed to judge it."""

    check: str
    what: str
    unit: str
    field: str
    higher_is_live: bool
    value: float
    today: float
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
    about = report["checks"][check]["measured"]
    samples = list(_samples(report, check))
    people = [sample for sample in samples if not sample.species]
    attacks = _chosen(check, [sample for sample in samples if sample.species], species)
    sign = 1.0 if about["higher_is_live"] else -1.0
    bona_fide, attack = _side(check, "bona fide", people, sign), _side(check, "attack", attacks, -sign)
    if sign * bona_fide.edge <= sign * attack.edge:
        raise CalibrationError(_overlap(check, about, bona_fide, attack, [*people, *attacks], sign))
    return Proposal(
        check=check,
        value=_between(bona_fide.edge, attack.edge),
        bona_fide=bona_fide,
        attacks=attack,
        by_species={name: _edge(group, -sign) for name, group in _by_species(attacks).items()},
        **{key: about[key] for key in ("what", "unit", "field", "higher_is_live", "today")},
    )


def _samples(report: Row, check: str) -> Iterable[Sample]:
    for file, row in report["decisions"].items():
        species = row["species"] if row["label"] == Label.ATTACK else ""
        yield Sample(file, row["subject"], species, row["checks"].get(check, {}).get("measure"))


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
            f"{check}: measured {len(known)} {name} presentations of {subjects} subjects "
            f"({len(samples) - len(known)} abstained); at least {MIN_PRESENTATIONS} of {MIN_SUBJECTS} are needed"
        )
    return _edge(samples, sign)


def _edge(samples: Sequence[Sample], sign: float) -> Side:
    """The side as a whole, its edge where `sign` times the value is smallest."""
    known = [(sign * s.value, s) for s in samples if s.value is not None]
    value, nearest = min(known, key=lambda pair: (pair[0], pair[1].file))
    return Side(len(known), len({s.subject for _, s in known}), len(samples) - len(known), sign * value, nearest.file)


def _between(one: float, other: float) -> float:
    """The middle, written as shortly as the gap allows."""
    low, high = sorted((one, other))
    middle = (low + high) / 2
    short = (float(f"{middle:.{digits}g}") for digits in range(3, 17))
    return next((value for value in short if abs(value - middle) <= 0.01 * (high - low)), middle)


def _overlap(check: str, about: Row, bona_fide: Side, attack: Side, samples: Iterable[Sample], sign: float) -> str:
    known = [(s, sign * s.value) for s in samples if s.value is not None]
    people = sorted(s.file for s, value in known if not s.species and value <= sign * attack.edge)
    attacks = sorted(s.file for s, value in known if s.species and value >= sign * bona_fide.edge)
    return (
        f"{check}: no gap in {about['what']} ({about['unit']}): {_named(people)} of bona fide and "
        f"{_named(attacks)} of attacks lie between {attack.edge:.6g} and {bona_fide.edge:.6g}"
    )


def _named(files: Sequence[str]) -> str:
    more = f", and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return f"{len(files)} ({', '.join(files[:NAMED])}{more})"
