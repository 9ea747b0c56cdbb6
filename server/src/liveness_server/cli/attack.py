"""`liveness-server attack`: rendered attacks, for testing one's own system."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import cv2
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ..errors import ConfigError, MediaError, ModelError
from ..evaluation.attacks import SPECIES, ClipSource, Frames, PortraitSource, Source, Species, Still
from ..evaluation.attacks.film import NOTICE, check_suffix, write
from ..evaluation.presenter import PORTRAITS
from ..vision.models import ModelStore

EXIT_BAD_MEDIA = 65
EXIT_NO_INPUT = 66
EXIT_NO_MODEL = 69
EXIT_NOT_WRITTEN = 73
"""As EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE and EX_CANTCREAT in sysexits.h; 2 is a wrong command line."""
STAND_IN = (
    "Source: the rendered presenter, itself an animated portrait. It stands in for bona fide footage and is none: "
    "figures from it say nothing of real faces."
)

app = typer.Typer(no_args_is_help=True, help="Rendered attacks, for testing one's own system.")
console = Console(stderr=True, highlight=False)


@app.command("list")
def list_species(as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False) -> None:
    """Print every species: where it enters, its instrument or method, what it imitates, what it cannot show."""
    if as_json:
        typer.echo(json.dumps([_described(species) for species in SPECIES.values()], indent=2))
        return
    table = Table("species", "family", "instrument or method", "imitates", box=None, pad_edge=False)
    for species in SPECIES.values():
        table.add_row(species.name, species.family, species.instrument, species.imitates)
    Console(highlight=False).print(table)


@app.command()
def render(
    name: Annotated[str, typer.Argument(metavar="SPECIES", help="A name that `attack list` prints.")],
    out: Annotated[Path, typer.Option(help="File to write: .mp4 (H.264) or .webm (VP8).")],
    clip: Annotated[Path | None, typer.Option("--from", help="Bona fide video file to make the attack from.")] = None,
    portrait: Annotated[
        str, typer.Option(help=f"Without a clip, the presenter's portrait: {', '.join(PORTRAITS)}.")
    ] = "hopper",
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="Length; a clip may end sooner.")] = 10.0,
    seed: Annotated[int, typer.Option(min=0, help="Same source and seed, same frames.")] = 1,
    width: Annotated[int, typer.Option(min=160, max=1920, help="Pixels; the height is three quarters of it.")] = 640,
    reference_out: Annotated[
        Path | None, typer.Option(help="Also write the face the attack claims to be, as PNG.")
    ] = None,
) -> None:
    """Render one species to a video file, from a clip of a real person or from the presenter as its stand-in.

    FOR TESTING YOUR OWN SYSTEM ONLY. Rendered, not recorded: see what a species cannot show in `attack list --json`.

    Exit codes: 0 written, 2 a wrong option, 65 the clip cannot be used or shows no face, 66 the clip cannot be read,
    69 the landmark model is missing, 73 a file cannot be written.
    """
    species, size = _species(name), (width // 8 * 8, width * 3 // 32 * 8)
    console.print(NOTICE, markup=False, soft_wrap=True)
    try:
        check_suffix(out)
        source = _source(clip, portrait, seconds, seed)
        if reference_out is not None:
            _write_png(reference_out, species.claimed(source, seed, size))
        written = write(out, _counted(species.render(source, seed, size), source), size)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None
    except ModelError as error:
        _refuse(str(error), EXIT_NO_MODEL)
    except MediaError as error:
        _refuse(f"{clip}: {error}", EXIT_NO_INPUT if error.reason == "not_found" else EXIT_BAD_MEDIA)
    except OSError as error:
        _refuse(f"{error.filename or out}: {error.strerror}", EXIT_NOT_WRITTEN)
    console.print(f"{out}: {species.name}, {written} frames", markup=False, soft_wrap=True)


def _described(species: Species) -> dict[str, str]:
    fields = ("name", "family", "instrument", "imitates", "limits", "timing")
    return {field: str(getattr(species, field)) for field in fields}


def _species(name: str) -> Species:
    if name not in SPECIES:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(SPECIES)}", param_hint="SPECIES")
    return SPECIES[name]


def _source(clip: Path | None, portrait: str, seconds: float, seed: int) -> Source:
    bundle = ModelStore().read("landmarks")
    if clip is not None:
        return ClipSource(clip, bundle, seconds=seconds)
    if portrait not in PORTRAITS:
        raise ConfigError(f"unknown portrait {portrait!r}: choose one of {', '.join(PORTRAITS)}")
    console.print(STAND_IN, markup=False, soft_wrap=True)
    return PortraitSource(portrait, bundle, seconds=seconds, seed=seed)


def _counted(frames: Frames, source: Source) -> Frames:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.1f} s"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("rendering", total=source.seconds)
        for t, frame in frames:
            yield t, frame
            progress.update(task, completed=t)
        progress.update(task, completed=source.seconds)


def _write_png(path: Path, still: Still) -> None:
    data = cv2.imencode(".png", cv2.cvtColor(still.rgb, cv2.COLOR_RGB2BGR))[1]
    path.write_bytes(data.tobytes())


def _refuse(message: str, code: int) -> NoReturn:
    console.print(f"error: {message}", markup=False, soft_wrap=True)
    raise typer.Exit(code)
