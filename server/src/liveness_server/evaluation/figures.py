"""The report's figures as SVG text that can stand in a page. Same rows, same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from .metrics import SUFFICIENT_BOUND
from .wording import Row, equal_error

INK, QUIET, GRID = "#1f2933", "#66727f", "#d9dee3"
COLOURS: Final = {"fail": "#3b6e8f", "inconclusive": "#c9ced4", "pass": "#b4483a"}
"""Attacks: found, unanswered, accepted. Told apart in grey print, too."""
WORDS: Final = {"fail": "denied", "inconclusive": "no answer", "pass": "accepted"}
STYLE: Final = {  # names come from manifests, so a dollar is a dollar
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
}
WIDTH: Final = 7.2
"""Inches: the text width of an A4 sheet."""
ROW: Final = 0.3
"""Inches per row of a bar chart."""
UNDATED: Final = ("Date", "Creator", "Format", "Type")
"""Metadata that would make two drawings of the same rows differ, or say nothing."""
DET_TICKS: Final = (0.01, 0.05, 0.10, 0.20, 0.40, 0.60, 0.80, 0.95)
DET_COLUMNS: Final = 3
DET_PLOT: Final = 2.1
"""Small plots in a row, and the height of each, inches."""
DET_EDGE: Final = 0.005
"""Share at which the axes end: a DET axis (normal deviates) has no place for 0 and 1."""


def figures(report: Row) -> dict[str, str]:
    """Return every figure that the report has data for, as name -> SVG."""
    drawn = {
        "rates": _rates(report) if report["species"] or report["bona_fide"]["n"] else "",
        "outcomes": _outcomes(report) if report["species"] else "",
        "points": _points(report) if any(row["points"] for row in report["checks"].values()) else "",
        "det": _det({name: row for name, row in report["checks"].items() if row["sweep"]}),
    }
    return {name: svg for name, svg in drawn.items() if svg}


def _rates(report: Row) -> str:
    rows = [(name, row["apcer"], row["ci95"]) for name, row in report["species"].items()]
    if report["bona_fide"]["n"]:
        rows.append(("bona fide (BPCER)", report["bpcer"], report["ci95"]))

    def draw(axes: Axes) -> None:
        for place, (_, value, (low, high)) in enumerate(rows):
            axes.plot([100 * low, 100 * high], [place, place], color=QUIET, linewidth=1.6, solid_capstyle="butt")
            axes.plot(100 * value, place, "o", color=INK, markersize=5)
        axes.axvline(100 * SUFFICIENT_BOUND, color=COLOURS["pass"], linewidth=0.9, linestyle=(0, (4, 3)))
        _categories(axes, [name for name, *_ in rows])
        axes.set_xlim(-1, 101)
        axes.set_xlabel("share of presentations in error, %; bar: exact 95 % interval; dashed: 5 %")

    return _svg("rates", draw, _height(len(rows)))


def _outcomes(report: Row) -> str:
    groups = report["checks"]["all together"]["attacks"]

    def draw(axes: Axes) -> None:
        for place, counts in enumerate(groups.values()):
            left, total = 0.0, sum(counts.values())
            for outcome, colour in COLOURS.items():
                share = 100 * counts[outcome] / total
                label = WORDS[outcome] if place == 0 else None
                axes.barh(place, share, left=left, color=colour, height=0.62, label=label)
                left += share
        _categories(axes, [f"{name} (n = {sum(counts.values())})" for name, counts in groups.items()])
        axes.set_xlim(0, 100)
        axes.set_xlabel("share of the attack presentations, %")
        axes.legend(ncols=3, frameon=False, loc="lower left", bbox_to_anchor=(0, 1))

    return _svg("outcomes", draw, _height(len(groups)) + 0.3)


def _points(report: Row) -> str:
    checks = {name: row["points"] for name, row in report["checks"].items() if row["points"]}

    def draw(axes: Axes) -> None:
        for number, (name, points) in enumerate(checks.items()):
            x = [_deviate(point["attacks"]["value"]) for point in points]
            y = [_deviate(point["bona_fide"]["value"]) for point in points]
            axes.plot(x, y, marker="os^vDPX*<>"[number % 10], linewidth=0.8, markersize=5, label=name)
        _det_axes(axes, DET_TICKS)
        axes.set_xlabel("attacks let through, worst species")
        axes.set_ylabel("bona fide refused")
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.02, 0.5))

    return _svg("points", draw, 3.8)


def _det(swept: Row) -> str:
    """One small plot a check: all attacks together (thick), the worst species (dashed), and today's threshold."""
    if not swept:
        return ""
    rows = -(-len(swept) // DET_COLUMNS)

    def draw(figure: Figure) -> None:
        plots = figure.subplots(rows, DET_COLUMNS, squeeze=False).ravel()
        for axes, (name, row) in zip(plots, swept.items(), strict=False):
            _det_curves(axes, row["sweep"])
            axes.set_title(f"{name}\nEER {equal_error(row['sweep'])}", fontsize=8, color=INK)
        for axes in plots[len(swept) :]:
            axes.set_axis_off()
        figure.supxlabel("attacks accepted", fontsize=9)
        figure.supylabel("bona fide refused", fontsize=9)

    return _drawn("det", draw, 0.4 + DET_PLOT * rows)


def _det_curves(axes: Axes, sweep: Row) -> None:
    pooled, worst, refused = ([_deviate(share) for share in column] for column in zip(*sweep["det"], strict=True))
    axes.plot(worst, refused, color=QUIET, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.plot(pooled, refused, color=COLOURS["fail"], linewidth=1.6)
    now = sweep["today"]["pooled"]
    axes.plot(_deviate(now["attacks"]["value"]), _deviate(now["bona_fide"]["value"]), "o", color=INK, markersize=4)
    _det_axes(axes, DET_TICKS[::2])
    axes.tick_params(labelsize=7)


def _det_axes(axes: Axes, ticks: Sequence[float]) -> None:
    """Normal deviates on both axes."""
    for axis, limits in ((axes.xaxis, axes.set_xlim), (axes.yaxis, axes.set_ylim)):
        axis.set_ticks([_deviate(tick) for tick in ticks], [f"{tick:.0%}" for tick in ticks])
        limits(_deviate(0) - 0.15, _deviate(1) + 0.15)


def _deviate(share: float) -> float:
    return float(norm.ppf(min(max(share, DET_EDGE), 1 - DET_EDGE)))


def _categories(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def _height(rows: int) -> float:
    return 0.8 + ROW * rows


def _svg(name: str, draw: Callable[[Axes], None], height: float) -> str:
    """Draw on one pair of axes and return an `<svg>` element."""
    return _drawn(name, lambda figure: draw(figure.subplots()), height)


def _drawn(name: str, draw: Callable[[Figure], None], height: float) -> str:
    with rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure)
        text = StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata=dict.fromkeys(UNDATED))
    return _element(text.getvalue(), name)


def _element(document: str, name: str) -> str:
    """Return the `<svg>` element of a document: as wide as its column, its ids apart from those of other figures."""
    tag, rest = document[document.index("<svg") :].split(">", 1)
    tag = re.sub(r' (?:width|height)="[^"]*"', "", tag)
    return tag + ">" + re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>{name}-", rest)
