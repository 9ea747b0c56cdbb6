"""`liveness-server evaluate`: error rates of the passive checks over labelled videos, or over rendered attacks."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperCommand

from ..engine.policy import Policy
from ..errors import ConfigError, LivenessError, ModelError
from ..evaluation.attacks import SPECIES, Species
from ..evaluation.attacks.film import NOTICE as LAB_NOTICE
from ..evaluation.dataset import Dataset, DatasetError, load_dataset
from ..evaluation.evaluate import AnalyseFile, Judged, Results, VideoAnalyser, evaluate
from ..evaluation.page import rate, render
from ..evaluation.provenance import provenance
from ..evaluation.rendering import (
    Footage,
    RenderError,
    Rendering,
    RenderingAnalyser,
    clip_footage,
    plan,
    portrait_footage,
    workroom,
)
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
VIDEOS: Final = frozenset({".mp4", ".mov", ".webm", ".mkv", ".avi"})
"""What of a folder of clips is taken for one."""
EVERY: Final = "all"


class SeveralValues(TyperCommand):
    """Lets `--render` and `--from` take all words up to the next option, as well as be repeated."""

    TAKING: Final = frozenset({"--render", "--from"})

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Write such an option before each of its words."""
        return super().parse_args(ctx, list(self._repeated(args)))

    def _repeated(self, args: list[str]) -> Iterator[str]:
        option, words = "", 0
        for word in args:
            if word.startswith("-"):
                option, words = (word, 0) if word in self.TAKING else ("", 0)
            elif option:
                words += 1
                if words > 1:
                    yield option
            yield word


app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Run:
    """How a run is done, whatever is judged."""

    out: Path
    policy: Policy
    jobs: int
    resume: bool


