"""A data set on disk and an analyser that answers from a script, at the seam `evaluate` has for it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from liveness_server.checks import REGISTRY
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.attacks import SPECIES
from liveness_server.evaluation.dataset import Clip, Dataset, load_dataset
from liveness_server.evaluation.evaluate import Answer, CheckAnswer, Judged
from liveness_server.evaluation.provenance import Provenance, provenance
from liveness_server.evaluation.report import Row, build
from liveness_server.types import Outcome
from liveness_server.vision.models import load_manifest

COLUMNS = ("file", "subject", "label", "species", "instrument", "device", "condition")
WHEN = "2026-01-02 03:04 UTC"


def answer(
    pad: Outcome, *, decision: Outcome | None = None, reason: str = "odd", frames: int = 301, light: str = ""
) -> Answer:
    """Let one check, `texture`, decide; `match` only where the decision differs."""
    decision = decision or pad
    named = "match" if decision is not pad else "texture"
    checks = {"texture": CheckAnswer(pad, "ok" if pad is Outcome.PASS else reason)}
    if decision is not pad:
        checks["match"] = CheckAnswer(decision, reason)
    reasons = () if decision is Outcome.PASS else (f"{named}:{reason}",)
    return Answer(decision, pad, reasons, checks, frames, 10.0, {"measured_light": light} if light else {})


def dataset(folder: Path, rows: Sequence[Mapping[str, str]]) -> Dataset:
    """Write a data set whose files say their own name, and read it."""
    names = [*COLUMNS, *sorted({name for row in rows for name in row} - set(COLUMNS))]
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        (folder / row["file"]).write_text(row["file"])
        if row.get("reference"):
            (folder / row["reference"]).write_text(row["reference"])
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return load_dataset(folder)


def live(file: str, **columns: str) -> dict[str, str]:
    return {"file": file, "subject": "s1", "label": "bona_fide", "device": "webcam", **columns}


def attack(file: str, species: str, **columns: str) -> dict[str, str]:
    return {"file": file, "subject": "s2", "label": "attack", "species": species, "device": "webcam", **columns}


def made_with() -> Provenance:
    return provenance(shipped_policies()["standard"], load_manifest())


def report_of(found: Dataset, answers: Mapping[str, Answer]) -> Row:
    """Build the report of a data set whose answers are known."""
    judged = [Judged(clip, answers[clip.file]) for clip in found.clips]
    return build(judged, found, made_with(), generated=WHEN)


def few_of_many(folder: Path) -> Row:
    """Build a report of two attacks of every species, all denied by all checks: every table, as wide as it gets.

    Each check has a number on either side of which bona fide and attacks lie, each attack a method and a reference.
    """
    rows = [live(f"live{i}.mp4", reference="me.png") for i in range(3)]
    rows += [
        attack(f"{name}{i}.mp4", name, method=f"injected stream {i}", instrument=kind.instrument, reference="me.png")
        for name, kind in SPECIES.items()
        for i in range(2)
    ]
    return report_of(dataset(folder, rows), {row["file"]: _by_all(row["label"] == "bona_fide") for row in rows})


def _by_all(bona_fide: bool) -> Answer:
    outcome = Outcome.PASS if bona_fide else Outcome.FAIL
    measures = {
        name: 1.0 if bona_fide is check.measured.higher_is_live else -1.0
        for name, check in REGISTRY.items()
        if check.measured is not None
    }
    checks = {name: CheckAnswer(outcome, "odd", measures.get(name)) for name in REGISTRY}
    reasons = () if bona_fide else tuple(f"{name}:odd_enough" for name in REGISTRY)
    return Answer(outcome, outcome, reasons, checks, 301, 10.0, {"measured_light": "luma 50 to 100"})


class Script:
    """An analyser that answers by file name, and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, Answer | Exception]) -> None:
        self._answers = answers
        self._lock = Lock()
        self.asked: list[str] = []

    def __call__(self, clip: Clip, stopped: Callable[[], bool]) -> Answer:
        with self._lock:
            self.asked.append(clip.file)
        found = self._answers[clip.file]
        if isinstance(found, Exception):
            raise found
        return found
