"""`liveness-server evaluate`: error rates of the passive checks over a labelled folder of videos."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..errors import ConfigError, LivenessError, ModelError
from ..evaluation.dataset import Dataset, DatasetError, load_dataset
from ..evaluation.evaluate import AnalyseFile, Judged, Results, VideoAnalyser, evaluate
from ..evaluation.page import rate, render
from ..evaluation.provenance import provenance
from ..evaluation.report import NOTICE, build
from ..vision.measure import VisionModels
from ..vision.models import ModelStore
from .policies import HELP as POLICY_HELP
from .policies import chosen_policy

EXIT_BAD_DATASET = 65
EXIT_NO_MODEL = 69
EXIT_CANNOT_WRITE = 73
"""As EX_DATAERR, EX_UNAVAILABLE and EX_CANTCREAT in sysexits.h."""
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


def command(
    dataset: Annotated[Path, typer.Argument(help="Folder with manifest.csv and the files it lists.")],
    out: Annotated[Path, typer.Option(help="Folder for report.json, report.html and the results of each file.")],
    policy: Annotated[str, typer.Option(help=POLICY_HELP)] = "standard",
    jobs: Annotated[int, typer.Option(min=1, help="Files judged at the same time.")] = os.cpu_count() or 1,
    resume: Annotated[bool, typer.Option("--resume", help="Keep the results already in the folder.")] = False,
) -> None:
    """Judge every file of a labelled data set and write error rates with exact intervals.

    manifest.csv has the columns file, subject, label (bona_fide or attack), species, instrument, device, condition,
    and optionally reference (a JPEG or PNG); every other column becomes a slice of the report.

    A file answers no challenge: the rates speak of the passive checks alone.

    Exit codes: 0 report written, 65 the data set cannot be used, 69 a model is missing or changed, 73 the folder
    cannot be written or holds another run's results, 130 interrupted (--resume goes on).
    """
    chosen = chosen_policy(policy)
    try:
        clips = load_dataset(dataset)
        store = ModelStore()
        made_with = provenance(chosen, store.manifest)
        results = Results(out, made_with.digest, resume=resume)
        analyser = VideoAnalyser(VisionModels.load(store), chosen)
        report = build(_judge(clips, analyser, results, jobs), clips, made_with, generated=_now())
        _write(out, report)
    except (DatasetError, ModelError, ConfigError, OSError) as error:
        _refuse(error)
    except KeyboardInterrupt:
        _say(f"interrupted; the results so far are in {out}, --resume goes on from there")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _print(report, out)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _judge(clips: Dataset, analyser: AnalyseFile, results: Results, jobs: int) -> list[Judged]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("files", total=len(clips.clips))
        return evaluate(clips, analyser, results, jobs=jobs, on_done=lambda _: progress.advance(task))


def _write(out: Path, report: dict[str, Any]) -> None:
    (out / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    (out / "report.html").write_text(render(report), "utf-8")


def _print(report: dict[str, Any], out: Path) -> None:
    worst, people = report["apcer_max"], report["bona_fide"]
    if worst is not None:
        typer.echo(f"APCER, worst species  {rate(worst)}, {worst['species']}")
    typer.echo(f"BPCER                 {rate(people['bpcer'])}")
    typer.echo(f"BPNRR                 {rate(people['bpnrr'])}")
    typer.echo(f"{NOTICE}; passive checks only: {out / 'report.html'}")


def _refuse(error: LivenessError | OSError) -> NoReturn:
    _say(f"error: {error}")
    code = EXIT_CANNOT_WRITE
    if isinstance(error, DatasetError):
        code = EXIT_BAD_DATASET
    elif isinstance(error, ModelError):
        code = EXIT_NO_MODEL
    raise typer.Exit(code)


def _say(text: str) -> None:
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)
