"""`liveness-server audit`: print the audit lines, or verify their chain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from ..errors import ConfigError
from ..store.audit import Audit, AuditError, Head
from ..store.database import open_database
from .serve import EXIT_CONFIG, load_settings, refuse

EXIT_TAMPERED = 1
"""The chain is broken, or the noted head is not part of it."""

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="The append-only audit.")


@app.command()
def lines() -> None:
    """Print every line, oldest first, as JSON lines."""
    for line in _on_audit(lambda audit: audit.lines()):
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
    try:
        head = _on_audit(lambda audit: audit.verify(_parsed(noted)))
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


def _on_audit(use: Callable[[Audit], Awaitable[T]]) -> T:
    settings = load_settings()

    async def run() -> T:
        database = await open_database(settings.database)
        try:
            return await use(Audit(database))
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except ConfigError as error:
        refuse(error, EXIT_CONFIG)
