"""Print, as Markdown, what every check says of clips and rendered attacks that are degraded on one axis at a time.

    python tests/bench/degrade_checks.py CACHE               # the tables of server/docs/degradation.md
    python tests/bench/degrade_checks.py CACHE --quick       # one level of each axis
    python tests/bench/degrade_checks.py CACHE --bona-fide   # or --attacks: one half only
    python tests/bench/degrade_checks.py CACHE --kept        # what is kept, measuring nothing

CACHE is a folder outside the repository: what vision measured is kept in it (numbers derived from faces), so that a
run can be stopped, gone on with, and repeated in seconds when a check has changed. With `--keep-old`, observations of
earlier code are used as well, and the last line says of how many versions.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.progress import track

sys.path.insert(0, str(Path(__file__).parent))

from degrade_clips import Cache, Cell, Subject, clip, rendered

from liveness_server.checks import REGISTRY
from liveness_server.checks.base import Check, CheckContext
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.analysis import Analysis, CheckReport, conclude, terms_of_recording
from liveness_server.types import CheckResult, FaceObservation, Outcome, Phase, StreamStats
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import ModelStore

POLICY = "standard"
TERMS = terms_of_recording(shipped_policies()[POLICY].terms(with_reference=False))
UNITS = {"pulse": "dB", "depth": "% IPD", "texture": "0–1"}
"""Checks whose one number is printed, with its unit."""
CLIPS = ("evm_face", "liveportrait_d13", "liveportrait_d9", "cap12_edit")
CONTROLS = (
    *("controls/face_screen_replay.mp4", "controls/face_photo_handheld.mp4", "controls/face_still_noise.mp4"),
    "clips/avatar_sun.mp4",
)
CLIP = "clips/liveportrait_d13.mp4"
LAB = {
    "flat_print": "astronaut",
    "brightness_pulsed_photo": "astronaut",
    "puppet_painted_pulse": "astronaut",
    "monitor_replay": CLIP,
    "shaken_photo": CLIP,
    "looped_video": CLIP,
}
"""Species -> what it is made of: a portrait that is shipped, or a clip."""
AXES = {
    "VP8": (2000, 1000, 500, 250, 100),
    "H.264": (2000, 1000, 500, 250, 100),
    "frame rate": (24, 15, 10, 8),
    "frames lost": (0.05, 0.1, 0.2, 0.3),
    "brightness": (1.5, 0.5, 0.25, 0.125),
    "face width": (200, 130, 100, 75, 50),
}
"""Levels: kb/s, kb/s, frames a second, share, factor, pixels."""
AS_IT_IS = Cell("as it is")
CELLS = (AS_IT_IS, *(Cell(axis, level) for axis, levels in AXES.items() for level in levels))
QUICK = (
    *(AS_IT_IS, Cell("VP8", 250), Cell("H.264", 250), Cell("frame rate", 10), Cell("frames lost", 0.2)),
    *(Cell("brightness", 0.25), Cell("face width", 75)),
)
"""One level of each axis: what attacks are judged at, to see whether any of them gains by it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One subject in one cell."""

    subject: Subject
    cell: Cell
    analysis: Analysis
    numbers: dict[str, float | None]
    kbps: float

    def said(self, check: str) -> str:
        """What a check says, in words."""
        return worded(self.analysis.checks[check])

    @property
    def fps(self) -> float:
        return (self.analysis.frames - 1) / max(self.analysis.duration_s, 1e-6)


def main() -> None:
    """Measure what is missing, judge, print."""
    asked = _arguments()
    models = VisionModels.load(ModelStore())
    asked.cache.mkdir(parents=True, exist_ok=True)
    cache = Cache(asked.cache, models, keep_old=asked.keep_old, measure=not asked.kept)
    if not asked.attacks:
        print_bona_fide(judged(cache, people(), QUICK if asked.quick else CELLS))
    if not asked.bona_fide:
        print_attacks(judged(cache, attacks(models), QUICK))
    if cache.missing:
        print(f"\n{cache.missing} cells were not measured.")
    if cache.old:
        print(f"\nObservations of {len(cache.old)} earlier versions of the code were used.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    for flag in ("--quick", "--bona-fide", "--attacks", "--keep-old", "--kept"):
        parser.add_argument(flag, action="store_true")
    return parser.parse_args()


def people() -> list[Subject]:
    return [clip(f"clips/{name}.mp4") for name in CLIPS]


def attacks(models: VisionModels) -> list[Subject]:
    controls = [clip(name, attack=True) for name in CONTROLS]
    return controls + [rendered(species, models, of=of) for species, of in LAB.items()]


def judged(cache: Cache, subjects: Sequence[Subject], cells: Sequence[Cell]) -> list[Judged]:
    """Judge every subject in every cell that applies to it."""
    os.nice(10)
    steps = list(product(subjects, cells))
    rows = (judge(cache, *step) for step in track(steps, "cells", console=Console(stderr=True)))
    return [row for row in rows if row is not None]


def judge(cache: Cache, subject: Subject, cell: Cell) -> Judged | None:
    kept = cache.of(subject, cell)
    if kept is None:
        return None
    checks = fed(kept.observations, kept.stats(cell.axis), CheckContext(None, cache.digest))
    analysis = conclude(checks, kept.observations, TERMS)
    return Judged(subject, cell, analysis, {check.name: check.measure() for check in checks}, kept.kbps)


def fed(seen: Sequence[FaceObservation], stats: Sequence[StreamStats], context: CheckContext) -> list[Check]:
    """Every check after `run_checks`' phases, with the receiver's statistics as they come in a session."""
    checks = [check(context) for check in REGISTRY.values()]
    due = list(stats)
    for number, observation in enumerate(seen):
        while due and due[0].t <= observation.t:
            tell(checks, due.pop(0))
        phase, step = (Phase.CHALLENGE, 1) if number < len(seen) // 2 else (Phase.CAPTURE, 0)
        for check in checks:
            check.update(observation, phase, step)
    return checks


def tell(checks: Sequence[Check], stats: StreamStats) -> None:
    for check in checks:
        check.receive_stats(stats)


# Tables


def print_bona_fide(rows: Sequence[Judged]) -> None:
    names = list(dict.fromkeys(row.subject.name for row in rows))
    print(f"\nBona fide: {', '.join(names)}\n")
    _print_outcomes(rows)
    print()
    _print_numbers(rows, names)
    failed = [
        f"{r.subject.name}, {r.cell}: {c} {r.said(c)}" for r in rows for c in _checks(rows) if "FAIL" in r.said(c)
    ]
    print(f"\nFAIL of a bona fide clip: {'; '.join(failed) or 'none'}")


def _print_outcomes(rows: Sequence[Judged]) -> None:
    """One row a cell, one column a check whose answer changes anywhere."""
    shown = _varying(rows)
    print_head("cell", "clips", "kb/s", "frames/s", *shown, POLICY)
    for cell, group in by_cell(rows).items():
        rates = [_span([row.kbps for row in group]) if group[0].kbps else "", _span([row.fps for row in group])]
        said = [counted(row.said(check) for row in group) for check in shown]
        print_row(cell, len(group), *rates, *said, counted(row.analysis.decision for row in group))
    print_same(rows, shown)


def print_same(rows: Sequence[Judged], shown: Sequence[str]) -> None:
    same = (f"{check} ({rows[0].said(check)})" for check in _checks(rows) if check not in shown)
    print(f"\nThe same everywhere: {', '.join(same)}")


def _print_numbers(rows: Sequence[Judged], names: Sequence[str]) -> None:
    """One row a cell, one column a clip and number."""
    print_head("cell", *(f"{check}, {unit}: {name}" for (check, unit), name in product(UNITS.items(), names)))
    for cell, group in by_cell(rows).items():
        found = {row.subject.name: row.numbers for row in group}
        print_row(cell, *(_number(found.get(name, {}).get(check)) for check, name in product(UNITS, names)))


def print_attacks(rows: Sequence[Judged]) -> None:
    """Everything of an attack as it is, then only what a degradation changed."""
    shown = _varying(rows)
    print("\nAttacks\n")
    print_head("attack", *(f"{check}, {UNITS[check]}" if check in UNITS else check for check in shown), POLICY)
    for row in rows:
        if row.cell == AS_IT_IS:
            print_row(row.subject.name, *(_with_number(row, check) for check in shown), row.analysis.decision)
    print_same(rows, shown)
    print()
    print_head("attack", "cell", "what changed")
    whole = {row.subject.name: row for row in rows if row.cell == AS_IT_IS}
    for row in rows:
        changed = [_change(whole[row.subject.name], row, check) for check in shown]
        if any(changed):
            print_row(row.subject.name, row.cell, "; ".join(filter(None, changed)))


def _change(before: Judged, row: Judged, check: str) -> str:
    same = before.said(check) == row.said(check)
    return "" if same else f"{check}: {_with_number(before, check)} → {_with_number(row, check)}"


def _with_number(row: Judged, check: str) -> str:
    number = row.numbers.get(check) if check in UNITS else None
    return row.said(check) if number is None else f"{row.said(check)} {_number(number)}"


def _number(number: float | None) -> str:
    return "–" if number is None else f"{number:.2f}"


def _varying(rows: Sequence[Judged]) -> list[str]:
    return [check for check in _checks(rows) if len({row.said(check) for row in rows}) > 1]


def _checks(rows: Sequence[Judged]) -> list[str]:
    return [check for check in rows[0].analysis.checks if check != "match"]


def by_cell(rows: Iterable[Judged]) -> dict[Cell, list[Judged]]:
    groups: dict[Cell, list[Judged]] = defaultdict(list)
    for row in rows:
        groups[row.cell].append(row)
    return {cell: groups[cell] for cell in CELLS if cell in groups}


def worded(report: CheckReport | CheckResult) -> str:
    """`pass`, `FAIL reason` or the reason of an abstention."""
    if report.outcome is Outcome.FAIL:
        return f"**FAIL {report.reason}**"
    return "pass" if report.outcome is Outcome.PASS else report.reason


def counted(answers: Iterable[str]) -> str:
    return ", ".join(f"{count} {answer}" for answer, count in Counter(answers).most_common())


def _span(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.0f}" if round(low) == round(high) else f"{low:.0f}–{high:.0f}"


def print_head(*columns: object) -> None:
    print_row(*columns)
    print("|" + "-|" * len(columns))


def print_row(*columns: object) -> None:
    print("|", " | ".join(map(str, columns)), "|", flush=True)


if __name__ == "__main__":
    main()
