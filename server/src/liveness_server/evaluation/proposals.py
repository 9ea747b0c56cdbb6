"""Proposed thresholds as a TOML file that says where each comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from .calibrate import MIN_PRESENTATIONS, MIN_SUBJECTS, Proposal, Row

HEAD: Final = f"""\
# Thresholds proposed by `liveness-server calibrate`: each in the middle of the empty gap between bona fide and attacks.
# Nothing reads this file. Whoever takes a value over writes it into the check, with its source beside it. What stands
# under `features` decides nothing today: a check has to be given a rule first.
# Self-assessed. A gap between at least {MIN_PRESENTATIONS} presentations of {MIN_SUBJECTS} subjects a side says \
nothing of the next recording, camera or attack.
"""


def as_toml(
    proposals: Iterable[Proposal],
    refused: Mapping[str, str],
    report: Row,
    *,
    report_sha256: str,
    made: Mapping[str, str],
) -> str:
    """Write proposals and refusals. `made`: date and command, as they shall stand there."""
    tables = [
        ("source", {**made, **_source(report), "report_sha256": report_sha256}),
        ("source.libraries", report["provenance"]["libraries"]),
        ("source.models", report["provenance"]["models"]),
        *(table for proposal in proposals for table in _tables(proposal)),
        *([("refused", refused)] if refused else []),
    ]
    return "\n".join([HEAD, "format = 1\n", *(_table(name, values) for name, values in tables)])


def _source(report: Row) -> dict[str, Any]:
    made_with = report["provenance"]
    return {
        "evaluated": report["generated"],
        "evaluated_with": report["command"],
        "dataset_sha256": report["dataset"]["manifest_sha256"],
        "server": made_with["server"],
        "python": made_with["python"],
        "code_sha256": made_with["code_sha256"],
        "checks_sha256": made_with["checks_sha256"],
    }


def _tables(proposal: Proposal) -> Iterator[tuple[str, Mapping[str, Any]]]:
    about = proposal.about
    name = f"thresholds.{_key(proposal.check)}"
    if about.today is None:
        name = f"features.{_key(proposal.check)}.{_key(about.field)}"
    yield (
        name,
        {
            "field": about.field,
            "what": about.what,
            "unit": about.unit,
            "bona_fide_is": "above" if about.higher_is_live else "below",
            "value": proposal.value,
            **({} if about.today is None else {"today": about.today}),
            "gap": list(proposal.gap),
            "species": list(proposal.by_species),
        },
    )
    yield f"{name}.bona_fide", asdict(proposal.bona_fide)
    yield f"{name}.attacks", asdict(proposal.attacks)
    for species, side in proposal.by_species.items():
        yield f"{name}.by_species.{_key(species)}", asdict(side)


def _table(name: str, values: Mapping[str, Any]) -> str:
    lines = [f"{_key(key)} = {_value(value)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _value(name)


def _value(value: Any) -> str:
    """A TOML value: its strings, numbers and arrays are written as JSON writes them, but for DEL."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\x7f", "\\u007f")
