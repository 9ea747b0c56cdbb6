"""`liveness-server compare`: decisions, JSON keys and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from liveness_server.cli import app
from liveness_server.vision.matching import CALIBRATED_DIGEST

runner = CliRunner()


@pytest.fixture
def pictures(tmp_path: Path, grace: NDArray[np.uint8], astronaut: NDArray[np.uint8]) -> Path:
    Image.fromarray(grace).save(tmp_path / "grace.png")
    Image.fromarray(grace[:, ::-1]).save(tmp_path / "mirrored.jpg")
    Image.fromarray(astronaut).save(tmp_path / "astronaut.jpg")
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(tmp_path / "room.png")
    return tmp_path


def compare(directory: Path, a: str, b: str) -> tuple[int, dict[str, object]]:
    result = runner.invoke(app, ["compare", str(directory / a), str(directory / b), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.usefixtures("models")
def test_one_person_is_accepted_and_two_are_rejected(pictures: Path) -> None:
    same, different = compare(pictures, "grace.png", "grace.png"), compare(pictures, "grace.png", "astronaut.jpg")
    assert same == (0, {"decision": "accept", "cosine": 1.0, "margin": 0.55, "model": CALIBRATED_DIGEST})
    assert different[0] == 1
    assert set(different[1]) == {"decision", "cosine", "margin", "model"}
    assert different[1]["decision"] == "reject"
    assert compare(pictures, "grace.png", "mirrored.jpg")[1]["decision"] == "accept"


@pytest.mark.usefixtures("models")
def test_the_plain_answer_is_one_line(pictures: Path) -> None:
    result = runner.invoke(app, ["compare", str(pictures / "grace.png"), str(pictures / "mirrored.jpg")])
    assert result.stdout.startswith("accept: cosine 0.")
    assert result.stdout.count("\n") == 1


@pytest.mark.usefixtures("models")
def test_bad_input_has_its_own_exit_codes_and_names_the_file(pictures: Path) -> None:
    (pictures / "text.jpg").write_text("no picture")
    code, answer = compare(pictures, "grace.png", "room.png")
    assert (code, answer["error"], answer["file"]) == (65, "no_face", str(pictures / "room.png"))
    assert compare(pictures, "text.jpg", "grace.png")[1]["error"] == "not_a_picture"
    assert compare(pictures, "missing.jpg", "grace.png")[0] == 66
    plain = runner.invoke(app, ["compare", str(pictures / "room.png"), str(pictures / "grace.png")])
    assert plain.exit_code == 65
    assert plain.stdout == ""
    assert "no face was found" in " ".join(plain.stderr.split())


def test_missing_models_are_69(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVENESS_MODELS_DIR", str(pictures / "none"))
    code, answer = compare(pictures, "grace.png", "grace.png")
    assert (code, answer["error"], answer["file"]) == (69, "model", None)
    assert "liveness-server models fetch" in str(answer["message"])


def test_exit_codes_are_in_the_help() -> None:
    assert "3 review" in " ".join(runner.invoke(app, ["compare", "--help"]).stdout.split())
