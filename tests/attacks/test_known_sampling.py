"""Attack: the enrolled person's face on the frames that are embedded, an accomplice's between them (injected stream).

Who injects a stream sets its capture times, so of a fixed grid he knows which frames the face network sees, and makes
these few beforehand. The mask is the lab's, over the accomplice's own face, so that nothing but the face changes. What
remains: an accomplice who comes for no longer than one sample, which alone accuses nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from acting import ALICE, BOB, face, identity, observe
from liveness_server.challenges.plan import Draw
from liveness_server.checks import REGISTRY
from liveness_server.checks.base import CheckContext
from liveness_server.evaluation.attacks.source import still_of
from liveness_server.evaluation.attacks.swaps import Mask
from liveness_server.evaluation.presenter import Presenter
from liveness_server.evaluation.presenter.portraits import framed
from liveness_server.types import CaptureTime, Outcome, Phase, Reference
from liveness_server.vision.landmarks import Picture
from liveness_server.vision.measure import EMBED_INTERVAL_S, FaceMeter, VisionModels
from liveness_server.vision.sampling import Uniform, cadence

SIZE, FPS, SECONDS = (480, 360), 20, 6.0
ACCOMPLICE, ENROLLED = "astronaut", "hopper"


class Moment(NamedTuple):
    """One frame, as the accomplice is and as the enrolled person."""

    t: CaptureTime
    bare: Picture
    masked: Picture


class Film(NamedTuple):
    moments: list[Moment]
    reference: Reference


@pytest.fixture(scope="module")
def film(models: VisionModels) -> Film:
    face = still_of(framed(ENROLLED, SIZE).window(), models.bundle)
    presenter, mask = Presenter(ACCOMPLICE, seed=3, size=SIZE), Mask(face, models.bundle)
    times = [CaptureTime(i / FPS) for i in range(round(SECONDS * FPS))]
    shown = [(t, presenter.frame(t)) for t in times]
    embedding = models.embedder.embed(face.rgb, models.find_faces(face.rgb)[0].points)
    return Film([Moment(t, rgb, mask.wear(rgb, t)) for t, rgb in shown], Reference(embedding, models.embedding_digest))


def phase(t: CaptureTime) -> Phase:
    return Phase.POSITIONING if t < 1 else Phase.CHALLENGE if t < 4.5 else Phase.CAPTURE


def injected(film: Film, accomplice_in: set[Phase]) -> Iterator[tuple[CaptureTime, Picture]]:
    """The enrolled person on each frame of the grid, and in every phase that needs nobody else."""
    grid = cadence(EMBED_INTERVAL_S, None)
    for t, bare, masked in film.moments:
        known = grid.due(t)
        yield t, masked if known or phase(t) not in accomplice_in else bare


def said(film: Film, models: VisionModels, accomplice_in: set[Phase], uniform: Uniform | None) -> dict[str, Outcome]:
    context = CheckContext(film.reference, models.embedding_digest)
    checks = {name: REGISTRY[name](context) for name in ("identity_continuity", "deepfake_temporal", "match")}
    with FaceMeter(models, uniform=uniform) as meter:
        for t, rgb in injected(film, accomplice_in):
            observation = meter.observe(rgb, t)
            for check in checks.values():
                check.update(observation, phase(t), 1)
    return {name: check.result().outcome for name, check in checks.items()}


CHALLENGES, ALL = {Phase.CHALLENGE}, set(Phase)


@pytest.mark.parametrize("accomplice_in", [CHALLENGES, ALL], ids=["challenges", "everywhere"])
def test_on_a_grid_that_is_known_the_accomplice_is_never_seen(
    film: Film, models: VisionModels, accomplice_in: set[Phase]
) -> None:
    """What a file is measured with, and why a session is not."""
    outcomes = said(film, models, accomplice_in, None)
    assert outcomes["identity_continuity"] is outcomes["match"] is Outcome.PASS
    assert outcomes["deepfake_temporal"] is Outcome.INCONCLUSIVE, "not_assessed, its best"


@pytest.mark.parametrize("seed", range(3))
def test_at_drawn_times_whoever_did_the_challenges_is_not_the_captured_one(
    film: Film, models: VisionModels, seed: int
) -> None:
    outcomes = said(film, models, CHALLENGES, Draw(bytes([seed]) * 32).uniform)
    assert outcomes["identity_continuity"] is Outcome.FAIL


@pytest.mark.parametrize("seed", range(3))
def test_at_drawn_times_whoever_is_there_all_the_time_is_not_the_enrolled_one(
    film: Film, models: VisionModels, seed: int
) -> None:
    assert said(film, models, ALL, Draw(bytes([seed]) * 32).uniform)["match"] is not Outcome.PASS


def identity_check(length_s: float, steps: int, uniform: Uniform) -> Outcome:
    """What is said of ten seconds of challenges in which Bob stands for Alice for so long, in each of so many."""
    check, due = REGISTRY["identity_continuity"](CheckContext(None, "")), cadence(EMBED_INTERVAL_S, uniform)
    for i in range(14 * 30):
        t = CaptureTime(i / 30)
        step, since = divmod(t - 2, 3.0)
        shown = BOB if 0 <= step < steps and since < length_s - 1e-6 else ALICE
        if due.due(t):
            stage = Phase.POSITIONING if t < 1 else Phase.CHALLENGE if t < 11 else Phase.CAPTURE
            check.update(observe(t, face(embedding=identity(shown))), stage, 1)
    return check.result().outcome


@pytest.mark.parametrize(
    ("length_s", "in_one", "in_three"), [(0.2, 0, 0), (0.3, 7, 25), (0.5, 107, 181), (0.7, 187, 200), (0.9, 200, 200)]
)
def test_how_long_an_accomplice_may_stay(length_s: float, in_one: int, in_three: int) -> None:
    """Denied of 200 secrets, where he comes once and three times; the table of server/docs/challenges.md."""
    secrets = [number.to_bytes(32, "big") for number in range(200)]
    denied = [
        sum(identity_check(length_s, steps, Draw(secret).uniform) is Outcome.FAIL for secret in secrets)
        for steps in (1, 3)
    ]
    print(f"{length_s} s: {denied[0]} of 200 once, {denied[1]} of 200 three times")
    assert denied == [in_one, in_three]
