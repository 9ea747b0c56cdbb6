"""Fixtures: a bank before a scripted liveness server, at a time the test sets."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from web_demo.visiting import Clock, Scene

sys.path.insert(0, str(Path(__file__).parents[2] / "web_demo"))


@pytest.fixture
def clock() -> Clock:
    from web_demo.visiting import Clock

    return Clock()


@pytest.fixture
async def scene(clock: Clock) -> AsyncIterator[Scene]:
    from liveness_client import MockTransport
    from web_demo.visiting import Scene, running

    async with running(Scene(MockTransport(), clock)) as started:
        yield started
