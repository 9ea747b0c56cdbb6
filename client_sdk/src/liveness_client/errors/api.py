"""Errors of the REST API: no answer, or an answer that is a problem (RFC 9457)."""

# ruff: noqa: N818 (an error is named by its cause; the base classes say that it is one)
from __future__ import annotations

from .base import LivenessClientError


class ApiError(LivenessClientError):
    """The REST API gave no usable answer."""

    code = "api"


class ApiUnavailable(ApiError):
    """The server was not reached: network, TLS or timeout."""

    code = "api_unavailable"
    retryable = True


class ApiProblem(ApiError):
    """The server answered with a problem (RFC 9457); `type` is stable, `detail` is for people."""

    code = "api_problem"

    def __init__(
        self,
        status: int,
        *,
        type: str = "about:blank",
        title: str = "",
        detail: str = "",
        reason: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {title}: {detail}" if detail else f"{status} {title}".strip())
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.reason = reason
        """Finer code where a problem has several causes, such as `no_face` in a reference picture."""
        self.retry_after = retry_after
        """Seconds the server asks us to wait, or None."""


class InvalidRequest(ApiProblem):
    """400 or 422: a field is wrong, the reference picture cannot be used, or the Idempotency-Key had another body."""

    code = "invalid_request"


class Unauthorized(ApiProblem):
    """401: the API key is missing, wrong or revoked."""

    code = "unauthorized"


class Forbidden(ApiProblem):
    """403: the API key lacks the scope."""

    code = "forbidden"


class NotFound(ApiProblem):
    """404 or 410: no such session, or not this key's."""

    code = "not_found"


class Conflict(ApiProblem):
    """409: the Idempotency-Key was used with another body."""

    code = "conflict"


class PayloadRefused(ApiProblem):
    """413 or 415: the body is too large or of the wrong kind."""

    code = "payload_refused"


class RateLimited(ApiProblem):
    """429: wait `retry_after` seconds. `type` tells too many calls from a subject locked after failures."""

    code = "rate_limited"
    retryable = True


class ServerFailure(ApiProblem):
    """5xx: the server's fault; 503 with `retry_after` means overload."""

    code = "server_failure"
    retryable = True


_PROBLEM_BY_STATUS: dict[int, type[ApiProblem]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    413: PayloadRefused,
    415: PayloadRefused,
    422: InvalidRequest,
    429: RateLimited,
}


def problem_class(status: int) -> type[ApiProblem]:
    """Return the class that stands for an HTTP status."""
    return _PROBLEM_BY_STATUS.get(status, ServerFailure if status >= 500 else ApiProblem)
