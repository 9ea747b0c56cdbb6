"""`liveness-server calibrate`: thresholds proposed from an evaluation."""

from __future__ import annotations

import hashlib
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console

from ..evaluation.calibrate import MIN_PRESENTATIONS, MIN_SUBJECTS, CalibrationError, Proposal, measured_checks, propose
from ..evaluation.proposals import as_toml

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
    date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Written into the file; default: today, UTC.")
    ] = None,
) -> None:
    """Propose each check's threshold in the middle of the empty gap between bona fide and attacks.

    The file holds value, unit, both edges of the gap, how many presentations and subjects stand on each side, and what
    the values were measured with. Nothing reads it: a proposal is taken over by hand.

    A check is refused, with the files that overlap, where there is no gap; and where either side has too few
    presentations. Presentations on which a check abstained are left out and counted.

    Exit codes: 0 every check has a proposal, 1 some or all were refused (the file holds the others, if any), 65 there
    is no usable report, 73 the file cannot be written.
    """
    content = _content(results / "report.json")
    report = _decoded(content)
    proposals, refused = _propose(report, check or measured_checks(report))
    for reason in refused.values():
        _say(f"refused: {reason}")
    if proposals:
        made = {
            "date": date or datetime.now(UTC).date().isoformat(),
            "command": shlex.join(["liveness-server", *sys.argv[1:]]),
        }
        sha256 = hashlib.sha256(content).hexdigest()
        _write(out, as_toml(proposals, refused, report, report_sha256=sha256, made=made))
        _print(proposals, out)
    elif not refused:
        _refuse("the report has no measures: nothing to calibrate", EXIT_BAD_RESULTS)
    raise typer.Exit(EXIT_REFUSED if refused else 0)


def _propose(report: dict[str, Any], wanted: list[str]) -> tuple[list[Proposal], dict[str, str]]:
    proposals, refused = [], {}
    for name, _, species in (text.partition(":") for text in wanted):
        try:
            proposals.append(propose(report, name, [s for s in species.split(",") if s]))
        except CalibrationError as error:
            refused[name] = str(error)
    return proposals, refused


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        _refuse(f"{path}: {error.strerror}", EXIT_BAD_RESULTS)


def _decoded(content: bytes) -> dict[str, Any]:
    try:
        report = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        _refuse(f"report.json: {error}", EXIT_BAD_RESULTS)
    if "command" not in report:
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
        typer.echo(f"{p.check}.{p.field}  {p.value:g} {p.unit}, gap {low:g} to {high:g}, today {p.today:g}")
    typer.echo(f"{out}: a proposal from at least {MIN_PRESENTATIONS} presentations of {MIN_SUBJECTS} subjects a side")


def _refuse(message: str, code: int) -> NoReturn:
    _say(f"error: {message}")
    raise typer.Exit(code)


def _say(text: str) -> None:
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)
