"""The OpenAPI 3.1 document, made from the route table and the schema classes; nothing is written twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from .. import __version__
from ..errors import ApiError
from ..store.api_keys import Scope
from .problems import MEDIA_TYPE, URN, Problem

Handler = Callable[[Request], Awaitable[Response]]
Json = dict[str, Any]

REF = "#/components/schemas/{name}"
IDEMPOTENCY_KEY_PATTERN = r"^[\x21-\x7e]{1,255}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    name: str
    """`operationId`."""
    summary: str
    handler: Handler
    status: int = 200
    """Of success."""
    scope: Scope | None = None
    """What the API key must be allowed; None for public operations."""
    request: type | None = None
    response: type | None = None
    idempotent_by_header: bool = False
    problems: tuple[type[ApiError], ...] = ()


def openapi_document(operations: Sequence[Operation], *, server: str) -> Json:
    """The whole document."""
    paths: dict[str, Json] = {}
    kinds = _kinds(operations)
    references, components = msgspec.json.schema_components(kinds, ref_template=REF)
    schemas = dict(zip(kinds, references, strict=True))
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Face liveness", "version": __version__, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "lsk_<id>_<secret>"}},
        },
    }


def _kinds(operations: Sequence[Operation]) -> list[type]:
    used = [kind for operation in operations for kind in (operation.request, operation.response) if kind]
    return list(dict.fromkeys([*used, Problem]))


def _operation(operation: Operation, schemas: dict[type, Json]) -> Json:
    described: Json = {"operationId": operation.name, "summary": operation.summary}
    if operation.scope is not None:
        described["security"] = [{"apiKey": []}]
        described["description"] = f"Needs an API key with the scope `{operation.scope}`."
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.request is not None:
        described["requestBody"] = {"required": True, "content": _json(schemas[operation.request])}
    described["responses"] = _responses(operation, schemas)
    return described


def _parameters(operation: Operation) -> list[Json]:
    parameters: list[Json] = []
    if "{session_id}" in operation.path:
        parameters.append({"name": "session_id", "in": "path", "required": True, "schema": {"type": "string"}})
    if operation.idempotent_by_header:
        schema = {"type": "string", "pattern": IDEMPOTENCY_KEY_PATTERN}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema})
    return parameters


def _responses(operation: Operation, schemas: dict[type, Json]) -> Json:
    success: Json = {"description": "Success"}
    if operation.response is not None:
        success["content"] = _json(schemas[operation.response])
    responses = {str(operation.status): success}
    for status in sorted({problem.http_status for problem in operation.problems}):
        responses[str(status)] = _problem_response(status, operation.problems, schemas[Problem])
    return responses


def _problem_response(status: int, problems: Sequence[type[ApiError]], schema: Json) -> Json:
    possible = [problem for problem in problems if problem.http_status == status]
    described: Json = {
        "description": "; ".join(f"`{URN}{problem.code}`: {problem.title}" for problem in possible),
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
    if status in {429, 503}:
        described["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}}
    return described


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}
