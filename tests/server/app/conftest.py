"""A running server with scripted vision, and one relying party's headers."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from liveness_server.app.telemetry import configure_logging
from serving import Server, serving


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


@pytest.fixture
async def bank(server: Server) -> dict[str, str]:
    return await server.api_key()


@pytest.fixture
def log_stream() -> Iterator[io.StringIO]:
    """Where the configured JSON log goes; logging is as it was afterwards."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    configure_logging("info", json=True, stream=stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
