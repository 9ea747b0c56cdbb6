"""Every clip of a data set through vision and the checks: in parallel, and to be taken up again after a stop.

What is kept of a clip is an `Answer`: outcomes, reasons, counts, classes of its conditions, of each check the one
number that its threshold is held against and, on request, its features. It is written the moment it is known, one small
file per clip, under a key of everything it depends on; no frame, landmark, embedding or trace is ever written.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Final

import msgspec

from ..checks.base import Check, CheckContext
from ..checks.match import Match
from ..engine.fusion import decide
from ..engine.policy import Policy
from ..errors import ConfigError, MediaError
from ..transport.files import file_stats, read_video
from ..types import CaptureTime, CheckResult, FaceObservation, Outcome, Reference
from ..vision.landmarks import Picture
from ..vision.measure import FaceMeter, VisionModels
from ..vision.picture import embed_picture
from .analysis import Analysis, conclude, passive, run_checks
from .conditions import conditions
from .dataset import Clip, Dataset

DIGITS: Final = 6
"""Significant digits that are kept of a measure."""
Timed = tuple[CaptureTime, Picture]


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """One check's outcome and reason."""

    outcome: Outcome
    reason: str
    measure: float | None = None
    """What `Check.measure` returned, to `DIGITS`: for DET curves and calibration only."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the system said of one clip."""

    decision: Outcome
    """Of the full system: with a reference, the comparison takes part."""
    pad: Outcome
    """Of presentation attack detection alone: the same checks without the comparison."""
    reasons: tuple[str, ...]
    """What stood in the way of a pass, `check:reason`; `media:…` where the file could not be used."""
    checks: dict[str, CheckAnswer]
    frames: int = 0
    duration_s: float = 0.0
    conditions: dict[str, str] = field(default_factory=dict)
    """Classes of what was measured of the recording itself (`conditions`)."""
    reference_fault: str = ""
    """Why the reference could not be used (a reason of `MediaError`): then nothing was compared."""
    features: dict[str, dict[str, float]] = field(default_factory=dict)
    """Check -> what it keeps for research (`Check.features`); empty unless asked for."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A presentation and its answer."""

    clip: Clip
    answer: Answer


class Stopped(Exception):  # noqa: N818 - nothing is wrong, the run was asked to end
    """A clip was left unfinished because the run ends."""


AnalyseFile = Callable[[Clip, Callable[[], bool]], Answer]
"""Judges one clip; asks its second argument now and then, and raises `Stopped` when that says True. A `MediaError`
makes the clip a presentation without an answer; it is never dropped."""


class VideoAnalyser:
    """The real `AnalyseFile`: vision, every check, and a policy's decision. Shared by threads."""

    def __init__(self, models: VisionModels, policy: Policy, *, features: bool = False) -> None:
        """With `features`, keep what checks keep for research: numbers derived from faces."""
        self._models = models
        self._policy = policy
        self._features = features

    def __call__(self, clip: Clip, stopped: Callable[[], bool]) -> Answer:
        """Judge one clip by its own capture times; without its reference where that is no usable picture.

        What cannot be compared must not count as an attack that was not accepted.
        """
        reference, fault = self._template(clip.reference)
        observations = list(self._observe(clip, stopped))
        stats = file_stats(clip.path)
        checks = run_checks(observations, CheckContext(reference, self._models.embedding_digest), stats=stats)
        analysis = conclude(checks, observations, passive(self._policy.terms(with_reference=reference is not None)))
        measured = {check.name: _rounded(check.measure()) for check in checks}
        answer = answer_of(analysis, self._policy, measured, conditions(observations, stats))
        return replace(answer, reference_fault=fault, features=features_of(checks) if self._features else {})

    def _template(self, path: Path | None) -> tuple[Reference | None, str]:
        """The template of a picture, or why there is none."""
        if path is None:
            return None, ""
        try:
            return embed_picture(self._models, path.read_bytes()), ""
        except MediaError as error:
            return None, error.reason

    def _observe(self, clip: Clip, stopped: Callable[[], bool]) -> Iterator[FaceObservation]:
        with FaceMeter(self._models) as meter:
            for t, rgb in within(read_video(clip.path), clip.span):
                if stopped():
                    raise Stopped
                yield meter.observe(rgb, t)


