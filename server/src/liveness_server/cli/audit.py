"""`liveness-server audit`: print the audit lines, or verify their chain."""

from __future__ import annotations

from typing import Annotated

import typer

from ..store.audit import Audit, AuditError, Head
from .environment import on_database, refuse

EXIT_TAMPERED = 1
"""The chain is broken, or the noted head is not part of it."""

app = typer.Typer(no_args_is_help=True, help="The append-only audit.")


@app.command()
def lines() -> None:
    """Print every line, oldest first, as JSON lines."""
    for line in on_database(lambda database: Audit(database).lines()):
        typer.echo(line)


@app.command()
def verify(
    noted: Annotated[
        str, typer.Option("--head", help="A head printed earlier, as NUMBER:HASH; finds lines cut off the end.")
    ] = "",
) -> None:
    """Verify the chain and print its head; note that elsewhere, to hold the next verification against it.

    Exit codes: 0 the chain holds, 1 it does not.
    """
    expected = _parsed(noted)
    try:
        head = on_database(lambda database: Audit(database).verify(expected))
    except AuditError as error:
        refuse(error, EXIT_TAMPERED)
    typer.echo(f"{head.seq}:{head.hash}")


def _parsed(noted: str) -> Head | None:
    number, _, digest = noted.partition(":")
    if not noted:
        return None
    if not number.isdigit() or not digest:
        raise typer.BadParameter("a head is NUMBER:HASH")
    return Head(int(number), digest)
