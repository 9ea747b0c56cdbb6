"""The command line as a person meets it: quick, quiet, and every command with its help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from liveness_server.cli import COMMANDS, app

SCRIPT = Path(sys.executable).parent / "liveness-server"


def run(*arguments) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *arguments], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name):
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_an_unknown_command_is_a_wrong_command_line():
    assert CliRunner().invoke(app, ["nonsense"]).exit_code == 2


def test_a_small_command_loads_nothing_heavy():
    lines = (
        "import sys; sys.argv = ['liveness-server', 'settings']",
        "from liveness_server.cli import app",
        "app(standalone_mode=False)",
        "print([m for m in ('mediapipe', 'onnxruntime', 'aiortc', 'av', 'cv2') if m in sys.modules])",
    )
    output = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert output.stdout.strip().splitlines()[-1] == "[]"


def test_compare_says_its_answer_and_nothing_else(tmp_path, models, astronaut):
    from PIL import Image

    picture = tmp_path / "a.png"
    Image.fromarray(astronaut).save(picture)
    result = run("compare", picture, picture)
    assert result.returncode == 0
    assert result.stdout.startswith("accept: cosine 1.000")
    assert result.stderr == ""


def test_errors_still_reach_the_terminal(tmp_path):
    result = run("compare", tmp_path / "none.jpg", tmp_path / "none.jpg")
    assert result.returncode == 66
    assert "No such file" in result.stderr
