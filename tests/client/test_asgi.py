"""The route guard: Starlette endpoints, whole applications, FastAPI dependencies; answers as RFC 6750 and 9470 say."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from client.issuing import ACR, AUDIENCE, ISSUER, JWKS_URL, Key, KeyServer, jwks
from liveness_client import AsyncVerifier, ConfigurationError, Verifier
from liveness_client.asgi import LivenessMiddleware, RequireLiveness

KEY = Key()


@pytest.fixture(params=["sync", "async"])
def verifier(request: pytest.FixtureRequest) -> Any:
    kind = Verifier if request.param == "sync" else AsyncVerifier
    return kind(ISSUER, AUDIENCE, jwks=jwks(KEY))


async def account(request: Request) -> Response:
    return JSONResponse({"subject": request.state.liveness.subject})


def decorated(guard: RequireLiveness) -> Starlette:
    return Starlette(routes=[Route("/account", guard.endpoint(account))])


def wrapped(guard: RequireLiveness) -> Any:
    return LivenessMiddleware(Starlette(routes=[Route("/account", account)]), guard)


@pytest.fixture(params=[decorated, wrapped])
def build(request: pytest.FixtureRequest) -> Any:
    return request.param


async def get(app: Any, *authorization: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bank.test") as http:
        return await http.get("/account", headers=[("authorization", value) for value in authorization])


async def test_a_good_token_opens_the_route(build: Any, verifier: Any) -> None:
    app = build(RequireLiveness(verifier, acr=ACR, amr=["face"], max_age=60))
    for scheme in ("Bearer", "bearer"):
        answer = await get(app, f"{scheme} {KEY.token()}")
        assert (answer.status_code, answer.json()) == (200, {"subject": "user-17"})


async def test_without_a_token_the_answer_says_what_is_wanted_and_no_error(build: Any, verifier: Any) -> None:
    answer = await get(build(RequireLiveness(verifier, acr=[ACR, "urn:x"], max_age=60)))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == f'Bearer realm="liveness", acr_values="{ACR} urn:x", max_age="60"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"type": "urn:liveness:problem:token_absent", "title": "token_absent", "status": 401}


async def test_a_token_that_is_not_genuine_is_invalid(build: Any, verifier: Any) -> None:
    now = int(time.time())
    app = build(RequireLiveness(verifier))
    for token, code in (
        ("a.b.c", "malformed_token"),
        (KEY.token(aud="https://other.example"), "audience_mismatch"),
        (KEY.token(iat=now - 200, nbf=now - 200, exp=now - 100), "token_expired"),
        (Key().token(), "key_not_found"),
    ):
        answer = await get(app, f"Bearer {token}")
        assert answer.status_code == 401
        challenge = answer.headers["www-authenticate"]
        assert challenge == f'Bearer realm="liveness", error="invalid_token", error_description="{code}"'


@pytest.mark.parametrize("asked", [{"acr": "urn:stronger"}, {"amr": ["pop"]}, {"max_age": 5}])
async def test_a_genuine_token_that_is_not_enough_asks_for_more(build: Any, verifier: Any, asked: Any) -> None:
    now = int(time.time())
    answer = await get(build(RequireLiveness(verifier, **asked)), f"Bearer {KEY.token(iat=now - 30, nbf=now - 30)}")
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert ('acr_values="urn:stronger"' in challenge) == ("acr" in asked)
    assert ('max_age="5"' in challenge) == ("max_age" in asked)


@pytest.mark.parametrize(
    "headers", [["Basic dXNlcjpwYXNz"], ["Bearer"], ["Bearer "], ["DPoP a.b.c"], ["Bearer a.b.c", "Bearer a.b.c"]]
)
async def test_a_malformed_header_is_a_bad_request(build: Any, verifier: Any, headers: list[str]) -> None:
    answer = await get(build(RequireLiveness(verifier)), *headers)
    assert answer.status_code == 400
    assert 'error="invalid_request"' in answer.headers["www-authenticate"]


async def test_without_keys_nothing_is_open_and_it_is_not_the_token_s_fault(build: Any) -> None:
    server = KeyServer(KEY)
    server.down = True
    verifier = Verifier(ISSUER, AUDIENCE, jwks_url=JWKS_URL, transport=server.transport)
    answer = await get(build(RequireLiveness(verifier)), f"Bearer {KEY.token()}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("acr", ['a"b', "a\nb", "a\\b", "é"])
def test_an_acr_cannot_break_the_header(verifier: Any, acr: str) -> None:
    with pytest.raises(ConfigurationError):
        RequireLiveness(verifier, acr=acr)


async def test_a_fastapi_dependency(verifier: Any) -> None:
    fastapi = pytest.importorskip("fastapi", reason="fastapi is not installed")
    guard = RequireLiveness(verifier, acr=ACR)
    app = fastapi.FastAPI()

    required = fastapi.Depends(guard)

    @app.get("/account")
    async def account(claims: Any = required) -> dict[str, str]:
        return {"subject": claims.subject}

    assert (await get(app, f"Bearer {KEY.token()}")).json() == {"subject": "user-17"}
    refused = await get(app)
    assert refused.status_code == 401
    assert "acr_values" in refused.headers["www-authenticate"]


async def test_lifespan_passes_through(verifier: Any) -> None:
    started = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        started.append(scope["type"])

    await LivenessMiddleware(app, RequireLiveness(verifier))({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert started == ["lifespan"]
