"""Presentations rendered for an evaluation: every species from every source, each there only while it is judged.

Rendered faces are faces of people. They lie in one folder of the run that only its owner may enter, each is removed as
soon as it was judged, and the folder with whatever is left when the run ends, Ctrl-C included; a folder that a killed
run left behind is removed by the next one.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from ..errors import ConfigError, MediaError
from ..transport.files import video_duration
from . import attacks, presenter
from .attacks import ClipSource, Family, Frames, PortraitSource, Source, Species
from .attacks.film import write
from .attacks.source import Size
from .dataset import FROM_PRESENTER, Clip, Dataset, Label
from .evaluate import AnalyseFile, Answer, Stopped
from .provenance import source_digest

PASSING: Final = "rendering"
KEPT: Final = "rendered"
"""Folders in that of the run: of files that are removed, and of those that were asked for."""
COLUMNS: Final = ("subject", "instrument", "device", "condition", "method")
SUFFIX: Final = ".mp4"


class RenderError(ConfigError):
    """An attack cannot be made from a source; says which."""

    code = "render"


@dataclass(frozen=True, slots=True)
class Footage:
    """What attacks are rendered from."""

    source: Source
    subject: str
    """The person in it, by the name of the clip: one clip, one person."""
    digest: str
    """SHA-256 of a clip's bytes; of a portrait its name and seed."""
    path: Path | None
    """The clip, which is a bona fide presentation itself; None for a portrait, which is none."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """How all attacks of a run are rendered."""

    seeds: tuple[int, ...]
    """Each species is rendered once with each, from each source."""
    size: Size
    seconds: float
    """Length of an attack, and of a bona fide presentation."""
    pieces: int = 1
    """Bona fide presentations that a clip is cut into at most, one after the other from its start."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one rendered presentation is made of."""

    species: Species
    footage: Footage
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A data set of which most is yet to be rendered."""

    dataset: Dataset
    recipes: Mapping[str, Recipe]
    """By `Clip.file`; bona fide presentations have none."""
    how: Rendering


def clip_footage(paths: Iterable[Path], bundle: bytes, seconds: float) -> Iterator[Footage]:
    """Open clips as sources; raises `RenderError` for one that cannot be used, or two of one name."""
    seen: set[str] = set()
    for path in paths:
        if path.stem in seen:
            raise RenderError(f"two clips are named {path.stem}: a report could not tell them apart")
        seen.add(path.stem)
        try:
            source = ClipSource(path, bundle, seconds=seconds)
        except MediaError as error:
            raise RenderError(error.of(path)) from error
        yield Footage(source, path.stem, hashlib.sha256(path.read_bytes()).hexdigest(), path)


def portrait_footage(bundle: bytes, seconds: float, seed: int) -> Iterator[Footage]:
    """The presenter with each shipped portrait."""
    for name in sorted(presenter.PORTRAITS):
        source = PortraitSource(name, bundle, seconds=seconds, seed=seed)
        yield Footage(source, source.label.replace(":", "-"), f"{source.label}:{seed}", None)


def plan(footage: Sequence[Footage], species: Sequence[Species], how: Rendering, folder: Path) -> Plan:
    """List every presentation: the clips, and each species from each source with each seed, files under `folder`."""
    recipes = [Recipe(kind, source, seed) for kind in species for source in footage for seed in how.seeds]
    lab = lab_digest()
    rendered = {_file(recipe): recipe for recipe in recipes}
    clips = [clip for found in footage for clip in _bona_fide(found, how)]
    clips += [_attack(file, recipe, folder, _digest(lab, recipe, how)) for file, recipe in rendered.items()]
    digest = hashlib.sha256("\n".join(f"{clip.file} {clip.recipe}" for clip in clips).encode()).hexdigest()
    return Plan(Dataset(tuple(clips), COLUMNS, digest), rendered, how)


def _file(recipe: Recipe) -> str:
    return f"{recipe.species.name}/{recipe.footage.subject}-{recipe.seed}{SUFFIX}"


def _bona_fide(footage: Footage, how: Rendering) -> Iterator[Clip]:
    if footage.path is None:
        return
    columns = _columns({"subject": footage.subject, "device": "as recorded", "condition": "from a clip"})
    whole = int((video_duration(footage.path) or 0.0) / how.seconds)
    for number in range(min(how.pieces, max(whole, 1))):
        start = number * how.seconds
        file = f"{footage.path.name}#t={start:g}" if number else footage.path.name
        span = (start, start + how.seconds)
        recipe = hashlib.sha256(f"{footage.digest} {span}".encode()).hexdigest()
        yield Clip(file, footage.path, Label.BONA_FIDE, "", columns, recipe=recipe, span=span)


def _attack(file: str, recipe: Recipe, folder: Path, digest: str) -> Clip:
    instrument, method = instrument_and_method(recipe.species)
    columns = {
        "subject": recipe.footage.subject,
        "instrument": instrument,
        "device": "rendered",
        "condition": FROM_PRESENTER if recipe.footage.path is None else "from a clip",
        "method": method,
    }
    path = folder / file
    name = recipe.species.name
    return Clip(file, path, Label.ATTACK, name, _columns(columns), path.with_suffix(".png"), digest)


def _columns(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values.get(name, "") for name in COLUMNS}


def instrument_and_method(species: Species) -> tuple[str, str]:
    """Split what a species is into instrument and, of an injection, the method it is fed in by."""
    if species.family is not Family.INJECTION:
        return species.instrument, ""
    way, _, what = species.instrument.partition(": ")
    instrument, _, through = what.partition(" through ")
    return instrument.rstrip(","), f"{way} through {through}" if through else way


def _digest(lab: str, recipe: Recipe, how: Rendering) -> str:
    made_of = (lab, recipe.footage.digest, recipe.species.name, recipe.seed, how.size, how.seconds)
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def lab_digest() -> str:
    """SHA-256 of the renderers' own source: when it changes, so do the attacks."""
    return source_digest(Path(package.__path__[0]) for package in (attacks, presenter))


