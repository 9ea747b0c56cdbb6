"""How the text of a setting becomes its value. A parser raises ValueError that says what the text must be."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from ..wire import IceServer

NO_ORIGINS: Final = "none"
"""Spelling of "no browser may connect", so that production can tell a decision from an omission."""

T = TypeVar("T")


def integer(low: int, high: int) -> Callable[[str], int]:
    """An integer from `low` to `high`."""

    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(f"must be {low} to {high}")
        return value

    return parse


def choice(kind: Callable[[str], T], *allowed: str) -> Callable[[str], T]:
    """One of `allowed`, as `kind`."""

    def parse(text: str) -> T:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return kind(text)

    return parse


def flag(text: str) -> bool:
    """`true` or `false`."""
    if text not in {"true", "false"}:
        raise ValueError("must be true or false")
    return text == "true"


def path(text: str) -> Path:
    """A path, `~` expanded."""
    return Path(text).expanduser()


def optional_path(text: str) -> Path | None:
    """The same; None when empty."""
    return path(text) if text else None


def words(text: str) -> tuple[str, ...]:
    """Words separated by spaces or commas."""
    return tuple(word for word in text.replace(",", " ").split() if word)


def url(text: str) -> str:
    """An http(s) URL without query or fragment, without a trailing slash."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an http(s) URL without query or fragment")
    return text.rstrip("/")


def optional_url(text: str) -> str:
    """The same, or empty."""
    return url(text) if text else ""


def origin(text: str) -> str:
    """An origin as browsers send it: scheme, host and port in lower case."""
    parts = urlsplit(url(text))
    if parts.path:
        raise ValueError(f"{text!r} is not an origin (scheme://host[:port])")
    return text.rstrip("/").lower()


def origins(text: str) -> tuple[str, ...] | None:
    """Origins; none at all for `NO_ORIGINS`, None when empty."""
    if text == NO_ORIGINS:
        return ()
    return tuple(origin(word) for word in words(text)) or None


def addresses(text: str) -> tuple[str, ...]:
    """IP addresses in their usual spelling."""
    return tuple(str(ip_address(word)) for word in words(text))


def ice_servers(text: str) -> tuple[IceServer, ...]:
    """A JSON list of ICE servers; none when empty."""
    try:
        return msgspec.json.decode(text or "[]", type=tuple[IceServer, ...])
    except msgspec.DecodeError as error:
        raise ValueError(f"must be a JSON list of ICE servers: {error}") from None
