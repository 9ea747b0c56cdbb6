"""`liveness-server compare`: are the faces of two pictures one person's?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from ..errors import MediaError, ModelError
from ..types import Reference
from ..vision.matching import BANDS, MatchDecision, cosine, decide, margin
from ..vision.measure import VisionModels
from ..vision.models import ModelStore
from ..vision.picture import embed_picture

EXIT_CODES = {MatchDecision.ACCEPT: 0, MatchDecision.REJECT: 1, MatchDecision.REVIEW: 3}
"""2 stays what it is everywhere: a wrong command line."""
EXIT_BAD_PICTURE = 65
EXIT_NO_INPUT = 66
EXIT_NO_MODEL = 69
"""As EX_DATAERR, EX_NOINPUT and EX_UNAVAILABLE in sysexits.h."""


def command(
    a: Annotated[Path, typer.Argument(help="A JPEG or PNG with exactly one face.")],
    b: Annotated[Path, typer.Argument(help="The other one.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Compare the faces of two pictures.

    JSON keys: decision (accept, review or reject), cosine, margin (to the nearest threshold), model (sha256), or
    error (a stable code), file and message.

    Exit codes: 0 accept, 1 reject, 3 review, 65 a picture cannot be used, 66 a file cannot be read, 69 a model is
    missing or changed.
    """
    models = _load_models(as_json)
    first, second = (_embed(models, path, as_json) for path in (a, b))
    similarity = cosine(first.embedding, second.embedding)
    decision = decide(similarity)
    if as_json:
        typer.echo(json.dumps(_answer(decision, similarity, models.embedding_digest)))
    else:
        bands = f"accept from {BANDS.accept:.2f}, review from {BANDS.review:.2f}"
        typer.echo(f"{decision}: cosine {similarity:.3f}, {margin(similarity):.3f} from a threshold ({bands})")
    raise typer.Exit(EXIT_CODES[decision])


def _answer(decision: MatchDecision, similarity: float, digest: str) -> dict[str, object]:
    return {
        "decision": decision.value,
        "cosine": round(similarity, 4),
        "margin": round(margin(similarity), 4),
        "model": digest,
    }


def _load_models(as_json: bool) -> VisionModels:
    try:
        return VisionModels.load(ModelStore())
    except ModelError as error:
        _refuse(as_json, EXIT_NO_MODEL, error.code, str(error))


def _embed(models: VisionModels, path: Path, as_json: bool) -> Reference:
    try:
        return embed_picture(models, path.read_bytes())
    except OSError as error:
        _refuse(as_json, EXIT_NO_INPUT, "unreadable", f"{path}: {error.strerror}", path)
    except MediaError as error:
        _refuse(as_json, EXIT_BAD_PICTURE, error.reason, f"{path}: {error}", path)


def _refuse(as_json: bool, exit_code: int, code: str, message: str, path: Path | None = None) -> NoReturn:
    if as_json:
        typer.echo(json.dumps({"error": code, "file": str(path) if path else None, "message": message}))
    else:
        Console(stderr=True).print(f"error: {message}", markup=False, highlight=False)
    raise typer.Exit(exit_code)
