"""`liveness-server`: one module per group of commands; this file only lists them.

A command's module is imported when it is called (or listed), so that a small one does not wait for the large ones.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from .native import quiet_native_logs

COMMANDS: Final = {
    "serve": ("serve", "command"),
    "models": ("models", "app"),
    "api-key": ("keys", "api_keys"),
    "signing-key": ("keys", "signing_keys"),
    "audit": ("audit", "app"),
    "settings": ("settings", "command"),
    "analyze": ("analyze", "command"),
    "compare": ("compare", "command"),
    "evaluate": ("evaluate", "app"),
    "calibrate": ("calibrate", "command"),
    "replay": ("replay", "command"),
    "present": ("present", "command"),
    "attack": ("attack", "app"),
}
"""Name on the command line -> (module, its function or group)."""

ANSWERING: Final = frozenset({"analyze", "attack", "compare", "evaluate", "present"})
"""Commands that load the networks to answer a person, and then end."""


class LazyGroup(TyperGroup):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # typer has its own copy of click, whose types it hides
        """Names, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and build one command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        found = getattr(import_module(f".{module}", __name__), attribute)
        if isinstance(found, typer.Typer):
            command = typer.main.get_command(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            command = typer.main.get_command(alone)
        command.name = cmd_name
        return command


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


@app.callback()
def tools() -> None:
    """Face-liveness server and its tools."""


def main() -> None:
    """Entry point of the console script."""
    with quiet_native_logs() if set(sys.argv[1:2]) & ANSWERING else nullcontext():
        app()
