"""Plays species one after the other against a server, and shows how it goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..evaluation.attacks import Source, Species
from ..evaluation.attacks.source import Size
from ..evaluation.live import Act, Played, Player, act_of
from ..wire import AnyServerMessage, Challenge, Guidance

NOTICE = "FOR TESTING YOUR OWN SYSTEM ONLY. Rendered attacks are played against {server}; none is a real one."


@dataclass(frozen=True, slots=True)
class Show:
    """What to play, and how."""

    species: Sequence[Species]
    source: Source
    policy: str
    reference: str
    seed: int
    size: Size
    fps: float
    limit_s: float

    def act(self, species: Species) -> Act:
        """Prepare one of them."""
        return act_of(species, self.source, seed=self.seed, size=self.size, fps=self.fps, reference=self.reference)


async def play_all(show: Show, server: str, api_key: str, played: list[Played], console: Console) -> None:
    """Play every species of the show; `played` holds what is over, whatever happens next. Raises `LiveError`."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("connecting", total=len(show.species))
        async with Player.at(server, api_key) as player:
            for species in show.species:
                progress.update(task, description=f"{species.name}: getting ready")
                result = await player.play(
                    show.act(species),
                    policy=show.policy,
                    limit_s=show.limit_s,
                    hear=_teller(species.name, lambda text: progress.update(task, description=text)),
                )
                played.append(result)
                console.print(_line(result), markup=False, soft_wrap=True)
                progress.update(task, advance=1, description="played")


def _teller(name: str, tell: Callable[[str], object]) -> Callable[[AnyServerMessage], None]:
    def hear(message: AnyServerMessage) -> None:
        if isinstance(message, Challenge):
            tell(f"{name}: {message.kind} ({message.step} of {message.steps})")
        elif isinstance(message, Guidance):
            tell(f"{name}: {message.code}")

    return hear


def _line(played: Played) -> str:
    return f"{played.species}: {played.decision} after {played.seconds:.1f} s at {played.fps:.1f} fps"


def table_of(played: Sequence[Played]) -> Table:
    """The results as a person reads them."""
    table = Table("species", "decision", "reasons", box=None, pad_edge=False)
    for each in played:
        table.add_row(each.species, each.decision, ", ".join(each.reasons))
    return table


def json_of(played: Sequence[Played]) -> str:
    """The results for programs: a list with every field of `Played`."""
    return json.dumps([asdict(each) for each in played], indent=2)
