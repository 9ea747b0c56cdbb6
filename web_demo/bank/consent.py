"""Consent to a face check: the text as a person reads it, and the record of who agreed to which text, when.

A text is one file per language in `consent/`, a paragraph a line. Its version is its hash, so a record proves which
words were agreed to, and no text can change under an old record.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

TEXTS: Final = Path(__file__).parent / "consent"
DEFAULT_LOCALE: Final = "en"
ID_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One text in one language."""

    locale: str
    paragraphs: tuple[str, ...]

    @property
    def version(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return hashlib.sha256("\n".join((self.locale, *self.paragraphs)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """Who agreed to what, and when. Its id goes into the session, and comes back signed in the token."""

    id: str
    subject: str
    purpose: str
    text_version: str
    locale: str
    given_at: str
    """UTC, RFC 3339."""

    @classmethod
    def make(cls, text: ConsentText, subject: str, purpose: str, now: float) -> Self:
        """Record that `subject` agreed at `now`, seconds since the epoch."""
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
        return cls(f"consent_{secrets.token_hex(ID_BYTES)}", subject, purpose, text.version, text.locale, at)


class ConsentTexts:
    """The texts in force, by language."""

    def __init__(self, texts: Mapping[str, ConsentText]) -> None:
        self._texts = texts
        self._by_version = {text.version: text for text in texts.values()}

    @classmethod
    def load(cls, folder: Path = TEXTS) -> Self:
        """Read every language's text."""
        return cls({path.stem: _read(path) for path in folder.glob("*.txt")})

    def of(self, locale: str) -> ConsentText:
        """The text in a language, or in English."""
        return self._texts.get(locale, self._texts[DEFAULT_LOCALE])

    def in_force(self, version: str) -> ConsentText | None:
        """The text of that version, if people may still agree to it."""
        return self._by_version.get(version)


def _read(path: Path) -> ConsentText:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return ConsentText(path.stem, tuple(line for line in lines if line))
