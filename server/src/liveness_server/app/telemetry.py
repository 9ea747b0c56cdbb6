"""Structured logs. A key with a `pii` segment never reaches an output, at any depth."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

_SEGMENTS = re.compile(r"[^A-Za-z0-9]+")


def drop_pii(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Processor: remove every key that names personal data (`pii`, `pii.subject`, `subject_pii`, …)."""
    cleaned = _cleaned(event)
    event.clear()
    event.update(cleaned)
    return event


def configure_logging(level: str, *, json: bool, stream: TextIO) -> None:
    """Send all logs, our own and the libraries', to `stream` as JSON lines or as readable text."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_pii,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_output(json)))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Their INFO lines carry ICE candidates and peers' addresses, that is addresses of people.
    for chatty in ("aiortc", "aioice", "uvicorn", "websockets"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _output(json: bool) -> list[structlog.typing.Processor]:
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if json:
        return [strip, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [strip, structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _cleaned(inner) for key, inner in value.items() if not _is_pii(key)}
    if isinstance(value, list | tuple):
        return [_cleaned(inner) for inner in value]
    return value


def _is_pii(key: object) -> bool:
    return "pii" in (segment.lower() for segment in _SEGMENTS.split(str(key)))
