"""Problems are RFC 9457 objects with stable types."""

from __future__ import annotations

import msgspec
import pytest

from liveness_server.app import problems
from liveness_server.app.problems import PROBLEMS, InvalidReference, problem_of, problem_response
from liveness_server.errors import ApiError

CODES = {
    "malformed-request": 400,
    "unauthorized": 401,
    "insufficient-scope": 403,
    "origin-refused": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "body-timeout": 408,
    "payload-too-large": 413,
    "unsupported-media-type": 415,
    "invalid-request": 422,
    "invalid-reference": 422,
    "idempotency-key-reused": 422,
    "rate-limited": 429,
    "subject-locked": 429,
    "over-capacity": 503,
    "unavailable": 503,
    "internal": 500,
}
"""The public contract: relying parties switch on these."""


def test_types_and_statuses_are_stable() -> None:
    assert {problem.code: problem.http_status for problem in PROBLEMS} == CODES


def test_every_problem_class_is_listed() -> None:
    defined = {c for c in vars(problems).values() if isinstance(c, type) and issubclass(c, ApiError)}
    assert defined == set(PROBLEMS)


@pytest.mark.parametrize("kind", [k for k in PROBLEMS if k is not InvalidReference], ids=lambda k: k.code)
def test_the_body_repeats_status_and_retry(kind: type[ApiError]) -> None:
    response = problem_response(kind("because", retry_after=7))
    body = msgspec.json.decode(response.body)
    assert response.media_type == "application/problem+json"
    assert body == {
        "type": f"urn:liveness:problem:{kind.code}",
        "title": kind.title,
        "status": kind.http_status,
        "detail": "because",
        "retry_after": 7,
    }
    assert (response.status_code, response.headers["retry-after"]) == (kind.http_status, "7")


def test_a_reason_is_its_own_member() -> None:
    problem = problem_of(InvalidReference("no face was found", "no_face"))
    assert (problem.reason, problem.detail) == ("no_face", "no face was found")
