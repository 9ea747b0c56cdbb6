"""A labelled data set: a folder with `manifest.csv`, read and checked before anything is measured.

Columns: file, subject, label (bona_fide or attack), species, instrument, device, condition; reference is optional. A
column of any other name is kept, and becomes a slice of the report. Files are given relative to the folder.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Final

from ..errors import ConfigError, MediaError
from .conditions import MEASURED

MANIFEST: Final = "manifest.csv"
REQUIRED: Final = ("file", "subject", "label", "species", "instrument", "device", "condition")
REFERENCE: Final = "reference"
NOT_SLICES: Final = frozenset({"file", "label", "species", REFERENCE})
"""Columns that name a presentation or are reported by themselves."""
FROM_PRESENTER: Final = "from the presenter"
"""Condition of what is rendered from a shipped portrait."""
RESERVED: Final = frozenset(
    {*MEASURED, "decision", "pad", "reasons", "checks", "conditions", "frames", "duration_s", "reference_fault"}
)
"""What a report says of a presentation itself: a column of that name would hide it, or be hidden."""
SEPARATORS: Final = ";\t|"
"""What some programs write in the place of commas."""
NO_SPECIES: Final = frozenset({"", "-", "none", "n/a", "live", "bona_fide"})
"""What may stand in a bona fide presentation's species; anything else there looks like a wrong label."""


class Label(StrEnum):
    """What a presentation really is."""

    BONA_FIDE = "bona_fide"
    ATTACK = "attack"


class DatasetError(ConfigError):
    """The data set cannot be used as it is; says where."""

    code = "dataset"

    def __init__(self, problem: str, *, row: int | None = None, column: str | None = None) -> None:
        place = [MANIFEST]
        place += [f"row {row}"] if row is not None else []
        place += [f"column {column!r}"] if column is not None else []
        super().__init__(f"{', '.join(place)}: {problem}")
        self.row = row
        """Line of the file as an editor counts it: the header is row 1. None where the whole file is meant."""
        self.column = column


@dataclass(frozen=True, slots=True)
class Clip:
    """One presentation: one row of the manifest."""

    file: str
    """As written in the manifest; the name of the presentation in every report."""
    path: Path
    label: Label
    species: str
    """Empty for a bona fide presentation."""
    columns: Mapping[str, str]
    """Every column but file, label, species and reference: what the report is sliced by."""
    reference: Path | None = None
    recipe: str = ""
    """Of a presentation that is rendered or cut when its turn comes: digest of all it is made from, in the place of the
    digests of its files."""
    span: tuple[float, float] | None = None
    """Seconds of the file, from its start, that are the presentation; None is the whole."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """All presentations, in the order of the manifest."""

    clips: tuple[Clip, ...]
    slices: tuple[str, ...]
    """Columns to slice by, in the order of the manifest."""
    digest: str
    """SHA-256 of the manifest, or of everything its presentations are rendered from."""


UseReference = Callable[[Path], object]
"""Tries a reference picture; raises `MediaError` for one that cannot be used."""


def load_dataset(folder: Path, try_reference: UseReference = lambda _path: None) -> Dataset:
    """Read and check a manifest; raises `DatasetError` for the first thing that is wrong.

    A reference that nothing can be compared with would count as an attack that was not accepted: `try_reference`
    refuses it before anything is measured.
    """
    content = _content(folder / MANIFEST)
    lines = _lines(content)
    header = _header(next(lines, (1, []))[1])
    clips = tuple(_clips(folder, header, lines, try_reference))
    if not clips:
        raise DatasetError("no presentation is listed below the header")
    slices = tuple(name for name in header if name not in NOT_SLICES)
    return Dataset(clips, slices, hashlib.sha256(content).hexdigest())


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        content.decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"cannot be read in {path.parent}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"is not UTF-8 (byte {error.start})") from error
    return content


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Return (row, cells) of every record; a quoted cell may span lines, and its last one is the row."""
    reader = csv.reader(StringIO(content.decode("utf-8-sig"), newline=""))
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise DatasetError(str(error), row=reader.line_num) from error


def _header(names: list[str]) -> list[str]:
    for name in REQUIRED:
        if name not in names:
            raise DatasetError(f"is missing from the header{_separated(names)}", row=1, column=name)
    for place, name in enumerate(names):
        if problem := _problem(name, names[:place]):
            raise DatasetError(problem, row=1, column=name or str(place + 1))
    return names


def _problem(name: str, before: list[str]) -> str:
    if not name:
        return "has no name"
    if name in RESERVED:
        return "is a name that reports use themselves: call it something else"
    return "is there twice" if name in before else ""


def _separated(names: list[str]) -> str:
    """A hint where a header came as one cell."""
    found = [mark for mark in SEPARATORS if len(names) == 1 and mark in names[0]]
    return f": cells are parted by commas, not by {found[0]!r}" if found else ""


def _clips(
    folder: Path, header: list[str], lines: Iterable[tuple[int, list[str]]], try_reference: UseReference
) -> Iterator[Clip]:
    seen: dict[Path, int] = {}
    for row, cells in lines:
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise DatasetError(f"has {len(cells)} cells, the header has {len(header)}", row=row)
        clip = _clip(folder, dict(zip(header, cells, strict=True)), row)
        if (path := clip.path.resolve()) in seen:
            raise DatasetError(f"{clip.file} is already listed in row {seen[path]}", row=row, column="file")
        seen[path] = row
        _try(clip.reference, try_reference, row)
        yield clip


def _clip(folder: Path, cells: dict[str, str], row: int) -> Clip:
    label = _label(cells["label"], row)
    reference = cells.get(REFERENCE, "")
    return Clip(
        file=cells["file"],
        path=_inside(folder, cells["file"], row, "file"),
        label=label,
        species=_species(cells["species"], label, row),
        columns={name: value for name, value in cells.items() if name not in NOT_SLICES},
        reference=_inside(folder, reference, row, REFERENCE) if reference else None,
    )


def _try(reference: Path | None, try_reference: UseReference, row: int) -> None:
    if reference is None:
        return
    try:
        try_reference(reference)
    except MediaError as error:
        raise DatasetError(f"{reference.name}: {error}", row=row, column=REFERENCE) from error


def _label(text: str, row: int) -> Label:
    try:
        return Label(text)
    except ValueError:
        raise DatasetError(f"{text!r} is neither bona_fide nor attack", row=row, column="label") from None


def _species(text: str, label: Label, row: int) -> str:
    if label is Label.ATTACK and not text:
        raise DatasetError("an attack needs its species", row=row, column="species")
    if label is Label.ATTACK and text.lower() in NO_SPECIES:
        raise DatasetError(f"{text!r} is no species of attack", row=row, column="species")
    if label is Label.BONA_FIDE and text.lower() not in NO_SPECIES:
        raise DatasetError(f"a bona fide presentation has no species, found {text!r}", row=row, column="species")
    return text if label is Label.ATTACK else ""


def _inside(folder: Path, text: str, row: int, column: str) -> Path:
    if not text:
        raise DatasetError("is empty", row=row, column=column)
    relative = PurePosixPath(text)
    if relative.is_absolute() or ".." in relative.parts:
        raise DatasetError(f"{text} leads out of the data set's folder", row=row, column=column)
    if not (path := folder / relative).is_file():
        raise DatasetError(f"{text} is not there", row=row, column=column)
    return path
