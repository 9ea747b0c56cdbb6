"""`liveness-server`: one module per group of commands; this file only lists them."""

from __future__ import annotations

import typer

from . import analyze, audit, compare, keys, models, present, replay, serve, settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Face-liveness server and its tools.")
app.add_typer(models.app, name="models")
app.command("analyze")(analyze.command)
app.command("compare")(compare.command)
app.command("present")(present.command)
app.command("replay")(replay.command)
app.command("serve")(serve.command)
app.command("settings")(settings.command)
app.add_typer(keys.api_keys, name="api-key")
app.add_typer(keys.signing_keys, name="signing-key")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """Entry point of the console script."""
    app()
