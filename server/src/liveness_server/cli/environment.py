"""What commands on a server's data directory share: its settings, its database, and one way to refuse."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NoReturn, TypeVar

import typer
from rich.console import Console

from ..config import Settings, unknown_variables
from ..errors import ConfigError
from ..store.database import Database, open_database

EXIT_CONFIG: Final = 78
"""EX_CONFIG of sysexits.h: a setting, a key file or the database is unusable."""

T = TypeVar("T")

console = Console(stderr=True, highlight=False)


def load_settings(overrides: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process, for every command; an unusable one ends the command with a message."""
    environ = {**os.environ, **(overrides or {})}
    for name in unknown_variables(environ):
        console.print(f"warning: {name} is no setting of this server", markup=False)
    try:
        return Settings.from_env(environ)
    except ConfigError as error:
        refuse(error, EXIT_CONFIG)


def refuse(error: object, code: int) -> NoReturn:
    """End the command with a message on stderr."""
    console.print(f"error: {error}", markup=False)
    raise typer.Exit(code)


def on_database(use: Callable[[Database], Awaitable[T]]) -> T:
    """Open the database of the settings in force, use it, close it; an unusable one ends the command."""
    settings = load_settings()

    async def run() -> T:
        database = await open_database(settings.database)
        try:
            return await use(database)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except ConfigError as error:
        refuse(error, EXIT_CONFIG)
