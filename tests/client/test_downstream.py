"""The downstream service as a process of its own: it is given an address, an issuer and an audience, nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from client.issuing import ACR, AUDIENCE, ISSUER, Key, jwks
from client.serving_keys import serve_keys

SERVICE = Path(__file__).parents[2] / "client_sdk" / "examples" / "downstream.py"
KEY = Key()


@contextmanager
def downstream(*more: str) -> Iterator[str]:
    with serve_keys(jwks(KEY)) as url:
        arguments = ["--jwks-url", url, "--issuer", ISSUER, "--audience", AUDIENCE, *more]
        command = [sys.executable, str(SERVICE), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield process.stdout.readline().split()[-1]
            finally:
                process.terminate()


def test_it_lets_a_live_person_in_once_and_nobody_else() -> None:
    with downstream() as base, httpx.Client(base_url=base) as http:
        token = {"authorization": f"Bearer {KEY.token()}"}
        allowed = http.get("/account", headers=token)
        assert allowed.status_code == 200
        assert allowed.json() == {"subject": "user-17", "acr": ACR, "amr": ["user", "face"], "policy": "standard@1"}
        for headers, code in (
            ({}, "token_absent"),
            (token, "token_replayed"),
            ({"authorization": f"Bearer {Key().token()}"}, "key_not_found"),
            ({"authorization": f"Bearer {KEY.token(aud='https://other.example')}"}, "audience_mismatch"),
        ):
            refused = http.get("/account", headers=headers)
            assert refused.status_code == 401
            assert refused.json()["title"] == code


def test_it_asks_for_the_assurance_it_was_told_to() -> None:
    with downstream("--acr", "urn:stronger") as base:
        refused = httpx.get(f"{base}/account", headers={"authorization": f"Bearer {KEY.token()}"})
        assert refused.status_code == 401
        assert 'acr_values="urn:stronger"' in refused.headers["www-authenticate"]
