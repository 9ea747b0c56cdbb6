"""Every clip of a data set through vision and the checks: in parallel, and to be taken up again after a stop.

What is kept of a clip is an `Answer`: outcomes, reasons and counts. It is written the moment it is known, one small
file per clip, under a key of everything it depends on; no frame, landmark or embedding is ever written.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

import msgspec

from ..challenges.sequence import CHECK_NAME as ACTIVE
from ..checks.match import Match
from ..engine.fusion import decide
from ..engine.policy import Policy
from ..errors import ConfigError, MediaError
from ..transport.files import read_video
from ..types import CheckResult, FaceObservation, Outcome, Reference
from ..vision.measure import FaceMeter, VisionModels
from ..vision.picture import embed_picture
from .analysis import Analysis, analyse
from .dataset import Clip, Dataset


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """One check's outcome and reason."""

    outcome: Outcome
    reason: str


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

    def __init__(self, models: VisionModels, policy: Policy) -> None:
        self._models = models
        self._policy = policy

    def __call__(self, clip: Clip, stopped: Callable[[], bool]) -> Answer:
        """Judge one clip by its own capture times."""
        reference = self._template(clip.reference) if clip.reference else None
        observations = list(self._observe(clip.path, stopped))
        digest = self._models.embedding_digest
        return answer_of(
            analyse(observations, policy=self._policy, reference=reference, embedding_digest=digest), self._policy
        )

    def _template(self, path: Path) -> Reference:
        try:
            return embed_picture(self._models, path.read_bytes())
        except MediaError as error:
            raise MediaError(str(error), f"reference_{error.reason}") from error

    def _observe(self, path: Path, stopped: Callable[[], bool]) -> Iterator[FaceObservation]:
        with FaceMeter(self._models) as meter:
            for t, rgb in read_video(path):
                if stopped():
                    raise Stopped
                yield meter.observe(rgb, t)


def answer_of(analysis: Analysis, policy: Policy) -> Answer:
    """Keep outcomes and reasons of an analysis, and decide a second time without the comparison."""
    results = [CheckResult(name, report.outcome, report.reason) for name, report in analysis.checks.items()]
    return Answer(
        decision=analysis.decision,
        pad=decide(results, policy.terms(with_reference=False).without(ACTIVE, Match.name)),
        reasons=tuple(analysis.reasons),
        checks={result.check: CheckAnswer(result.outcome, result.reason) for result in results},
        frames=analysis.frames,
        duration_s=analysis.duration_s,
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
        return hashlib.sha256(" ".join([self._conditions, *map(_digest, files)]).encode()).hexdigest()


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
