"""Opening a compact JWS strictly, before any key is looked at: size, alphabet, JSON without duplicates or NaN. A leaf.

PyJWT parses with Python's `json`, which takes the last of two equal members and accepts NaN; RFC 8725 §3.1 and
RFC 7515 §4 ask a verifier to refuse what two readers may read differently.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from .errors import CriticalHeader, DuplicateMember, MalformedToken, TokenTooLarge, WrongType

TOKEN_TYPE = "liveness+jwt"  # noqa: S105 (the JWT's `typ`, RFC 8725 §3.11)

MAX_TOKEN_CHARS = 8192
"""A token of this server is 700-1000 characters; HTTP servers cap a whole header near 8 kB (nginx, Apache)."""

MAX_KID_CHARS = 128
"""An RFC 7638 SHA-256 thumbprint has 43."""

_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class OpenedToken:
    """A token's header, read but not yet believed."""

    raw: str
    kid: str
    alg: str


def open_token(token: str) -> OpenedToken:
    """Read a token's header, and hold header and payload to strict JSON. Nothing is verified yet.

    Raises `TokenTooLarge`, `MalformedToken`, `DuplicateMember`, `WrongType` or `CriticalHeader`.
    """
    segments = _split(token)
    header = _object(segments[0])
    _object(segments[1])
    if "crit" in header:
        raise CriticalHeader
    if header.get("typ") != TOKEN_TYPE:
        raise WrongType
    return OpenedToken(token, kid=_header_text(header, "kid"), alg=_header_text(header, "alg"))


def load_json(text: str | bytes) -> Any:
    """Parse JSON; duplicate members, NaN and nesting beyond the parser's stack are refused."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise MalformedToken("not strict JSON") from None


def _split(token: str) -> tuple[str, str]:
    if not isinstance(token, str):
        raise MalformedToken("a token is text")
    if len(token) > MAX_TOKEN_CHARS:
        raise TokenTooLarge
    match = _SEGMENTS.fullmatch(token)
    if match is None:
        raise MalformedToken
    return match[1], match[2]


def _object(segment: str) -> dict[str, Any]:
    try:
        text = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()
    except ValueError:
        raise MalformedToken("not base64url of UTF-8") from None
    value = load_json(text)
    if not isinstance(value, dict):
        raise MalformedToken("header and payload must be JSON objects")
    return value


def _header_text(header: dict[str, Any], name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_KID_CHARS:
        raise MalformedToken(f"header {name!r} is absent or not text")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise DuplicateMember(name[:MAX_KID_CHARS])
        members[name] = value
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise MalformedToken("NaN and Infinity are not JSON")
