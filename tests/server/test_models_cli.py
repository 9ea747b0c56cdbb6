"""`liveness-server models`: what it prints where, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from liveness_server.cli import app
from liveness_server.cli.models import EXIT_UNUSABLE

runner = CliRunner()


def test_check_reports_an_empty_store_as_json_and_by_exit_code(tmp_path: Path) -> None:
    result = runner.invoke(app, ["models", "check", "--json"], env={"LIVENESS_MODELS_DIR": str(tmp_path)})
    assert result.exit_code == EXIT_UNUSABLE
    answer = json.loads(result.stdout)
    assert answer["usable"] is False
    assert {model["role"]: model["state"] for model in answer["models"]}["embedding"] == "missing"


def test_check_without_json_keeps_stdout_empty(tmp_path: Path) -> None:
    result = runner.invoke(app, ["models", "check"], env={"LIVENESS_MODELS_DIR": str(tmp_path)})
    assert result.stdout == ""
    assert "landmarks" in result.stderr


def test_fetch_offline_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"LIVENESS_MODELS_DIR": str(tmp_path), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    monkeypatch.setenv("PATH", str(tmp_path))
    result = runner.invoke(app, ["models", "fetch"], env=environment)
    assert result.exit_code == EXIT_UNUSABLE
    assert "pip could not download the landmarks model" in " ".join(result.stderr.split())


@pytest.mark.parametrize("command", ["fetch", "check"])
def test_exit_codes_are_in_the_help(command: str) -> None:
    assert "Exit codes: 0" in " ".join(runner.invoke(app, ["models", command, "--help"]).stdout.split())


@pytest.mark.usefixtures("models")
def test_check_and_fetch_are_content_with_fetched_models() -> None:
    assert runner.invoke(app, ["models", "check"]).exit_code == 0
