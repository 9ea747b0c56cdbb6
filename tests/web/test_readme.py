"""The backend of the element's README runs as it stands, and believes what it should and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from liveness_client import AsyncVerifier, LivenessClient, MockTransport
from liveness_client._jwks import thumbprint

README = (Path(__file__).parents[2] / "web_demo" / "README.md").read_text("utf-8")
BACKEND = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", README, re.DOTALL))["backend.py"]
JWK = {"kty": "EC", "crv": "P-256", "x": "x" * 43, "y": "y" * 43}


class Backend:
    """The README's backend before a scripted server, with one user."""

    def __init__(self) -> None:
        self.code: dict[str, Any] = {}
        exec(compile(BACKEND, "README.md: backend.py", "exec"), self.code)
        self.mock = MockTransport()
        self.user: dict[str, Any] = {"id": "user-17", "photo": b"\xff\xd8picture"}
        self.verifier = AsyncVerifier(self.mock.issuer, self.code["SITE"], jwks=self.mock.jwks)

    async def session(self, profile: str = "standard") -> str:
        """Ask for a session as the element does; returns its name on the server."""
        async with LivenessClient("https://liveness.example", api_key="key", transport=self.mock) as client:
            body = {"profile": profile, "light": False, "jwk": JWK | {"ext": True, "key_ops": ["verify"]}}
            answer = await self.code["session"](client, self.user, body)
        assert set(answer) == {"signalingUrl", "clientToken"}
        return list(self.mock.sessions)[-1]

    def token(self, session_id: str, **changes: Any) -> str:
        asked = self.mock.sessions[session_id]
        acr = f"urn:liveness:acr:{asked['policy']}:{asked['profile']}"
        return self.mock.token(session_id, **{"acr": acr, **changes})

    async def believes(self, token: str) -> bool:
        return await self.code["result"](self.verifier, self.user, {"token": token})


@pytest.mark.parametrize(("profile", "policy"), [("standard", "standard"), ("motion-free", "motion-free")])
async def test_a_pass_is_believed_once(profile: str, policy: str) -> None:
    backend = Backend()
    session_id = await backend.session(profile)
    assert backend.mock.sessions[session_id]["policy"] == policy
    assert backend.mock.sessions[session_id]["client_jwk"] == JWK
    token = backend.token(session_id)
    assert await backend.believes(token)
    with pytest.raises(KeyError):
        await backend.believes(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "of another session"},
        {"cnf": {"jkt": thumbprint(JWK | {"x": "z" * 43})}},
        {"cnf": {}},
        {"acr": "urn:liveness:acr:convenience:standard"},
        {"amr": ["user"]},
        {"sub": "user-18"},
        {"aud": "https://shop.example"},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_another_token_is_not(changes: dict[str, Any]) -> None:
    backend = Backend()
    session_id = await backend.session()
    assert not await backend.believes(backend.token(session_id, **changes))


def test_its_thumbprint_is_that_of_the_server() -> None:
    assert Backend().code["thumbprint"](JWK) == thumbprint(JWK)
