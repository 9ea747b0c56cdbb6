"""`liveness-server attack run` where nothing is played: what it refuses, with which code, and how results are told."""

from __future__ import annotations

import io
import json
import socket

import pytest
from rich.console import Console
from typer.testing import CliRunner

from liveness_server.cli import app
from liveness_server.cli.attack_run import json_of, table_of
from liveness_server.evaluation.live import Played

KEY = {"LIVENESS_API_KEY": "lsk_test_key", "COLUMNS": "400"}
PLAYED = Played(
    species="flat_print",
    session_id="s1",
    decision="fail",
    reasons=("depth:moving_plane", "texture:print_or_replay"),
    hint="not_verified",
    challenges=("turn_left:timeout",),
    checks={"depth": "fail:moving_plane"},
    seconds=12.3,
    frames=246,
    fps=20.0,
)


def attack_run(*options: str, **environ: str):
    return CliRunner().invoke(app, ["attack", "run", *options], env={**KEY, **environ})


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "name at least one, or give --all"),
        (["puppet", "--all"], "name at least one, or give --all"),
        (["dance"], "'dance' is none of flat_print"),
        (["puppet", "--size", "640"], "'640' is not WIDTHxHEIGHT"),
        (["puppet", "--size", "642x480"], "multiples of 8"),
        (["puppet", "--size", "8000x8000"], "1920x1440"),
        (["puppet", "--fps", "0"], "--fps"),
        (["puppet", "--portrait", "lena"], "unknown portrait 'lena'"),
    ],
)
def test_a_wrong_option_is_named(options, complaint):
    result = attack_run(*options, "--server", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_a_server_is_needed():
    result = attack_run("puppet")
    assert result.exit_code == 2
    assert "--server" in result.stderr


@pytest.mark.parametrize("text", ["", "two words", "clé"])
def test_a_key_is_needed(text, tmp_path):
    file = tmp_path / "key"
    file.write_text(text)
    for result in (
        attack_run("puppet", "--server", "http://127.0.0.1:9", "--api-key-file", str(file)),
        attack_run("puppet", "--server", "http://127.0.0.1:9", LIVENESS_API_KEY=text),
    ):
        assert result.exit_code == 2
        assert "no API key there" in result.stderr
        assert not text or text not in result.stderr


def test_files_that_are_not_there(tmp_path):
    none = str(tmp_path / "none")
    for option in ("--api-key-file", "--from", "--reference"):
        result = attack_run("flat_print", "--server", "http://127.0.0.1:9", option, none)
        assert result.exit_code == 66, result.output
        assert none in result.stderr


def test_nobody_answers():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        result = attack_run("flat_print", "--server", url, "--json")
    assert result.exit_code == 68
    assert f"{url} does not answer: ConnectError" in result.stderr
    assert "FOR TESTING YOUR OWN SYSTEM ONLY" in result.stderr
    assert json.loads(result.stdout) == []


@pytest.mark.parametrize("server", ["ftp://127.0.0.1", "127.0.0.1:8000", "http://["])
def test_an_address_that_is_none(server):
    result = attack_run("flat_print", "--server", server)
    assert result.exit_code in {2, 68}
    assert "error" in result.stderr.lower()


def test_results_as_a_table_and_as_json():
    text = io.StringIO()
    Console(width=200, file=text).print(table_of([PLAYED]))
    assert text.getvalue().splitlines()[1].split() == [
        "flat_print",
        "fail",
        "depth:moving_plane,",
        "texture:print_or_replay",
    ]
    [told] = json.loads(json_of([PLAYED]))
    assert told["species"] == "flat_print"
    assert told["reasons"] == ["depth:moving_plane", "texture:print_or_replay"]
    assert told["checks"] == {"depth": "fail:moving_plane"}
