"""How figures are written: on the page, in its plots and on the command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

Row = Mapping[str, Any]

PERCENT: Final = "\N{NO-BREAK SPACE}%"


def command(arguments: Sequence[str]) -> str:
    """A command line as a report prints it: names of files, and not in whose folders they lie."""
    return shlex.join(["liveness-server", *(PurePath(word).name if "/" in word else word for word in arguments)])


def share(value: float | None) -> str:
    """Write a share with one decimal; a dash without presentations."""
    return "–" if value is None else f"{100 * value:.1f}{PERCENT}"


def interval(ci95: Sequence[float]) -> str:
    """Write a two-sided interval."""
    return f"{100 * ci95[0]:.1f}–{100 * ci95[1]:.1f}{PERCENT}"


def rate(row: Row | None) -> str:
    """Write a rate with its count; never a bare 0 % that too few presentations stand behind."""
    if row is None or not row["n"]:
        return "–"
    counted = f"{row['errors']} of {row['n']}"
    if not row["sufficient"]:
        return f"insufficient N ({counted}; up to {share(row['upper95'])})"
    return f"{share(row['value'])} ({counted})"


def equal_error(row: Row) -> str:
    """Write an equal error rate under the same rule; its bound is that of the side with fewer presentations."""
    return share(row["eer"]) if row["sufficient"] else f"insufficient N (up to {share(row['upper95'])})"


def counted(n: int, noun: str) -> str:
    """Write a number of things."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def named(found: Mapping[str, Mapping[str, int]]) -> str:
    """Write how often each of some checks counted, the most frequent first."""
    ordered = sorted(found.items(), key=lambda item: (-item[1]["n"], item[0]))
    return ", ".join(f"{words(name)} {often(row)}" for name, row in ordered) or "–"


def often(row: Mapping[str, int]) -> str:
    """Write how often something counted, and how often nothing else did."""
    return f"{row['n']} ({row['alone']} alone)" if row["alone"] else f"{row['n']}"


def listed(found: Mapping[str, int]) -> str:
    """Write how often each of some things occurred, the most frequent first."""
    return ", ".join(f"{name} {n}" for name, n in sorted(found.items(), key=lambda item: (-item[1], item[0]))) or "–"


def words(name: str) -> str:
    """Write a key as words."""
    return name.replace("_", " ")
