"""The routes, as one table: the router and the OpenAPI document are both made from `OPERATIONS`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..config import Settings
from ..errors import ApiError
from ..store.api_keys import Scope
from ..tokens import jwks
from . import problems
from .auth import authorized_key
from .bodies import read_json_body
from .keys import JWKS_MAX_AGE_S
from .openapi import IDEMPOTENCY_KEY_PATTERN, Handler, Operation, openapi_document
from .schemas import Created, CreateSession, Health, JwkSet, SessionView, TraceView
from .services import Services
from .sessions import START_RETRY_S, SessionDesk

_IDEMPOTENCY_KEY = re.compile(IDEMPOTENCY_KEY_PATTERN)


async def create_session(request: Request) -> Response:
    """`POST /v1/sessions`."""
    services = _services(request)
    key = await authorized_key(request, services.api_keys, Scope.CREATE)
    idempotency_key = _idempotency_key(request)
    body = await read_json_body(request, max_bytes=services.settings.max_body_bytes)
    created = await _desk(request).create(key, body, idempotency_key)
    return _json(created, 201, {"Location": f"/v1/sessions/{created.session_id}"})


async def get_session(request: Request) -> Response:
    """`GET /v1/sessions/{session_id}`."""
    key = await authorized_key(request, _services(request).api_keys, Scope.READ)
    return _json(await _desk(request).view(key, request.path_params["session_id"]))


async def get_traces(request: Request) -> Response:
    """`GET /v1/sessions/{session_id}/traces`."""
    key = await authorized_key(request, _services(request).api_keys, Scope.READ)
    return _json(await _desk(request).trace(key, request.path_params["session_id"]))


async def delete_session(request: Request) -> Response:
    """`DELETE /v1/sessions/{session_id}`."""
    key = await authorized_key(request, _services(request).api_keys, Scope.DELETE)
    await _desk(request).delete(key, request.path_params["session_id"])
    return Response(status_code=204)


async def get_jwks(request: Request) -> Response:
    """`GET /.well-known/jwks.json`."""
    services = _services(request)
    published = services.keys.published(now=services.clock())
    headers = {"Cache-Control": f"public, max-age={JWKS_MAX_AGE_S}"}
    return _json(jwks(stored.key for stored in published), headers=headers)


async def livez(_request: Request) -> Response:
    """`GET /livez`: the event loop answers."""
    return _json(Health())


async def readyz(request: Request) -> Response:
    """`GET /readyz`: models are loaded, the store answers, and the server is not stopping."""
    services = _services(request)
    if not services.ready:
        raise problems.Unavailable(retry_after=START_RETRY_S)
    async with services.database.read() as connection:
        await connection.exec_driver_sql("SELECT 1")
    return _json(Health())


async def get_openapi(request: Request) -> Response:
    """`GET /openapi.json`."""
    settings = _services(request).settings
    return _json(openapi_document(operations(settings), server=settings.base_url))


_AUTH: Final = (problems.Unauthorized, problems.InsufficientScope)

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/sessions",
        name="createSession",
        summary="Create a session: one attempt of one person",
        handler=create_session,
        status=201,
        scope=Scope.CREATE,
        request=CreateSession,
        response=Created,
        idempotent_by_header=True,
        problems=(
            problems.MalformedRequest,
            *_AUTH,
            problems.BodyTimeout,
            problems.PayloadTooLarge,
            problems.UnsupportedMediaType,
            problems.InvalidRequest,
            problems.InvalidReference,
            problems.IdempotencyKeyReused,
            problems.RateLimited,
            problems.SubjectLocked,
            problems.OverCapacity,
            problems.Unavailable,
            ApiError,
        ),
    ),
    Operation(
        method="GET",
        path="/v1/sessions/{session_id}",
        name="getSession",
        summary="Status, decision, reasons and, on a pass, the token",
        handler=get_session,
        scope=Scope.READ,
        response=SessionView,
        problems=(*_AUTH, problems.NotFound, ApiError),
    ),
    Operation(
        method="DELETE",
        path="/v1/sessions/{session_id}",
        name="deleteSession",
        summary="End the attempt, if it runs, and erase what is known of it",
        handler=delete_session,
        status=204,
        scope=Scope.DELETE,
        problems=(*_AUTH, problems.NotFound, ApiError),
    ),
    Operation(
        method="GET",
        path="/.well-known/jwks.json",
        name="getJwks",
        summary="Public keys that verify the tokens",
        handler=get_jwks,
        response=JwkSet,
        problems=(ApiError,),
    ),
    Operation(
        method="GET", path="/livez", name="livez", summary="The process is alive", handler=livez, response=Health
    ),
    Operation(
        method="GET",
        path="/readyz",
        name="readyz",
        summary="The server takes new sessions",
        handler=readyz,
        response=Health,
        problems=(problems.Unavailable, ApiError),
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        name="getOpenapi",
        summary="This document",
        handler=get_openapi,
        response=dict,
        problems=(ApiError,),
    ),
)
"""Every HTTP operation of the server."""

DEVELOPMENT_OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/sessions/{session_id}/traces",
        name="getTraces",
        summary="Development only: what was measured of the attempt over time",
        handler=get_traces,
        scope=Scope.READ,
        response=TraceView,
        problems=(*_AUTH, problems.NotFound, ApiError),
    ),
)
"""What `LIVENESS_DEVELOPMENT_TRACES` adds outside production."""


def operations(settings: Settings) -> tuple[Operation, ...]:
    """The operations that these settings offer."""
    traced = settings.development_traces and not settings.production
    return (*OPERATIONS, *(DEVELOPMENT_OPERATIONS if traced else ()))


def http_routes(settings: Settings) -> list[Route]:
    """One route per path, so that the router's 405 lists every method the path has."""
    by_path: dict[str, dict[str, Handler]] = {}
    for operation in operations(settings):
        by_path.setdefault(operation.path, {})[operation.method] = operation.handler
    return [Route(path, _dispatcher(methods), methods=list(methods)) for path, methods in by_path.items()]


def _dispatcher(methods: Mapping[str, Handler]) -> Handler:
    async def dispatch(request: Request) -> Response:
        # Starlette answers HEAD where GET is served; the server drops the body.
        return await methods["GET" if request.method == "HEAD" else request.method](request)

    return dispatch


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _desk(request: Request) -> SessionDesk:
    desk: SessionDesk = request.app.state.desk
    return desk


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise problems.MalformedRequest("Idempotency-Key is 1 to 255 printable ASCII characters")
    return key


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")
