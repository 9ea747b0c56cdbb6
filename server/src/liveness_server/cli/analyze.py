"""`liveness-server analyze`: what vision and the checks say of a recorded video."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..errors import MediaError, ModelError
from ..evaluation.analysis import Analysis, analyse
from ..transport.files import file_stats, read_video, video_duration
from ..types import FaceObservation, Outcome, Reference
from ..vision.measure import FaceMeter, VisionModels
from ..vision.models import ModelStore
from ..vision.picture import embed_picture
from .policies import HELP as POLICY_HELP
from .policies import chosen_policy

EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3}
"""2 stays what it is everywhere: a wrong command line."""
EXIT_BAD_MEDIA = 65
EXIT_NO_INPUT = 66
EXIT_NO_MODEL = 69
"""As EX_DATAERR, EX_NOINPUT and EX_UNAVAILABLE in sysexits.h."""


def command(
    video: Annotated[Path, typer.Argument(help="Any video file; its timestamps are the clock.")],
    reference: Annotated[Path | None, typer.Option(help="JPEG or PNG to match against.")] = None,
    policy: Annotated[str, typer.Option(help=POLICY_HELP)] = "standard",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Run vision and every check on a video file and print each outcome and the timeline.

    A file answers no challenge: the decision speaks of the passive checks alone, and a recording that passes them is
    not thereby alive. Under a policy that asks for no depth it stays open: `active:not_asked`.

    JSON keys: decision, reasons, checks (outcome, reason, quality, flags), timeline (blinks_s, yaw_deg, pitch_deg),
    frames, duration_s, faces, features (numbers for research, derived from the face); or error (a stable code), file
    and message.

    Exit codes: 0 pass, 1 fail, 3 inconclusive, 65 a file cannot be used, 66 a file cannot be read, 69 a model is
    missing or changed.
    """
    chosen = chosen_policy(policy)
    try:
        models = VisionModels.load(ModelStore())
        template = None if reference is None else _template(models, reference, as_json)
        observations, stats = _observe(models, video), file_stats(video)
    except ModelError as error:
        _refuse(as_json, EXIT_NO_MODEL, error.code, str(error), None)
    except MediaError as error:
        code = EXIT_NO_INPUT if error.reason == "not_found" else EXIT_BAD_MEDIA
        _refuse(as_json, code, error.reason, error.of(video), video)
    digest = models.embedding_digest
    analysis = analyse(observations, policy=chosen, reference=template, embedding_digest=digest, stats=stats)
    typer.echo(msgspec.json.encode(analysis).decode()) if as_json else _print(analysis)
    raise typer.Exit(EXIT_CODES[analysis.decision])


def _template(models: VisionModels, path: Path, as_json: bool) -> Reference:
    try:
        return embed_picture(models, path.read_bytes())
    except OSError as error:
        _refuse(as_json, EXIT_NO_INPUT, "unreadable", f"{path}: {error.strerror}", path)
    except MediaError as error:
        _refuse(as_json, EXIT_BAD_MEDIA, error.reason, f"{path}: {error}", path)


def _observe(models: VisionModels, video: Path) -> list[FaceObservation]:
    duration = video_duration(video)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[frames]} frames"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(video.name, total=duration, frames=0)
        observations: list[FaceObservation] = []
        for observation in _measured(models, video):
            observations.append(observation)
            progress.update(task, completed=observation.t - observations[0].t, frames=len(observations))
    return observations


def _measured(models: VisionModels, video: Path) -> Iterator[FaceObservation]:
    with FaceMeter(models) as meter:
        for t, rgb in read_video(video):
            yield meter.observe(rgb, t)


def _print(analysis: Analysis) -> None:
    console = Console(highlight=False)
    reasons = f"  ({', '.join(analysis.reasons)})" if analysis.reasons else ""
    console.print(f"passive checks: [bold]{analysis.decision}[/]{reasons}")
    for name, report in analysis.checks.items():
        flags = f"  ({', '.join(report.flags)})" if report.flags else ""
        console.print(f"  {name:22}{report.outcome:14}{report.reason:24}quality {report.quality:.2f}{flags}")
    line = analysis.timeline
    console.print(f"{analysis.frames} frames, {analysis.duration_s:.1f} s, faces {analysis.faces}")
    console.print(f"{len(line.blinks_s)} blinks at {', '.join(f'{t:.1f}' for t in line.blinks_s) or '-'} s")
    for name, extent in (("yaw", line.yaw_deg), ("pitch", line.pitch_deg)):
        if extent is not None:
            console.print(f"{name:6}{extent.min:+.1f} .. {extent.max:+.1f} degrees")


def _refuse(as_json: bool, exit_code: int, code: str, message: str, path: Path | None) -> NoReturn:
    if as_json:
        error = {"error": code, "file": str(path) if path else None, "message": message}
        typer.echo(msgspec.json.encode(error).decode())
    else:
        Console(stderr=True).print(f"error: {message}", markup=False, highlight=False)
    raise typer.Exit(exit_code)
