"""Judges a data set or rendered attacks, shows how it goes, and writes what came of it."""

from __future__ import annotations

import hashlib
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..engine.policy import Policy
from ..evaluation.attacks import Species
from ..evaluation.calibrate import FEATURES, Kept
from ..evaluation.dataset import Dataset, load_dataset
from ..evaluation.evaluate import AnalyseFile, Judged, Results, VideoAnalyser, evaluate
from ..evaluation.page import render
from ..evaluation.provenance import provenance
from ..evaluation.rendering import (
    Footage,
    RenderError,
    Rendering,
    RenderingAnalyser,
    clip_footage,
    plan,
    portrait_footage,
    workroom,
)
from ..evaluation.report import build
from ..evaluation.wording import command as command_line
from ..vision.measure import VisionModels
from ..vision.models import ModelStore
from ..vision.picture import embed_picture

VIDEOS: Final = frozenset({".mp4", ".mov", ".webm", ".mkv", ".avi"})
"""What of a folder of clips is taken for one."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a run is done, whatever is judged."""

    out: Path
    policy: Policy
    jobs: int
    resume: bool
    features: bool


@dataclass(frozen=True, slots=True)
class Sources:
    """What attacks are rendered from, and what becomes of the files."""

    clips: list[Path]
    """Videos, and folders of them."""
    portraits: bool
    keep: bool


def judge_dataset(run: Run, folder: Path) -> dict[str, Any]:
    """Judge the files of a manifest and return the report."""
    models = VisionModels.load(ModelStore())
    dataset = load_dataset(folder, lambda path: embed_picture(models, path.read_bytes()))
    return _report(run, dataset, models)


def judge_rendered(run: Run, species: list[Species], sources: Sources, how: Rendering) -> dict[str, Any]:
    """Render, judge and remove every species from every source, and return the report."""
    models = VisionModels.load(ModelStore())
    footage = _footage(_videos(sources.clips), models.bundle, how.seconds)
    footage += portrait_footage(models.bundle, how.seconds, how.seeds[0]) if sources.portraits else ()
    with workroom(run.out, keep=sources.keep) as folder:
        planned = plan(footage, species, how, folder)
        return _report(run, planned.dataset, models, partial(RenderingAnalyser, planned=planned, keep=sources.keep))


def _report(
    run: Run,
    clips: Dataset,
    models: VisionModels,
    around: Callable[[AnalyseFile], AnalyseFile] = lambda analyse: analyse,
) -> dict[str, Any]:
    """Judge every presentation; `around` may put something before the analysis of a file."""
    made_with = provenance(run.policy, ModelStore().manifest)
    results = Results(run.out, made_with.digest + " features" * run.features, resume=run.resume)
    judged = _judge(clips, around(VideoAnalyser(models, run.policy, features=run.features)), results, run.jobs)
    report = build(judged, clips, made_with, generated=_now(), command=command_line(sys.argv[1:]))
    _write(run, report, judged)
    return report


def _write(run: Run, report: dict[str, Any], judged: list[Judged]) -> None:
    content = msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"
    (run.out / "report.json").write_bytes(content)
    (run.out / "report.html").write_text(render(report), "utf-8")
    if run.features:
        sha256 = hashlib.sha256(content).hexdigest()
        kept = Kept(sha256, {j.clip.file: j.answer.features for j in judged})
        (run.out / FEATURES).write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _videos(paths: list[Path]) -> list[Path]:
    return [path for given in paths for path in (_within(given) if given.is_dir() else [given])]


def _within(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEOS)
    if not found:
        raise RenderError(f"no video in {folder}: none of its files ends in {', '.join(sorted(VIDEOS))}")
    return found


def _footage(clips: list[Path], bundle: bytes, seconds: float) -> list[Footage]:
    if not clips:
        return []
    with _progress() as progress:
        task = progress.add_task("sources", total=len(clips))
        opened = []
        for found in clip_footage(clips, bundle, seconds):
            opened.append(found)
            progress.advance(task)
        return opened


def _judge(clips: Dataset, analyser: AnalyseFile, results: Results, jobs: int) -> list[Judged]:
    with _progress() as progress:
        task = progress.add_task("files", total=len(clips.clips))
        return evaluate(clips, analyser, results, jobs=jobs, on_done=lambda _: progress.advance(task))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a request to terminate end the run as Ctrl-C does, so that nothing rendered is left behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
