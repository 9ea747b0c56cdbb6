"""The command: exit codes, what goes to standard output, and what it never prints."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from client.issuing import AUDIENCE, ISSUER, Key, jwks
from client.test_sources import write_video
from liveness_client import LivenessClient, MockTransport, cli

KEY = Key()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIVENESS_URL", "LIVENESS_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def keys(tmp_path: Path) -> str:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(jwks(KEY)))
    return str(path)


def verify(keys: str, token: str, *more: str) -> int:
    return cli.main(["verify", token, "--issuer", ISSUER, "--audience", AUDIENCE, "--jwks", keys, *more])


def test_a_genuine_token(keys: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(keys, KEY.token(), "--nonce", "n_1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["sub"] == "user-17"
    assert verify(keys, KEY.token()) == 0
    assert "sub        user-17" in capsys.readouterr().out


def test_a_token_from_standard_input(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(KEY.token() + "\n"))
    assert verify(keys, "-") == 0


@pytest.mark.parametrize("more", [["--nonce", "other"], ["--acr", "urn:other"]])
def test_a_token_that_must_not_be_believed(keys: str, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(keys, KEY.token(), *more) == 1
    assert verify(keys, Key().token()) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "liveness-client: " in output.err


def test_keys_that_cannot_be_had(tmp_path: Path) -> None:
    assert verify("http://127.0.0.1:9/jwks", KEY.token()) == 4
    assert verify(str(tmp_path / "absent.json"), KEY.token()) == 2
    assert verify("http://liveness.example/jwks", KEY.token()) == 2


@pytest.mark.parametrize("arguments", [[], ["run"], ["run", "--subject", "s"], ["verify"], ["dance"]])
def test_wrong_arguments(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2


def test_help_documents_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    assert "Exit codes" in capsys.readouterr().out


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put `MockTransport` where the command would make its own transport."""

    def use(mock: MockTransport) -> MockTransport:
        original = LivenessClient.__init__

        def init(self: LivenessClient, *args: Any, **options: Any) -> None:
            original(self, *args, **{**options, "transport": mock})

        monkeypatch.setattr(LivenessClient, "__init__", init)
        return mock

    return use


def run(clip: Path, *more: str) -> int:
    environment = ["--url", "https://liveness.example", "--api-key", "lsk_secret"]
    return cli.main(["run", *environment, "--subject", "user-17", "--file", str(clip), *more])


@pytest.mark.parametrize(("decision", "code"), [("pass", 0), ("fail", 1), ("inconclusive", 3)])
def test_a_run_ends_with_its_decision(
    mocked: Any, tmp_path: Path, decision: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    mocked(MockTransport(decision=decision, hint="more_light"))
    assert run(tmp_path / "me.mp4", "--json") == code
    output = capsys.readouterr()
    assert json.loads(output.out)["decision"] == decision
    assert "[1/2] turn left (within 6 s)" in output.err
    assert "secret" not in output.err + output.out


@pytest.mark.parametrize(("trouble", "said"), [({"close_code": 4008}, "capacity"), ({"http_status": 401}, "401")])
def test_a_run_without_a_result(
    mocked: Any, tmp_path: Path, trouble: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mocked(MockTransport(**trouble))
    assert run(tmp_path / "me.mp4") == 4
    assert said in capsys.readouterr().err


def test_a_run_with_a_reference_that_is_not_there(mocked: Any, tmp_path: Path) -> None:
    mocked(MockTransport())
    assert run(write_video(tmp_path / "me.mp4", [0.0]), "--reference", str(tmp_path / "absent.jpg")) == 5


def test_a_run_needs_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--subject", "s", "--camera", "0"]) == 2
    assert "LIVENESS_URL" in capsys.readouterr().err


def test_the_environment_gives_server_and_key(mocked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mock = mocked(MockTransport())
    monkeypatch.setenv("LIVENESS_URL", "https://liveness.example")
    monkeypatch.setenv("LIVENESS_API_KEY", "lsk_from_environment")
    assert cli.main(["run", "--subject", "s", "--camera", "/dev/video0"]) == 0
    assert mock.requests[0].headers["authorization"] == "Bearer lsk_from_environment"
