"""Fixtures: a bank before a scripted liveness server, at a time the test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from web_demo.visiting import Clock, Scene


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
