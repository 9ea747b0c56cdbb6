"""`liveness-server present`: film the rendered presenter, a test instrument and not a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..errors import ConfigError, ModelError
from ..evaluation.presenter import MOVES, PORTRAITS, Presenter
from ..evaluation.presenter.film import NOTICE, prompts, shoot, write
from ..vision.landmarks import Picture

EXIT_NO_MODEL = 69
EXIT_NOT_WRITTEN = 73
"""As EX_UNAVAILABLE and EX_CANTCREAT in sysexits.h."""
FPS = 30


def command(
    out: Annotated[Path, typer.Option(help="File to write: .mp4 (H.264) or .webm (VP8).")],
    portrait: Annotated[str, typer.Option(help=f"One of: {', '.join(PORTRAITS)}.")] = "hopper",
    moves: Annotated[str, typer.Option(help=f"Comma-separated, of: {', '.join(MOVES)}.")] = "turn_left,blink",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same film.")] = 1,
    width: Annotated[int, typer.Option(min=160, max=1920, help="Pixels; the height is three quarters of it.")] = 640,
    pulse_bpm: Annotated[float, typer.Option(min=30, max=220, help="Rate of the faint pulse on the skin.")] = 72.0,
) -> None:
    """Film an animated portrait that makes the given moves one after the other.

    It is a TEST INSTRUMENT and by nature a reenactment attack: a public-domain photograph warped over its face mesh.
    Use it to try the tools and the server, never as evidence of a live person.

    Exit codes: 0 written, 2 a wrong option, 69 the landmark model is missing, 73 the file cannot be written.
    """
    console = Console(stderr=True)
    console.print(NOTICE, markup=False, soft_wrap=True)
    size = (width, width * 3 // 8 * 2)
    kinds = [kind.strip() for kind in moves.split(",") if kind.strip()]
    try:
        length = prompts(kinds)[1]
        presenter = Presenter(portrait, seed=seed, size=size, pulse_bpm=pulse_bpm)
        frames = _counted(console, shoot(presenter, kinds, FPS), round(length * FPS))
        written = write(out, frames, size, FPS)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None
    except ModelError as error:
        _refuse(console, str(error), EXIT_NO_MODEL)
    except OSError as error:
        _refuse(console, f"{out}: {error.strerror}", EXIT_NOT_WRITTEN)
    console.print(f"{out}: {written} frames, {written / FPS:.1f} s", markup=False, soft_wrap=True)


def _counted(console: Console, frames: Iterator[Picture], total: int) -> Iterator[Picture]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} frames"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("rendering", total=total)
        for frame in frames:
            yield frame
            progress.advance(task)


def _refuse(console: Console, message: str, code: int) -> NoReturn:
    console.print(f"error: {message}", markup=False, soft_wrap=True)
    raise typer.Exit(code)
