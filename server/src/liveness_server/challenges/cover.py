"""Which parts of a face are covered: its cells (`vision.occlusion`) compared with the same person's at rest.

A hand has nearly the colour of a face, and in places nearly its structure; it hardly ever has both, in two of three
cells of a column. A light or a shadow that passes changes the colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from ..vision.occlusion import COLUMNS, FEATURES


@dataclass(frozen=True, slots=True)
class CoverConfig:
    """When a cell counts as covered. Source of all: server/docs/challenges.md."""

    min_colour: float = 12.0
    """Grey levels the mean red, green or blue differs by."""
    min_structure: float = 0.3
    """Natural logarithm of the ratio of structures: a quarter less, or a third more."""
    min_rows: int = 2
    """Cells of a column, of three, that make it covered: a mouth or a brow that moves changes one."""
    floor: float = 0.5
    """Grey levels added to both structures, so that a blank cell's noise has no ratio; sensor noise gives about 0.3."""


COVER: Final = CoverConfig()


def covered_columns(cells: Sequence[float], rest: Sequence[float], config: CoverConfig = COVER) -> tuple[bool, ...]:
    """Say for each column, from image left, whether it is covered; nothing when there are no cells to compare."""
    if not cells or len(cells) != len(rest):
        return ()
    changed = [_changed(cells[i : i + FEATURES], rest[i : i + FEATURES], config) for i in range(0, len(rest), FEATURES)]
    return tuple(sum(changed[column::COLUMNS]) >= config.min_rows for column in range(COLUMNS))


def _changed(cell: Sequence[float], rest: Sequence[float], config: CoverConfig) -> bool:
    colour = max(abs(now - before) for now, before in zip(cell[:-1], rest[:-1], strict=True))
    structure = abs(log((cell[-1] + config.floor) / (rest[-1] + config.floor)))
    return colour >= config.min_colour and structure >= config.min_structure
