"""One short source, its frames kept, for every test of the attack lab."""

from __future__ import annotations

from functools import cache

import pytest

from liveness_server.evaluation.attacks import SPECIES, PortraitSource
from liveness_server.vision.measure import VisionModels

SIZE = (320, 240)
SECONDS = 0.8
SEED = 2


@pytest.fixture(scope="session")
def source(models: VisionModels) -> PortraitSource:
    """Return the stand-in: the presenter with the shipped portrait."""
    return PortraitSource("hopper", models.bundle, seconds=SECONDS)


@pytest.fixture(scope="session")
def source_frames(source: PortraitSource):
    """Return the source's own frames, as far as a rendering goes and a little further."""
    frames = source.frames(SIZE)
    return [next(frames) for _ in range(round((SECONDS + 1.7) * 30))]


@pytest.fixture(scope="session")
def rendered(source: PortraitSource):
    """Return a function from a species' name to its frames of `SEED`, rendered once."""
    return cache(lambda name: list(SPECIES[name].render(source, SEED, SIZE)))
