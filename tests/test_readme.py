"""The README's two examples run as they stand, and its two commands are targets of the Makefile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from client.serving_keys import serve_keys
from liveness_client import FrameSource, LivenessClient, MockTransport

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = dict(re.findall(r"```python\n# (\w+)\n(.*?)```", README, re.DOTALL))


def example(name: str) -> dict:
    namespace: dict = {}
    exec(compile(BLOCKS[name], f"README.md: {name}", "exec"), namespace)
    return namespace


@pytest.mark.parametrize("name", ["client", "verify"])
def test_ten_lines(name):
    assert len([line for line in BLOCKS[name].splitlines() if line.strip()]) <= 10


async def test_the_client_example(tmp_path, monkeypatch, capsys):
    (tmp_path / "me.jpg").write_bytes(b"\xff\xd8picture")
    monkeypatch.chdir(tmp_path)
    namespace = example("client")
    namespace["CameraSource"] = lambda: FrameSource([])  # no camera here
    info = await namespace["check"]("https://liveness.example", "key", transport=MockTransport())
    assert info.decision == "pass"
    assert "please: " in capsys.readouterr().out


async def test_the_verification_example(capsys):
    mock = MockTransport()
    async with LivenessClient("https://liveness.example", api_key="key", transport=mock) as client:
        session = await client.create_session("user-42", "https://bank.example", "login", reference=b"picture")
        token = (await client.run(FrameSource([]), session).result()).token
    with serve_keys(mock.jwks) as url:
        who_is_it = example("verify")["who_is_it"]
        assert who_is_it(token, mock.issuer, url) == "user-42"
        assert who_is_it(token[:-4] + "AAAA", mock.issuer, url) is None
    assert capsys.readouterr().out.startswith("refused: ")


def test_the_two_commands_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "lint", "bench", "clean"} <= targets
    assert set(re.findall(r"^make (\w+)", README, re.MULTILINE)) == {"demo", "test"}
