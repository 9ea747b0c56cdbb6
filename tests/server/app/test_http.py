"""What holds for every request: types, sizes, problems, headers, probes, origins, shutdown."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from liveness_server.app.application import create_app, drain
from liveness_server.app.middleware import SECURITY_HEADERS
from liveness_server.app.routes import OPERATIONS
from liveness_server.config import Mode, Settings
from liveness_server.errors import ConfigError, ModelError
from serving import BODY, ScriptedBackend, Server, serving

URN = "urn:liveness:problem:"
COMPLETE = json.dumps(BODY).encode()


async def post(server: Server, bank: dict[str, str], headers: dict[str, Any] = {}, **kwargs: Any) -> httpx.Response:  # noqa: B006
    merged = bank | {"Content-Type": "application/json"} | headers
    return await server.http.post("/v1/sessions", headers=merged, **kwargs)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Content-Type": "application/json-patch+json"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Encoding": "gzip"},
    ],
    ids=str,
)
async def test_anything_but_plain_json_is_415(server: Server, bank: dict[str, str], headers: dict[str, str]) -> None:
    response = await post(server, bank, content=json.dumps(BODY), headers=headers)
    assert (response.status_code, response.json()["type"]) == (415, URN + "unsupported-media-type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_parameters_and_case_of_the_media_type_do_not_matter(
    server: Server, bank: dict[str, str], content_type: str
) -> None:
    response = await post(server, bank, content=json.dumps(BODY), headers={"Content-Type": content_type})
    assert response.status_code == 201


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"subject": "\xff"}', b'"text', COMPLETE + b"x", b"\xef\xbb\xbf{}"], ids=str
)
async def test_what_is_not_json_is_400(server: Server, bank: dict[str, str], content: bytes) -> None:
    response = await post(server, bank, content=content)
    assert (response.status_code, response.json()["type"]) == (400, URN + "malformed-request")


async def test_a_declared_length_over_the_cap_is_refused_unread(server: Server, bank: dict[str, str]) -> None:
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {"Content-Length": str(10 * 1024 * 1024 + 1)}
    response = await post(server, bank, content=body(), headers=headers)
    assert (response.status_code, response.json()["type"]) == (413, URN + "payload-too-large")


async def test_a_picture_over_its_own_cap_is_413(tmp_path: Path) -> None:
    import base64

    async with serving(tmp_path, max_reference_bytes=1024) as server:
        body = BODY | {"reference_image": base64.b64encode(bytes(1025)).decode()}
        response = await post(server, await server.api_key(), json=body)
    assert response.status_code == 413


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "caf\u00e9"])
async def test_a_bad_idempotency_key_is_400(server: Server, bank: dict[str, str], key: str) -> None:
    response = await post(server, bank, json=BODY, headers={"Idempotency-Key": key.encode("latin-1")})
    assert response.status_code == 400


async def test_unknown_paths_and_methods_are_problems_too(server: Server) -> None:
    for path in ("/", "/v1", "/v1/sessions/", "/v1/sessions/a/b", "/%2e%2e/etc/passwd"):
        response = await server.http.get(path)
        assert (response.status_code, response.json()["type"]) == (404, URN + "not-found"), path
    response = await server.http.put("/v1/sessions/x")
    assert (response.status_code, response.json()["type"]) == (405, URN + "method-not-allowed")
    assert {"GET", "DELETE"} <= set(response.headers["allow"].split(", "))
    assert (await server.http.get("/v1/signaling")).status_code == 404


async def test_an_unexpected_error_says_nothing_of_the_inside(server: Server, bank: dict[str, str]) -> None:
    await server.services.database.close()
    server.services.api_keys.authenticate = _explode  # type: ignore[method-assign]
    response = await post(server, bank, json=BODY)
    assert (response.status_code, response.json()) == (
        500,
        {"type": URN + "internal", "title": "Internal error", "status": 500},
    )
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert response.headers["cache-control"] == "no-store"


async def _explode(_text: str) -> None:
    raise RuntimeError("secret detail")


@pytest.mark.parametrize("path", ["/livez", "/v1/sessions/x", "/nowhere"])
async def test_security_headers_are_on_every_answer(server: Server, path: str) -> None:
    headers = (await server.http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers
    assert "server" not in headers


async def test_https_gets_hsts(tmp_path: Path) -> None:
    async with serving(tmp_path, public_url="https://l.example") as server:
        assert "max-age" in (await server.http.get("/livez")).headers["strict-transport-security"]


async def test_no_page_may_read_the_api_across_origins(server: Server, bank: dict[str, str]) -> None:
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = await server.http.options("/v1/sessions", headers=preflight)
    assert response.status_code == 405
    response = await post(server, bank, json=BODY, headers={"Origin": "https://evil.example"})
    assert not [name for name in response.headers if name.startswith("access-control")]


async def test_the_jwks_is_public_cacheable_and_holds_public_members_only(server: Server) -> None:
    response = await server.http.get("/.well-known/jwks.json")
    (jwk,) = response.json()["keys"]
    assert response.headers["cache-control"] == "public, max-age=300"
    assert set(jwk) == {"kty", "crv", "x", "use", "alg", "kid"}


async def test_head_is_get_without_a_body(server: Server) -> None:
    response = await server.http.head("/livez")
    assert response.status_code == 200


async def test_probes(server: Server) -> None:
    assert (await server.http.get("/livez")).json() == {"status": "ok"}
    assert (await server.http.get("/readyz")).json() == {"status": "ok"}


async def test_a_draining_server_is_alive_but_not_ready(server: Server, bank: dict[str, str]) -> None:
    await drain(server.services)
    assert server.backend.drained == [30]
    assert (await server.http.get("/livez")).status_code == 200
    for response in (await server.http.get("/readyz"), await post(server, bank, json=BODY)):
        assert (response.status_code, response.json()["type"]) == (503, URN + "unavailable")
        assert response.headers["retry-after"] == "5"
    assert (await server.http.get("/.well-known/jwks.json")).status_code == 200


async def test_without_models_nothing_is_taken_but_keys_stay_reachable(tmp_path: Path) -> None:
    async def missing(_settings: Settings) -> ScriptedBackend:
        raise ModelError("landmarks: missing")

    app = create_app(Settings(data_dir=tmp_path / "data"), missing)
    async with app.router.lifespan_context(app), client_of(app) as http:
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/.well-known/jwks.json")).status_code == 200
        assert await handshake(app, None) == "websocket.close"


def client_of(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://liveness.test")


async def test_stopping_drains_and_frees(tmp_path: Path) -> None:
    async with serving(tmp_path, drain_s=7) as server:
        backend = server.backend
    assert (backend.drained, backend.closed) == ([7], True)


def test_unsafe_production_settings_do_not_make_an_app(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="refused in production"):
        create_app(Settings(data_dir=tmp_path, mode=Mode.PRODUCTION), ScriptedBackend)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("https://bank.example", True),
        ("http://localhost:3000", True),
        ("https://evil.example", False),
        ("null", False),
        ("https://bank.example.evil.example", False),
    ],
)
async def test_signaling_is_open_to_allowed_origins_only(tmp_path: Path, origin: str | None, allowed: bool) -> None:
    async with serving(tmp_path, allowed_origins=("https://bank.example",)) as server:
        answer = await handshake(server.app, origin)
    assert answer == ("websocket.accept" if allowed else "websocket.close")


async def handshake(app: Starlette, origin: str | None) -> str:
    """The type of the server's first answer to a WebSocket handshake."""
    headers = [] if origin is None else [(b"origin", origin.encode())]
    scope = {"type": "websocket", "path": "/v1/signaling", "headers": headers, "subprotocols": ["liveness.v1"]}
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    await app(scope, receive, send)
    return sent[0]


async def test_the_log_has_routes_and_no_ids_or_secrets(
    server: Server, bank: dict[str, str], log_stream: io.StringIO
) -> None:
    created = await server.create(bank, subject="customer-17")
    await server.view(bank, created["session_id"])
    await server.http.get("/v1/sessions/x?api_key=oops", headers=bank)
    lines = [json.loads(line) for line in log_stream.getvalue().splitlines()]
    ours = [line for line in lines if line["logger"].startswith("liveness_server")]
    assert [(line["method"], line["route"], line["status"]) for line in ours] == [
        ("POST", "/v1/sessions", 201),
        ("GET", "/v1/sessions/{session_id}", 200),
        ("GET", "/v1/sessions/{session_id}", 404),
    ]
    for secret in ("customer-17", created["client_token"], created["session_id"], bank["Authorization"], "oops"):
        assert secret not in str(ours)


def test_every_operation_has_its_own_name_and_route() -> None:
    assert len({(op.method, op.path) for op in OPERATIONS}) == len({op.name for op in OPERATIONS}) == len(OPERATIONS)
