"""`liveness-server`: one module per group of commands; this file only lists them."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Face-liveness server and its tools.")


def main() -> None:
    """Entry point of the console script."""
    app()
