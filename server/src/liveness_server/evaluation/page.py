"""`report.html` from the rows of `report.json`: one file, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from .figures import figures

Row = Mapping[str, Any]

PERCENT: Final = "\N{NO-BREAK SPACE}%"


def render(report: Row) -> str:
    """Render a report as built by `report.build`."""
    environment = Environment(
        loader=PackageLoader("liveness_server.evaluation", "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"share": share, "interval": interval, "rate": rate, "words": words}
    drawn = {name: Markup(svg) for name, svg in figures(report).items()}  # noqa: S704 - drawn by us, names escaped by matplotlib
    swept = {name: row for name, row in report["checks"].items() if row["sweep"]}
    return environment.get_template("report.html").render(
        r=report, figures=drawn, swept=swept, groups=_groups(report["reasons"], report["decided_by"])
    )


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


def words(name: str) -> str:
    """Write a key as words."""
    return name.replace("_", " ")


def _groups(*tables: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the groups of presentations that occur: bona fide first, then the species."""
    found = {group for table in tables for row in table.values() for group in row}
    return sorted(found, key=lambda group: (group != "bona_fide", group))
