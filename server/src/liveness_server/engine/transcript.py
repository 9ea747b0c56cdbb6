"""A session written down: one JSON line per accepted input, chained by SHA-256.

The chain's head at the moment of the decision is the token's `tsh`, so a kept transcript can be held against a token.
The lines hold face-derived numbers (landmarks, embeddings). They are kept only where the caller asked for it; otherwise
each line is hashed and forgotten.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from .. import __version__
from ..types import ServerTime
from .spec import SessionSpec
from .states import Input

FORMAT = 1
"""Version of the line format; `replay` refuses others."""

NOTHING = msgspec.Raw(b"null")
_encoder = msgspec.json.Encoder(order="deterministic")


class Header(msgspec.Struct, frozen=True, tag_field="event", tag="header"):
    """First line: the terms, and the engine that judged."""

    format: int
    engine: str
    spec: SessionSpec


class Entry(msgspec.Struct, frozen=True, tag_field="event", tag="input", omit_defaults=True):
    """One accepted input: when, which, and with what."""

    now: ServerTime
    input: Input
    payload: msgspec.Raw = NOTHING


class Transcript:
    """Append-only; `head` is the chain's hash so far, hex."""

    def __init__(self, spec: SessionSpec, *, keep: bool) -> None:
        self.lines: list[str] = []
        self._keep = keep
        self._head = b""
        self._append(_encoder.encode(Header(FORMAT, __version__, spec)))

    @property
    def head(self) -> str:
        """Hex SHA-256: hash of (previous hash + line), from the header on."""
        return self._head.hex()

    def add(self, taken: Input, now: ServerTime, payload: Any = None) -> None:
        """Write one accepted input down."""
        raw = NOTHING if payload is None else msgspec.Raw(_encoder.encode(payload))
        self._append(_encoder.encode(Entry(now, taken, raw)))

    def _append(self, line: bytes) -> None:
        self._head = hashlib.sha256(self._head + line).digest()
        if self._keep:
            self.lines.append(line.decode())
