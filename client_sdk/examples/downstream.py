"""A downstream service: it knows the issuer, its own name and where the public keys are, and nothing else.

    python downstream.py --jwks-url http://127.0.0.1:8000/.well-known/jwks.json \
        --issuer http://127.0.0.1:8000 --audience https://bank.example --port 8001

`GET /account` answers with the subject when the request carries a liveness token for this audience, once per token;
everything else gets a 401 that says what is wanted. Needs `pip install liveness-client starlette uvicorn`.
"""

from __future__ import annotations

import argparse
import socket

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from liveness_client import AsyncVerifier, ReplayGuard
from liveness_client.asgi import RequireLiveness


async def account(request: Request) -> Response:
    """Say whose account this is; the guard has put the verified claims into the request."""
    claims = request.state.liveness
    return JSONResponse({"subject": claims.subject, "acr": claims.acr, "amr": claims.amr, "policy": claims.policy})


def build(jwks_url: str, issuer: str, audience: str, *, acr: list[str] | None = None) -> Starlette:
    """Build the service with its one guarded route."""
    verifier = AsyncVerifier(issuer, audience, jwks_url=jwks_url, replay=ReplayGuard())
    guard = RequireLiveness(verifier, acr=acr)
    return Starlette(routes=[Route("/account", guard.endpoint(account))])


def main() -> None:
    """Serve on loopback until stopped; the first line of output says where."""
    parser = argparse.ArgumentParser(description="A service that lets live people in.")
    parser.add_argument("--jwks-url", required=True)
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--audience", required=True)
    parser.add_argument("--acr", action="append", help="acceptable acr; may be repeated; default: any")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    options = parser.parse_args()
    app = build(options.jwks_url, options.issuer, options.audience, acr=options.acr)
    with socket.create_server(("127.0.0.1", options.port)) as listener:
        print(f"downstream service listens on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
