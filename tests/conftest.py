"""Fixtures every test may use: the models, the shared real clips in place, two portraits in the public domain."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

if TYPE_CHECKING:
    from liveness_server.vision.measure import VisionModels

Picture = NDArray[np.uint8]

# Random examples at a desk find new faults; the same ones in CI blame the change. On shared cores, time is no fault.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("house")

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def models() -> VisionModels:
    """Return the loaded required models, fetched first where the cache lacks them."""
    from liveness_server.vision.measure import VisionModels
    from liveness_server.vision.models import ModelStore

    store = ModelStore()
    store.fetch(roles=("landmarks", "embedding"))
    return VisionModels.load(store)


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """Return the folder of real clips; they are read in place and never copied."""
    path = Path(os.environ.get("LIVENESS_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    if not (path / "clips").is_dir():
        pytest.skip("the shared real clips are not here; set LIVENESS_TEST_DATA to their folder")
    return path


@pytest.fixture(scope="session")
def grace() -> Picture:
    """Return the portrait of Grace Hopper, RGB (606, 512, 3); public domain, shipped by matplotlib."""
    from matplotlib import cbook
    from PIL import Image

    with cbook.get_sample_data("grace_hopper.jpg") as file, Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture(scope="session")
def astronaut() -> Picture:
    """Return the portrait of Eileen Collins, RGB (512, 512, 3); public domain, shipped by scikit-image."""
    from skimage import data

    return np.asarray(data.astronaut())