def within(frames: Iterator[Timed], span: tuple[float, float] | None) -> Iterator[Timed]:
    """Return the frames of a span, seconds from the first one; all without."""
    start: float | None = None
    first, end = span or (0.0, math.inf)
    for t, rgb in frames:
        start = t if start is None else start
        if t - start >= end:
            return
        if t - start >= first:
            yield t, rgb


def _rounded(measure: float | None) -> float | None:
    """The digits that count; None for what is no number."""
    return None if measure is None or not math.isfinite(measure) else float(f"{measure:.{DIGITS}g}")


def features_of(checks: Iterable[Check]) -> dict[str, dict[str, float]]:
    """What checks keep for research, to `DIGITS`, by check; those that keep nothing are left out."""
    kept = {check.name: {name: _rounded(value) for name, value in check.features().items()} for check in checks}
    known = {check: {name: v for name, v in found.items() if v is not None} for check, found in kept.items()}
    return {check: found for check, found in known.items() if found}


def answer_of(
    analysis: Analysis, policy: Policy, measured: Mapping[str, float | None], seen: Mapping[str, str]
) -> Answer:
    """Keep what an analysis came to, and decide a second time without the comparison."""
    results = [CheckResult(name, report.outcome, report.reason) for name, report in analysis.checks.items()]
    return Answer(
        decision=analysis.decision,
        pad=decide(results, passive(policy.terms(with_reference=False)).without(Match.name)),
        reasons=tuple(analysis.reasons),
        checks={r.check: CheckAnswer(r.outcome, r.reason, measured.get(r.check)) for r in results},
        frames=analysis.frames,
        duration_s=analysis.duration_s,
        conditions=dict(seen),
    )


class _Stored(msgspec.Struct, frozen=True):
    file: str
    key: str
    answer: Answer


class Results:
    """One file per judged clip, so that a run can be taken up again."""

    FOLDER: Final = "results"

    def __init__(self, out: Path, conditions: str, *, resume: bool) -> None:
        """Raise `ConfigError` when there are results and `resume` is not set. `conditions`: digest of the set-up."""
        self._folder = out / self.FOLDER
        self._conditions = conditions
        if not resume and any(self._folder.glob("*.json")):
            raise ConfigError(f"{out} holds the results of a run: add --resume to go on, or choose another folder")
        self._folder.mkdir(parents=True, exist_ok=True)

    def get(self, clip: Clip) -> Answer | None:
        """Return the kept answer, or None where there is none for these very files and this very set-up."""
        try:
            stored = msgspec.json.decode(self._path(clip).read_bytes(), type=_Stored)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return stored.answer if stored.key == self._key(clip) else None

    def put(self, clip: Clip, answer: Answer) -> None:
        """Keep an answer; a stop in the middle leaves the old file or the new one, never half of one."""
        path = self._path(clip)
        draft = path.with_suffix(".tmp")
        draft.write_bytes(msgspec.json.encode(_Stored(clip.file, self._key(clip), answer)))
        os.replace(draft, path)

    def _path(self, clip: Clip) -> Path:
        return self._folder / f"{hashlib.sha256(clip.file.encode()).hexdigest()[:24]}.json"

    def _key(self, clip: Clip) -> str:
        files = [clip.path] if clip.reference is None else [clip.path, clip.reference]
        made_of = [clip.recipe] if clip.recipe else map(_digest, files)
        return hashlib.sha256(" ".join([self._conditions, *made_of]).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def evaluate(
    dataset: Dataset,
    analyse_file: AnalyseFile,
    results: Results,
    *,
    jobs: int = 1,
    on_done: Callable[[Clip], None] = lambda _clip: None,
) -> list[Judged]:
    """Judge every clip on `jobs` threads (vision frees the interpreter lock) and return them in the data set's order.

    Anything that ends the run, Ctrl-C included, stops the clips under way; what was judged until then is kept.
    """
    stop = Event()

    def judge(clip: Clip) -> Judged:
        if (answer := results.get(clip)) is None:
            answer = _answer(clip, analyse_file, stop.is_set)
            results.put(clip, answer)
        return Judged(clip, answer)

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(judge, clip) for clip in dataset.clips]
        try:
            for future in as_completed(futures):
                on_done(future.result().clip)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _answer(clip: Clip, analyse_file: AnalyseFile, stopped: Callable[[], bool]) -> Answer:
    try:
        return analyse_file(clip, stopped)
    except MediaError as error:
        return Answer(Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE, (f"media:{error.reason}",), {})
