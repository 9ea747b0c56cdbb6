"""`liveness-server calibrate`: thresholds proposed from an evaluation."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console

from ..evaluation.calibrate import (
    FEATURES,
    MIN_PRESENTATIONS,
    MIN_SUBJECTS,
    CalibrationError,
    Features,
    Kept,
    Proposal,
    measured_checks,
    propose,
    propose_feature,
)
from ..evaluation.proposals import as_toml
from ..evaluation.wording import command as command_line

EXIT_REFUSED = 1
EXIT_BAD_RESULTS = 65
EXIT_CANNOT_WRITE = 73
"""As EX_DATAERR and EX_CANTCREAT in sysexits.h."""


def command(
    results: Annotated[Path, typer.Argument(help="Folder that `evaluate` wrote, with report.json.")],
    out: Annotated[Path, typer.Option(help="TOML file to write.")],
    check: Annotated[
        list[str] | None,
        typer.Option(help="NAME, or NAME:SPECIES,SPECIES for those it is meant to see; repeatable. Default: all."),
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(help="The same of a feature, NAME or CHECK.NAME; repeatable. For runs of `evaluate --features`."),
    ] = None,
    date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Written into the file; default: today, UTC.")
    ] = None,
) -> None:
    """Propose each check's threshold in the middle of the empty gap between bona fide and attacks.

    The file holds value, unit, both edges of the gap, how many presentations and subjects stand on each side, and what
    the values were measured with. Nothing reads it: a proposal is taken over by hand.

    A check is refused, with the files that overlap, where there is no gap; and where either side has too few
    presentations. Presentations without a number are left out and counted.

    A feature decides nothing today. Its threshold is looked for in the same way, and refused in the same way.

    Exit codes: 0 every check has a proposal, 1 some or all were refused (the file holds the others, if any), 65 there
    is no usable report, 73 the file cannot be written.
    """
    _once(check, "check")
    _once(feature, "feature")
    content = _content(results / "report.json")
    report = _decoded(content)
    wanted = check or ([] if feature else measured_checks(report))
    proposals, refused = _propose(wanted, partial(propose, report))
    if feature:
        features = _features(results / FEATURES, content)
        found, overlapping = _propose(feature, partial(propose_feature, report, features))
        proposals, refused = [*proposals, *found], refused | overlapping
    for reason in refused.values():
        _say(f"refused: {reason}")
    if proposals:
        made = {
            "date": date or datetime.now(UTC).date().isoformat(),
            "command": command_line(sys.argv[1:]),
        }
        sha256 = hashlib.sha256(content).hexdigest()
        _write(out, as_toml(proposals, refused, report, report_sha256=sha256, made=made))
        _print(proposals, out)
    elif not refused:
        _refuse("the report has no measures: nothing to calibrate", EXIT_BAD_RESULTS)
    raise typer.Exit(EXIT_REFUSED if refused else 0)


def _once(asked: list[str] | None, option: str) -> None:
    """Refuse two of one name: a file has one threshold for each."""
    names = [text.partition(":")[0] for text in asked or []]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise typer.BadParameter(
            f"{', '.join(twice)} is asked for twice: write NAME:SPECIES,SPECIES", param_hint=f"--{option}"
        )


def _propose(
    wanted: list[str], proposal: Callable[[str, list[str]], Proposal]
) -> tuple[list[Proposal], dict[str, str]]:
    proposals, refused = [], {}
    for name, _, species in (text.partition(":") for text in wanted):
        try:
            proposals.append(proposal(name, [s for s in species.split(",") if s]))
        except CalibrationError as error:
            refused[name] = str(error)
    return proposals, refused


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        _refuse(f"{path}: {error.strerror}", EXIT_BAD_RESULTS)


def _features(path: Path, report: bytes) -> Features:
    """Read the features that belong to a report."""
    if not path.exists():
        _refuse(f"{path} is not there: evaluate with --features", EXIT_BAD_RESULTS)
    try:
        kept = msgspec.json.decode(_content(path), type=Kept)
    except msgspec.DecodeError as error:
        _refuse(f"{path}: {error}", EXIT_BAD_RESULTS)
    if kept.report_sha256 != hashlib.sha256(report).hexdigest():
        _refuse(f"{path} is of another run than report.json: evaluate again with --features", EXIT_BAD_RESULTS)
    return kept.features


def _decoded(content: bytes) -> dict[str, Any]:
    try:
        report = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        _refuse(f"report.json: {error}", EXIT_BAD_RESULTS)
    if "code_sha256" not in report.get("provenance", {}):
        _refuse("report.json is of an older version: evaluate again", EXIT_BAD_RESULTS)
    return report


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        _refuse(f"{out}: {error.strerror}", EXIT_CANNOT_WRITE)


def _print(proposals: list[Proposal], out: Path) -> None:
    for p in proposals:
        low, high = p.gap
        today = "a feature" if p.about.today is None else f"today {p.about.today:g}"
        typer.echo(f"{p.check}.{p.about.field}  {p.value:g} {p.about.unit}, gap {low:g} to {high:g}, {today}")
    typer.echo(f"{out}: a proposal from at least {MIN_PRESENTATIONS} presentations of {MIN_SUBJECTS} subjects a side")


def _refuse(message: str, code: int) -> NoReturn:
    _say(f"error: {message}")
    raise typer.Exit(code)


def _say(text: str) -> None:
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)
