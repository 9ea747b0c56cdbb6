"""`liveness-server settings`: what can be set, and what is set now."""

from __future__ import annotations

from typing import Annotated

import typer

from ..config import settings_markdown, settings_table
from .environment import load_settings


def command(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the documentation page instead.")] = False,
) -> None:
    """Print every setting with its value in force; secrets are masked."""
    if markdown:
        typer.echo(settings_markdown(), nl=False)
        return
    settings = load_settings()
    for row in settings_table():
        typer.echo(f"{row.variable} = {'***' if row.secret else getattr(settings, row.name)}")
