"""From an untrusted request to a decoded value: type, size and time are bounded before anything is parsed."""

from __future__ import annotations

import asyncio
import json
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from .problems import BodyTimeout, InvalidRequest, MalformedRequest, PayloadTooLarge, UnsupportedMediaType

BODY_TIMEOUT_S = 30.0
"""A 10 MiB body at 3 Mbit/s takes 28 s; slower senders are not relying parties' backends."""
MAX_DETAIL_CHARS = 200
"""A parser's complaint may quote the input; this much of it goes back to the caller."""

T = TypeVar("T")


async def read_json_body(request: Request, *, max_bytes: int, within_s: float = BODY_TIMEOUT_S) -> bytes:
    """Read a JSON body. Raises the 415, 413, 408 or 400 problem; stops reading at the first byte too many."""
    _require_json(request)
    if _declared_length(request) > max_bytes:
        raise PayloadTooLarge(f"at most {max_bytes} bytes")
    try:
        async with asyncio.timeout(within_s):
            return await _read(request, max_bytes)
    except TimeoutError:
        raise BodyTimeout from None
    except ClientDisconnect:
        raise MalformedRequest("the body ended early") from None


def decode_json(body: bytes, kind: type[T]) -> T:
    """Decode strictly into `kind`. Raises `MalformedRequest` (not JSON) or `InvalidRequest` (not the schema)."""
    try:
        value = msgspec.json.decode(body, type=kind)
        json.loads(body, object_pairs_hook=_refuse_duplicates)
    except msgspec.ValidationError as error:
        raise InvalidRequest(str(error)[:MAX_DETAIL_CHARS]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedRequest(str(error)[:MAX_DETAIL_CHARS]) from None
    except RecursionError:
        raise MalformedRequest("nested too deeply") from None
    return value


def _require_json(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if media_type != "application/json" or encoding != "identity":
        raise UnsupportedMediaType


def _declared_length(request: Request) -> int:
    try:
        return int(request.headers.get("content-length", "0"))
    except ValueError:
        raise MalformedRequest("Content-Length is not a number") from None


async def _read(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    # Counted while it streams: a chunked body declares no length, and a declared one may lie.
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise PayloadTooLarge(f"at most {max_bytes} bytes")
    return bytes(body)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    # RFC 8259 §4 leaves duplicate names open, so a gateway in front might have seen another value than we do.
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidRequest("a member appears twice")
