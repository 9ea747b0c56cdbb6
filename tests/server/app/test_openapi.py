"""The document is valid, names exactly the app's routes, and real responses fit it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from liveness_server.app.routes import OPERATIONS
from serving import BODY, Server, picture, serving

Json = dict[str, Any]


@pytest.fixture
async def document(server: Server) -> Json:
    response = await server.http.get("/openapi.json")
    parsed: Json = response.json()
    return parsed


def test_the_document_is_valid_openapi(document: Json) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_it_names_exactly_the_routes_of_the_app(server: Server, document: Json) -> None:
    described = {(m.upper(), path) for path, item in document["paths"].items() for m in item}
    routed = {
        (method, route.path)
        for route in server.app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert described == routed


def test_operations_with_a_scope_are_secured(document: Json) -> None:
    for operation in OPERATIONS:
        described = document["paths"][operation.path][operation.method.lower()]
        assert ("security" in described) is (operation.scope is not None)
        assert ("401" in described["responses"]) is (operation.scope is not None)


def fits(document: Json, response: httpx.Response, path: str) -> bool:
    """Whether the status is documented and the body fits its schema, nothing left out."""
    operation = document["paths"][path][response.request.method.lower()]
    described = operation["responses"][str(response.status_code)]
    if "content" not in described:
        return response.content == b""
    media_type = response.headers["content-type"].partition(";")[0]
    schema = described["content"][media_type]["schema"] | {"components": document["components"]}
    Draft202012Validator(schema).validate(response.json())
    return True


async def test_real_successes_fit(server: Server, bank: dict[str, str], document: Json) -> None:
    one = "/v1/sessions/{session_id}"
    created = await server.http.post("/v1/sessions", json=BODY | {"reference_image": picture("alice")}, headers=bank)
    assert fits(document, created, "/v1/sessions")
    path = f"/v1/sessions/{created.json()['session_id']}"
    assert fits(document, await server.http.get(path, headers=bank), one)
    await server.attempt(created.json()["client_token"])
    assert fits(document, await server.http.get(path, headers=bank), one)
    assert fits(document, await server.http.delete(path, headers=bank), one)
    assert fits(document, await server.http.get(path, headers=bank), one)
    for public in ("/.well-known/jwks.json", "/livez", "/readyz", "/openapi.json"):
        assert fits(document, await server.http.get(public), public)


async def test_real_problems_fit(tmp_path: Path) -> None:
    async with serving(tmp_path, rate_per_minute=1, max_body_bytes=4096) as server:
        document = (await server.http.get("/openapi.json")).json()
        bank = await server.api_key()
        post = server.http.post
        responses = [
            await post("/v1/sessions", json=BODY),
            await post("/v1/sessions", json={}, headers=bank),
            await post("/v1/sessions", content="{", headers=bank | {"Content-Type": "application/json"}),
            await post("/v1/sessions", content="x", headers=bank),
            await post("/v1/sessions", json=BODY | {"purpose": "p" * 5000}, headers=bank),
            await post("/v1/sessions", json=BODY | {"reference_image": picture("tree")}, headers=bank),
            await post("/v1/sessions", json=BODY, headers=bank),
        ]
        assert [r.status_code for r in responses] == [401, 422, 400, 415, 413, 422, 429]
        server.backend.full = True
        responses.append(await post("/v1/sessions", json=BODY, headers=bank))
        assert responses[-1].status_code == 503
        assert all(fits(document, r, "/v1/sessions") for r in responses)
        missing = await server.http.get("/v1/sessions/none", headers=bank)
        assert fits(document, missing, "/v1/sessions/{session_id}")


def test_a_wrong_response_would_not_fit(document: Json) -> None:
    schema = document["components"]["schemas"]["SessionView"] | {"components": document["components"]}
    assert not Draft202012Validator(schema).is_valid({"session_id": "x"})
