"""Fixtures: a bank before a scripted liveness server, at a time the test sets."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "web_demo"))

from liveness_client import MockTransport
from web_demo.visiting import Clock, Scene, running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def scene(clock: Clock) -> AsyncIterator[Scene]:
    async with running(Scene(MockTransport(), clock)) as started:
        yield started
