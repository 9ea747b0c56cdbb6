"""`liveness-server attack`: rendered attacks, for testing one's own system."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
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
from ..evaluation.live import LiveError, Played, pin_bitrate
from ..evaluation.presenter import PORTRAITS
from ..vision.models import ModelStore
from .attack_run import NOTICE as LIVE_NOTICE
from .attack_run import Show, json_of, play_all, table_of

EXIT_PASSED = 1
EXIT_BAD_MEDIA = 65
EXIT_NO_INPUT = 66
EXIT_NO_MODEL = 69
EXIT_NOT_WRITTEN = 73
EXIT_INTERRUPTED = 130
"""As EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE and EX_CANTCREAT in sysexits.h; 2 is a wrong command line, 130 a shell's
code for SIGINT."""
API_KEY = "LIVENESS_API_KEY"
"""Environment variable with the API key, as the client's tools read it."""
EXPECTED_S = 20.0
"""How long a session is expected to take, for what happens within it: a freeze comes after 30 to 50 % of that."""
STAND_IN = (
    "Source: the rendered presenter, itself an animated portrait. It stands in for bona fide footage and is none: "
    "figures from it say nothing of real faces."
)

NAMES = "Names that `attack list` prints."
KEY_FILE = f"File with the API key; without it, the key is read from {API_KEY}."
REFERENCE = (
    "Whom the server is told to expect: the person the attack claims to be, nobody, or a JPEG or PNG."
    " With nobody, liveness stands alone: no attack is stopped by its likeness."
)
TIMEOUT = "Seconds after which a session is cancelled."
FromClip = Annotated[Path | None, typer.Option("--from", help="Bona fide video file to make attacks from.")]
FromPortrait = Annotated[str, typer.Option(help=f"Without a clip, the presenter's portrait: {', '.join(PORTRAITS)}.")]

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
    clip: FromClip = None,
    portrait: FromPortrait = "hopper",
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
    with _refusals(clip, out):
        check_suffix(out)
        source = _source(clip, portrait, seconds, seed)
        if reference_out is not None:
            _write_png(reference_out, species.claimed(source, seed, size))
        written = write(out, _counted(species.render(source, seed, size), source), size)
    console.print(f"{out}: {species.name}, {written} frames", markup=False, soft_wrap=True)


@app.command()
def run(
    server: Annotated[str, typer.Option(help="Base URL of a running server, https or http.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="SPECIES", help=NAMES)] = None,
    every: Annotated[bool, typer.Option("--all", help="Play every species.")] = False,
    api_key_file: Annotated[Path | None, typer.Option(help=KEY_FILE)] = None,
    policy: Annotated[str, typer.Option(help="A policy of that server.")] = "standard",
    clip: FromClip = None,
    portrait: FromPortrait = "hopper",
    reference: Annotated[str, typer.Option(metavar="claimed|none|PICTURE", help=REFERENCE)] = "none",
    seed: Annotated[int, typer.Option(min=0, help="Same source and seed, same attack.")] = 1,
    fps: Annotated[float, typer.Option(min=1, max=60, help="Frames a second.")] = 20.0,
    size: Annotated[str, typer.Option(metavar="WIDTHxHEIGHT", help="Pixels, multiples of 8.")] = "640x480",
    bitrate: Annotated[int, typer.Option(min=50, max=20_000, help="Of the video, kbit/s.")] = 2500,
    timeout: Annotated[float, typer.Option(min=5, max=3600, help=TIMEOUT)] = 150.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
    expect_no_pass: Annotated[bool, typer.Option(help="Exit with 1 when an attack passes.")] = False,
) -> None:
    """Play species live over WebRTC against a running server, one session after the other.

    FOR TESTING YOUR OWN SYSTEM ONLY. Speaks to the server as anybody can: an API key, its HTTP interface, one WebSocket
    and one video stream. A species that can answer prompts obeys the challenges; the others play on. `retimed` and
    `virtual_camera_timing` send their own frame times, whatever --fps says. Every session has a new subject, so that no
    lockout stands in the way.

    Needs a key of that server (`liveness-server api-key create`). A server with a private certificate is trusted
    through SSL_CERT_FILE. stdout has the table or the JSON, stderr everything else.

    Exit codes: 0 all were played, whatever was decided; 1 one passed and --expect-no-pass; 2 a wrong option; 65 the
    clip cannot be used or shows no face; 66 a file cannot be read; 68 nobody answers; 69 the landmark model is missing;
    75 the server is busy, after one more try; 76 it does not speak the protocol; 77 the key is refused; 78 the policy
    or the reference picture is refused; 130 interrupted (the session is cancelled).
    """
    played: list[Played] = []
    with _refusals(clip):
        key, chosen, frame = _api_key(api_key_file), _chosen(names or [], every), _size(size)
        console.print(LIVE_NOTICE.format(server=server), markup=False, soft_wrap=True)
        pin_bitrate(bitrate)
        source = _source(clip, portrait, EXPECTED_S, seed)
        _play(Show(chosen, source, policy, reference, seed, frame, fps, timeout), server, key, played, as_json=as_json)
    if expect_no_pass and any(each.passed for each in played):
        raise typer.Exit(EXIT_PASSED)


def _play(show: Show, server: str, key: str, played: list[Played], *, as_json: bool) -> None:
    """Play and print what was played, however it ended."""
    try:
        asyncio.run(play_all(show, server, key, played, console))
    except KeyboardInterrupt:
        _refuse("interrupted; the session was cancelled", EXIT_INTERRUPTED)
    finally:
        _print_results(played, as_json=as_json)


def _print_results(played: list[Played], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json_of(played))
    elif played:
        Console(highlight=False).print(table_of(played))


def _chosen(names: list[str], every: bool) -> list[Species]:
    if bool(names) == every:
        raise typer.BadParameter("name at least one, or give --all", param_hint="SPECIES")
    return list(SPECIES.values()) if every else [_species(name) for name in names]


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{3,4})x(\d{3,4})", text)
    width, height = (int(number) for number in found.groups()) if found else (0, 0)
    if not (160 <= width <= 1920 and 120 <= height <= 1440) or width % 8 or height % 8:
        raise typer.BadParameter(
            f"{text!r} is not WIDTHxHEIGHT of 160x120 to 1920x1440, multiples of 8", param_hint="--size"
        )
    return width, height


def _api_key(file: Path | None) -> str:
    key = (os.environ.get(API_KEY, "") if file is None else file.read_text()).strip()
    if not re.fullmatch(r"[!-~]+", key):
        raise typer.BadParameter(f"no API key there: name a file, or set {API_KEY}", param_hint="--api-key-file")
    return key


@contextmanager
def _refusals(clip: Path | None, out: Path | None = None) -> Iterator[None]:
    """End the command with a message and a code of its own for everything that can stand in the way."""
    try:
        yield
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None
    except ModelError as error:
        _refuse(str(error), EXIT_NO_MODEL)
    except LiveError as error:
        _refuse(str(error), error.exit_code)
    except MediaError as error:
        _refuse(
            error.of(clip) if clip else str(error), EXIT_NO_INPUT if error.reason == "not_found" else EXIT_BAD_MEDIA
        )
    except OSError as error:
        _refuse(f"{error.filename or out}: {error.strerror}", EXIT_NOT_WRITTEN if out else EXIT_NO_INPUT)


def _described(species: Species) -> dict[str, str]:
    fields = ("name", "family", "instrument", "imitates", "live", "limits", "timing")
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
