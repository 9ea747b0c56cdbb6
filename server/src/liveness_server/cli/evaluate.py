"""`liveness-server evaluate`: error rates of the passive checks over labelled videos, or over rendered attacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from typer.core import TyperCommand

from ..errors import ConfigError, LivenessError, ModelError
from ..evaluation.attacks import SPECIES, Species
from ..evaluation.attacks.film import NOTICE as LAB_NOTICE
from ..evaluation.dataset import DatasetError
from ..evaluation.rendering import RenderError, Rendering
from ..evaluation.report import NOTICE
from ..evaluation.wording import rate
from .evaluate_run import Run, Sources, interruptible, judge_dataset, judge_rendered
from .policies import HELP as POLICY_HELP
from .policies import chosen_policy

EXIT_BAD_DATASET = 65
EXIT_NO_MODEL = 69
EXIT_CANNOT_WRITE = 73
"""As EX_DATAERR, EX_UNAVAILABLE and EX_CANTCREAT in sysexits.h."""
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""
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
    features: Annotated[
        bool, typer.Option("--features", help="Also keep each check's features: numbers derived from faces.")
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

    With --features, features.json has what checks keep of each file for research and decide nothing with; for
    `calibrate --feature`.

    Exit codes: 0 report written, 65 the data set or a clip cannot be used, 69 a model is missing or changed, 73 the
    folder cannot be written or holds another run's results, 130 interrupted (--resume goes on).
    """
    _either(dataset, species, clips, portraits)
    run = Run(out, chosen_policy(policy), jobs, resume, features)
    try:
        with interruptible():
            if dataset is not None:
                report = judge_dataset(run, dataset)
            else:
                _say(LAB_NOTICE)
                size = (width // 8 * 8, width * 3 // 32 * 8)
                how = Rendering(tuple(range(seed, seed + takes)), size, seconds, pieces)
                sources = Sources(clips or [], portraits, keep_rendered)
                report = judge_rendered(run, _species(species or []), sources, how)
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


def _print(report: dict[str, Any], out: Path) -> None:
    worst, people = report["apcer_max"], report["bona_fide"]
    if worst is not None:
        typer.echo(f"APCER, worst species  {rate(worst)}, {worst['species']}")
    typer.echo(f"BPCER                 {rate(people['bpcer'])}")
    typer.echo(f"BPNRR                 {rate(people['bpnrr'])}")
    typer.echo(f"{NOTICE}; passive checks only: {out / 'report.html'}")


def _refuse(error: LivenessError | OSError) -> NoReturn:
    _say(f"error: {_place(error) if isinstance(error, OSError) else error}")
    code = EXIT_CANNOT_WRITE
    if isinstance(error, DatasetError | RenderError):
        code = EXIT_BAD_DATASET
    elif isinstance(error, ModelError):
        code = EXIT_NO_MODEL
    raise typer.Exit(code)


def _place(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def _say(text: str) -> None:
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)
