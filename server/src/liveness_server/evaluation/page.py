"""`report.html` from the rows of `report.json`: one file, no script, nothing fetched."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from . import wording
from .check_rows import TOGETHER
from .dataset import Label
from .figures import figures
from .wording import Row

BONA_FIDE = Label.BONA_FIDE.value


def render(report: Row) -> str:
    """Render a report as built by `report.build`."""
    environment = Environment(
        loader=PackageLoader("liveness_server.evaluation", "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = ("share", "interval", "rate", "equal_error", "counted", "named", "often", "listed", "words")
    environment.filters |= {name: getattr(wording, name) for name in names}
    drawn = {name: Markup(svg) for name, svg in figures(report).items()}  # noqa: S704 - drawn by us, names escaped by matplotlib
    swept = {name: row for name, row in report["checks"].items() if row["sweep"]}
    return environment.get_template("report.html").render(
        r=report,
        figures=drawn,
        swept=swept,
        unswept=[wording.words(name) for name in report["checks"] if name != TOGETHER and name not in swept],
        reasons=_by_group(report["reasons"]),
        instruments=sorted({name for cells in (report["injection"] or {}).values() for name in cells}),
    )


def _by_group(reasons: Row) -> dict[str, dict[str, int]]:
    """Reasons by groups of presentations: bona fide first, then the species."""
    groups = sorted({group for row in reasons.values() for group in row}, key=lambda group: (group != BONA_FIDE, group))
    return {group: {name: row[group] for name, row in reasons.items() if group in row} for group in groups}
