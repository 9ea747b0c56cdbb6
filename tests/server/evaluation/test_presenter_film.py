"""`liveness-server present`: a playable film of the moves asked for, which says what it is."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from typer.testing import CliRunner

from liveness_server.cli import app
from liveness_server.evaluation.presenter import MOVES
from liveness_server.evaluation.presenter.film import LEAD_S, NOTICE, PAUSE_S, prompts
from liveness_server.types import CaptureTime
from liveness_server.vision.measure import FaceMeter, VisionModels

runner = CliRunner()


def test_prompts_leave_every_move_its_time() -> None:
    asked, length = prompts(["blink", "smile"])
    assert asked == [(LEAD_S, "blink"), (LEAD_S + MOVES["blink"].duration + PAUSE_S, "smile")]
    assert length == pytest.approx(asked[1][0] + MOVES["smile"].duration + PAUSE_S)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_film_shows_the_move_and_says_what_it_is(suffix: str, tmp_path: Path, models: VisionModels) -> None:
    out = tmp_path / f"film{suffix}"
    result = runner.invoke(app, ["present", "--moves", "turn_right", "--width", "480", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert NOTICE.split(":")[0] in result.stderr
    assert "reenactment" in result.stderr
    meter = FaceMeter(models, embed_interval_s=1e6)
    with av.open(str(out)) as film:
        comment = next(value for key, value in film.metadata.items() if key.lower() == "comment")
        frames = [(float(f.pts * f.time_base), f.to_ndarray(format="rgb24")) for f in film.decode(video=0)]
    faces = [meter.observe(rgb, CaptureTime(t)).face for t, rgb in frames if t > 2.0]
    meter.close()
    assert comment == NOTICE
    assert frames[0][1].shape == (360, 480, 3)
    assert frames[-1][0] == pytest.approx(prompts(["turn_right"])[1], abs=0.1)
    assert min(face.pose.yaw for face in faces if face is not None) < -12


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--moves", "dance", "--out", "film.mp4"], "unknown move 'dance'"),
        (["--portrait", "lena", "--out", "film.mp4"], "unknown portrait 'lena'"),
        (["--out", "film.gif"], "cannot write .gif"),
    ],
)
def test_wrong_option_is_named(options: list[str], complaint: str) -> None:
    result = runner.invoke(app, ["present", *options], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = runner.invoke(app, ["present", "--moves", "blink", "--out", str(tmp_path / "none" / "film.mp4")])
    assert result.exit_code == 73
    assert "No such file" in result.stderr


def test_help_says_that_it_is_a_test_instrument() -> None:
    assert "TEST INSTRUMENT" in runner.invoke(app, ["present", "--help"]).output