@contextmanager
def workroom(out: Path, *, keep: bool) -> Iterator[Path]:
    """Give a folder for rendered files; unless they are to be kept, it is gone afterwards, whatever happens."""
    passing = out / PASSING
    shutil.rmtree(passing, ignore_errors=True)
    folder = out / KEPT if keep else passing
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(passing, ignore_errors=True)


class RenderingAnalyser:
    """An `AnalyseFile` that renders what is not there yet, lets another judge it, and removes it."""

    def __init__(self, analyse: AnalyseFile, planned: Plan, *, keep: bool) -> None:
        self._analyse = analyse
        self._plan = planned
        self._keep = keep

    def __call__(self, clip: Clip, stopped: Callable[[], bool]) -> Answer:
        """Judge one presentation of the plan."""
        recipe = self._plan.recipes.get(clip.file)
        if recipe is None:
            return self._analyse(clip, stopped)
        try:
            self._render(clip, recipe, stopped)
            return self._analyse(clip, stopped)
        finally:
            if not self._keep:
                _remove(clip)

    def _render(self, clip: Clip, recipe: Recipe, stopped: Callable[[], bool]) -> None:
        size, source = self._plan.how.size, recipe.footage.source
        clip.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            assert clip.reference is not None
            Image.fromarray(recipe.species.claimed(source, recipe.seed, size).rgb).save(clip.reference)
            write(clip.path, _until(recipe.species.render(source, recipe.seed, size), stopped), size)
        except MediaError as error:
            raise RenderError(f"{recipe.species.name} from {source.label}: {error}") from error


def _until(frames: Frames, stopped: Callable[[], bool]) -> Frames:
    for timed in frames:
        if stopped():
            raise Stopped
        yield timed


def _remove(clip: Clip) -> None:
    for path in (clip.path, clip.reference):
        if path is not None:
            path.unlink(missing_ok=True)