@app.command(cls=SeveralValues)
def command(
    out: Annotated[Path, typer.Option(help="Folder for report.json, report.html and the results of each file.")],
    dataset: Annotated[
        Path | None, typer.Argument(help="Folder with manifest.csv and the files it lists; or else --render.")
    ] = None,
    species: Annotated[
        list[str] | None,
        typer.Option("--render", metavar="SPECIES…", help="Species to render, of `attack list`, or all."),
    ] = None,
    clips: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="CLIPS…", help="Bona fide videos to render from, or folders of them."),
    ] = None,
    portraits: Annotated[bool, typer.Option("--portraits", help="Render from the shipped portraits, too.")] = False,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Rendered: length of each presentation.")] = 10.0,
    seed: Annotated[int, typer.Option(min=0, help="Rendered: same sources and seed, same attacks.")] = 1,
    takes: Annotated[int, typer.Option(min=1, help="Rendered: of each species from each source.")] = 1,
    pieces: Annotated[int, typer.Option(min=1, help="Bona fide presentations a clip is cut into at most.")] = 1,
    width: Annotated[int, typer.Option(min=160, max=1920, help="Rendered: pixels; height is 3/4 of it.")] = 640,
    keep_rendered: Annotated[
        bool, typer.Option("--keep-rendered", help="Keep rendered files: faces of people!")
    ] = False,
    policy: Annotated[str, typer.Option(help=POLICY_HELP)] = "standard",
    jobs: Annotated[int, typer.Option(min=1, help="Files judged at the same time.")] = os.cpu_count() or 1,
    resume: Annotated[bool, typer.Option("--resume", help="Keep the results already in the folder.")] = False,
) -> None:
    """Judge every file of a labelled data set, or rendered attacks, and write error rates with exact intervals.

    manifest.csv has the columns file, subject, label (bona_fide or attack), species, instrument, device, condition,
    and optionally reference (a JPEG or PNG); every other column becomes a slice of the report.

    With --render, each species is rendered from each clip or portrait, judged, and removed; the clips themselves are
    the bona fide presentations. A presentation whose answer is kept is not rendered again.

    A file answers no challenge: the rates speak of the passive checks alone.

    Exit codes: 0 report written, 65 the data set or a clip cannot be used, 69 a model is missing or changed, 73 the
    folder cannot be written or holds another run's results, 130 interrupted (--resume goes on).
    """
    _either(dataset, species, clips, portraits)
    run = Run(out, chosen_policy(policy), jobs, resume)
    try:
        with _interruptible():
            if dataset is not None:
                report = _report(run, load_dataset(dataset))
            else:
                size = (width // 8 * 8, width * 3 // 32 * 8)
                how = Rendering(tuple(range(seed, seed + takes)), size, seconds, pieces)
                report = _rendered(run, _species(species or []), _videos(clips or []), portraits, how, keep_rendered)
            _write(out, report)
    except (DatasetError, ModelError, ConfigError, OSError) as error:
        _refuse(error)
    except KeyboardInterrupt:
        _say(f"interrupted; the results so far are in {out}, --resume goes on from there")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _print(report, out)


def _either(dataset: Path | None, species: list[str] | None, clips: list[Path] | None, portraits: bool) -> None:
    if (dataset is None) == (not species):
        raise typer.BadParameter("give either a DATASET or --render SPECIES", param_hint="DATASET")
    if species and not (clips or portraits):
        raise typer.BadParameter("name clips to render from, or --portraits", param_hint="--from")
    if dataset and (clips or portraits):
        raise typer.BadParameter("goes with --render only", param_hint="--from or --portraits")


def _species(words: list[str]) -> list[Species]:
    names = [name for word in words for name in word.split(",") if name]
    if unknown := [name for name in names if name not in SPECIES and name != EVERY]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {EVERY}, {', '.join(SPECIES)}", param_hint="--render")
    return [kind for kind in SPECIES.values() if EVERY in names or kind.name in names]


def _videos(paths: list[Path]) -> list[Path]:
    found = (sorted(path.iterdir()) if path.is_dir() else [path] for path in paths)
    return [path for group, given in zip(found, paths, strict=True) for path in group if _is_video(path, given)]


def _is_video(path: Path, given: Path) -> bool:
    """Whatever was named itself is taken; of a folder, its videos."""
    return path == given or path.suffix.lower() in VIDEOS


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a request to terminate end the run as Ctrl-C does, so that nothing rendered is left behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _rendered(
    run: Run, species: list[Species], clips: list[Path], portraits: bool, how: Rendering, keep: bool
) -> dict[str, Any]:
    _say(LAB_NOTICE)
    bundle = ModelStore().read("landmarks")
    footage = _footage(clips, bundle, how.seconds)
    footage += portrait_footage(bundle, how.seconds, how.seeds[0]) if portraits else ()
    with workroom(run.out, keep=keep) as folder:
        planned = plan(footage, species, how, folder)
        return _report(run, planned.dataset, lambda analyse: RenderingAnalyser(analyse, planned, keep=keep))


def _footage(clips: list[Path], bundle: bytes, seconds: float) -> list[Footage]:
    with _progress() as progress:
        task = progress.add_task("sources", total=len(clips))
        opened = []
        for found in clip_footage(clips, bundle, seconds):
            opened.append(found)
            progress.advance(task)
        return opened


def _report(run: Run, clips: Dataset, around: Any = lambda analyse: analyse) -> dict[str, Any]:
    """Judge every presentation; `around` may put something before the analysis of a file."""
    store = ModelStore()
    made_with = provenance(run.policy, store.manifest)
    results = Results(run.out, made_with.digest, resume=run.resume)
    analyser = around(VideoAnalyser(VisionModels.load(store), run.policy))
    judged = _judge(clips, analyser, results, run.jobs)
    return build(judged, clips, made_with, generated=_now(), command=shlex.join(["liveness-server", *sys.argv[1:]]))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _judge(clips: Dataset, analyser: AnalyseFile, results: Results, jobs: int) -> list[Judged]:
    with _progress() as progress:
        task = progress.add_task("files", total=len(clips.clips))
        return evaluate(clips, analyser, results, jobs=jobs, on_done=lambda _: progress.advance(task))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


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
    if isinstance(error, DatasetError | RenderError):
        code = EXIT_BAD_DATASET
    elif isinstance(error, ModelError):
        code = EXIT_NO_MODEL
    raise typer.Exit(code)


def _say(text: str) -> None:
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)
