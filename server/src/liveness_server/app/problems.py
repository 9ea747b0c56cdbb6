"""Problems of the HTTP API (RFC 9457), one class each; `PROBLEMS` lists them for the OpenAPI document.

A failed liveness check is none of them: it is a verdict, delivered with 200.
"""
# ruff: noqa: N818 - the classes are named like the problems they stand for

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..errors import ApiError

MEDIA_TYPE = "application/problem+json"
URN = "urn:liveness:problem:"
"""Prefix of `type`; the code that follows never changes its meaning."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an error response."""

    type: str
    title: str
    status: int
    detail: str = ""
    reason: str = ""
    """Finer machine-readable code, where a problem has several causes."""
    retry_after: int = 0
    """Seconds, as in the Retry-After header."""


class MalformedRequest(ApiError):
    """The body or a header cannot be parsed."""

    http_status, code, title = 400, "malformed-request", "The request cannot be parsed"


class Unauthorized(ApiError):
    """No API key, or not one of ours."""

    http_status, code, title = 401, "unauthorized", "A valid API key is required"


class InsufficientScope(ApiError):
    """The API key may not do this."""

    http_status, code, title = 403, "insufficient-scope", "The API key lacks the scope for this"


class OriginRefused(ApiError):
    """A page of an origin that is not allowed asked for the signalling WebSocket."""

    http_status, code, title = 403, "origin-refused", "Pages of this origin may not connect"


class NotFound(ApiError):
    """Nothing here, or nothing of this API key's."""

    http_status, code, title = 404, "not-found", "Not found"


class MethodNotAllowed(ApiError):
    """The path exists, the method does not."""

    http_status, code, title = 405, "method-not-allowed", "Method not allowed"


class BodyTimeout(ApiError):
    """The body did not arrive in time."""

    http_status, code, title = 408, "body-timeout", "The body did not arrive in time"


class PayloadTooLarge(ApiError):
    """The body or the picture in it is over its cap."""

    http_status, code, title = 413, "payload-too-large", "The body is too large"


class UnsupportedMediaType(ApiError):
    """The body is not plain JSON."""

    http_status, code, title = 415, "unsupported-media-type", "The body must be application/json, not encoded"


class InvalidRequest(ApiError):
    """The JSON is not what the schema asks for."""

    http_status, code, title = 422, "invalid-request", "The request does not fit the schema"


class InvalidReference(ApiError):
    """The reference picture cannot be used; `reason` says why."""

    http_status, code, title = 422, "invalid-reference", "The reference picture cannot be used"

    def __init__(self, detail: str, reason: str) -> None:
        super().__init__(detail)
        self.reason = reason


class IdempotencyKeyReused(ApiError):
    """The Idempotency-Key was used for another body."""

    http_status, code, title = 422, "idempotency-key-reused", "The Idempotency-Key was used for another request"


class RateLimited(ApiError):
    """Too many sessions for this subject."""

    http_status, code, title = 429, "rate-limited", "Too many sessions for this subject"


class SubjectLocked(ApiError):
    """Too many consecutive failures: face verification of the subject pauses; offer another method."""

    http_status, code, title = 429, "subject-locked", "Face verification of this subject is paused"


class OverCapacity(ApiError):
    """No capacity for another attempt."""

    http_status, code, title = 503, "over-capacity", "The server is at capacity"


class Unavailable(ApiError):
    """The server is starting or stopping."""

    http_status, code, title = 503, "unavailable", "The server is not ready"


PROBLEMS: tuple[type[ApiError], ...] = (
    MalformedRequest,
    Unauthorized,
    InsufficientScope,
    OriginRefused,
    NotFound,
    MethodNotAllowed,
    BodyTimeout,
    PayloadTooLarge,
    UnsupportedMediaType,
    InvalidRequest,
    InvalidReference,
    IdempotencyKeyReused,
    RateLimited,
    SubjectLocked,
    OverCapacity,
    Unavailable,
    ApiError,
)

_BY_STATUS: Mapping[int, type[ApiError]] = {404: NotFound, 405: MethodNotAllowed}


def problem_of(error: ApiError) -> Problem:
    """The body for an error."""
    return Problem(
        type=URN + error.code,
        title=error.title,
        status=error.http_status,
        detail=error.detail if error.detail != error.title else "",
        reason=getattr(error, "reason", ""),
        retry_after=error.retry_after or 0,
    )


def problem_response(error: ApiError) -> Response:
    """The response for an error, with the headers its status asks for."""
    headers: dict[str, str] = {}
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="liveness"'
    if isinstance(error, InsufficientScope):
        headers["WWW-Authenticate"] = 'Bearer realm="liveness", error="insufficient_scope"'
    body = msgspec.json.encode(problem_of(error))
    return Response(body, error.http_status, headers, media_type=MEDIA_TYPE)


async def handle_api_error(_request: Request, error: Exception) -> Response:
    """Starlette handler of our own errors."""
    assert isinstance(error, ApiError)
    return problem_response(error)


async def handle_http_exception(_request: Request, error: Exception) -> Response:
    """Starlette handler of the router's 404 and 405."""
    assert isinstance(error, HTTPException)
    response = problem_response(_BY_STATUS.get(error.status_code, ApiError)())
    response.headers.update(error.headers or {})
    return response


async def handle_unexpected(_request: Request, _error: Exception) -> Response:
    """Starlette handler of everything else: the caller learns nothing of the inside."""
    return problem_response(ApiError())
