"""`liveness-server replay`: run a kept transcript through the engine again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from ..engine.replay import Replay, TranscriptError, replay

EXIT_DIFFERENT = 1
EXIT_UNREADABLE = 65
"""EX_DATAERR of sysexits.h."""


def command(
    file: Annotated[Path, typer.Argument(help="transcript, one JSON line per input (.jsonl)")],
    as_json: Annotated[bool, typer.Option("--json", help="print verdict and features as JSON")] = False,
) -> None:
    """Replay a transcript and compare the verdict with the recorded one.

    Exit status: 0 the same verdict, bit for bit; 1 another one, or none was recorded; 65 not a transcript.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            outcome = replay(lines)
    except (OSError, UnicodeDecodeError) as error:
        _refuse(f"{file}: {error.__class__.__name__}")
    except TranscriptError as error:
        _refuse(f"{file}: {error}")
    _report(outcome, as_json)
    raise typer.Exit(0 if outcome.same else EXIT_DIFFERENT)


def _refuse(message: str) -> None:
    Console(stderr=True).print(f"[red]error:[/] {message}", highlight=False)
    raise typer.Exit(EXIT_UNREADABLE)


def _report(outcome: Replay, as_json: bool) -> None:
    verdict = outcome.session.verdict
    if as_json:
        said = {"same": outcome.same, "engine": outcome.engine, "verdict": verdict}
        typer.echo(msgspec.json.encode({**said, "features": outcome.session.features()}).decode())
        return
    console = Console(highlight=False)
    console.print(f"state     {outcome.session.state}")
    if verdict is not None:
        console.print(f"decision  {verdict.decision}  {' '.join(verdict.reasons)}")
        for check in verdict.checks:
            console.print(f"  {check.check:22}{check.outcome:14}{check.reason:24}{', '.join(check.flags)}".rstrip())
        console.print(f"hash      {verdict.transcript_hash}")
    console.print(_comparison(outcome))


def _comparison(outcome: Replay) -> str:
    if outcome.same:
        return "the same verdict as recorded, bit for bit"
    if outcome.recorded is None:
        return "no verdict was recorded to compare with"
    cause = "" if outcome.same_engine else f" (recorded by engine {outcome.engine})"
    return f"[red]differs[/] from the recorded verdict: {outcome.recorded.decision}{cause}"
