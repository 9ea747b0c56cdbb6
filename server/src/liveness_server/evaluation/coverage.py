"""What a data set cannot tell: said in the report before anybody asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..types import Outcome
from .dataset import FROM_PRESENTER, Dataset, Label
from .evaluate import Judged
from .metrics import Rate, apcer, bpcer
from .wording import counted

FACTORS: Final = {
    "skin_tone": "skin tone",
    "light": "light",
    "bitrate": "bitrate",
    "face_size": "face size",
}
"""Columns that a complete data set has -> how they are called. Error rates are known to differ by each."""
RENDERED: Final = (
    "The attacks were rendered, not recorded: they show what their authors thought of, and `attack list --json` says "
    "of each species what it cannot show.",
    "Attacks and bona fide presentations come from the same few sources: they are not independent of each other.",
    "Rendered attacks are encoded alike, bona fide clips as they came: the two differ in more than life.",
    "References are taken from the same footage or portrait as the attack: IAPAR is that of an attacker who has the "
    "very picture of the enrolment.",
)
PRESENTER: Final = (
    "Attacks from a shipped portrait are made of the rendered presenter in the place of footage of a person: their "
    "figures say nothing of real faces."
)


def not_covered(judged: Sequence[Judged], dataset: Dataset) -> list[str]:
    """Return one sentence for each thing these presentations say nothing, or too little, about."""
    return [
        *_missing_kinds(judged),
        *_too_few(judged),
        *_columns(dataset),
        *_full_system(judged),
        *_unusable_references(judged),
        *_silent_checks(judged),
        *_rendered(dataset),
        "Nothing is known of any attack species that is not listed, and nothing of how hard a listed one was tried.",
        "Presentations of one subject or one source are not independent; the intervals take them to be.",
    ]


def _missing_kinds(judged: Sequence[Judged]) -> Iterator[str]:
    labels = {j.clip.label for j in judged}
    if Label.BONA_FIDE not in labels:
        yield "There is no bona fide presentation: nothing is known of how often people are refused."
    if Label.ATTACK not in labels:
        yield "There is no attack presentation: nothing is known of how often attacks are accepted."


def _too_few(judged: Sequence[Judged]) -> Iterator[str]:
    for species in sorted({j.clip.species for j in judged} - {""}):
        rate = apcer(j.answer.pad for j in judged if j.clip.species == species)
        yield from _few(species, rate, "accepted")
    people = bpcer(j.answer.pad for j in judged if j.clip.label is Label.BONA_FIDE)
    if people.n:
        yield from _few("Bona fide", people, "refused")


def _few(name: str, rate: Rate, error: str) -> Iterator[str]:
    few = f"{counted(rate.n, 'presentation')} {'are' if rate.n > 1 else 'is'} too few"
    if not rate.sufficient:
        yield f"{name}: {few}; none was {error}, yet up to {rate.upper95:.1%} may be."
    elif not Rate(0, rate.n).sufficient:
        yield f"{name}: {few}; between {rate.ci95.low:.1%} and {rate.ci95.high:.1%} may be {error}."


def _columns(dataset: Dataset) -> Iterator[str]:
    for column in dataset.slices:
        values = {clip.columns[column] for clip in dataset.clips} - {""}
        if not values:
            yield f"Column {column!r} is empty: no slice by it."
        elif len(values) == 1 and len(dataset.clips) > 1:
            yield f"Only one {column} was tried: {values.pop()}."
    if absent := [name for column, name in FACTORS.items() if column not in dataset.slices]:
        yield (
            f"Not labelled, so sliced by coarse classes of what the picture shows, if at all: {', '.join(absent)}. "
            "Skin tone as measured is moved by camera and light."
        )


def _full_system(judged: Sequence[Judged]) -> Iterator[str]:
    if not any(j.clip.reference for j in judged if j.clip.label is Label.ATTACK):
        yield "No attack has a reference picture: the full system (IAPAR) was not measured."


def _unusable_references(judged: Sequence[Judged]) -> Iterator[str]:
    faults = [j.answer.reference_fault for j in judged if j.answer.reference_fault]
    if faults:
        said = ", ".join(sorted(set(faults)))
        yield f"{counted(len(faults), 'reference')} could not be used ({said}): no part of IAPAR, judged without."


def _silent_checks(judged: Sequence[Judged]) -> Iterator[str]:
    for name in sorted({name for j in judged for name in j.answer.checks}):
        answers = [j.answer.checks[name] for j in judged if name in j.answer.checks]
        if all(answer.outcome is Outcome.INCONCLUSIVE for answer in answers):
            reasons = ", ".join(sorted({answer.reason for answer in answers}))
            yield f"Check {name} never answered ({reasons})."


def _rendered(dataset: Dataset) -> Iterator[str]:
    attacks = [clip for clip in dataset.clips if clip.recipe and clip.label is Label.ATTACK]
    if attacks:
        yield from RENDERED
    if any(clip.columns.get("condition") == FROM_PRESENTER for clip in attacks):
        yield PRESENTER
