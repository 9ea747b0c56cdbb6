"""Performances of the presenter, rendered and measured once for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from liveness_server.evaluation.presenter import PORTRAITS

if TYPE_CHECKING:
    from liveness_server.vision.measure import VisionModels
    from server.evaluation.performance import Performance


@pytest.fixture(scope="session", params=sorted(PORTRAITS))
def performance(request: pytest.FixtureRequest, models: VisionModels) -> Performance:
    """Return each portrait's performance of every move."""
    from server.evaluation.performance import perform

    return perform(request.param, models)
