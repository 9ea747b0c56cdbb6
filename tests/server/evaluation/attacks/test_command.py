"""`liveness-server attack`: lists every species, writes films at their own times, and names what it cannot use."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from liveness_server.cli import app
from liveness_server.evaluation.attacks import SPECIES, ClipSource, PortraitSource
from liveness_server.evaluation.attacks.film import NOTICE, write
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime
from server.evaluation.attacks.conftest import SIZE

runner = CliRunner()
CLIP_FPS = 25


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory, source: PortraitSource) -> Path:
    """Return a film of the stand-in at 25 frames a second: in the lab's eyes a bona fide clip."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    frames = (rgb for _, rgb in islice(source.frames((480, 360)), 30))
    write(path, ((CaptureTime(number / CLIP_FPS), rgb) for number, rgb in enumerate(frames)), (480, 360))
    return path


def test_list_names_every_species():
    result = runner.invoke(app, ["attack", "list"], env={"COLUMNS": "240"})
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()[1:] if not line.startswith(" ")] == list(SPECIES)


def test_list_as_json_says_what_a_species_cannot_show():
    described = json.loads(runner.invoke(app, ["attack", "list", "--json"]).stdout)
    assert [entry["name"] for entry in described] == list(SPECIES)
    assert all(entry["limits"] and entry["family"] in {"presentation", "injection"} for entry in described)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_render_keeps_the_capture_times_and_says_what_it_is(suffix, tmp_path, models):
    out, reference = tmp_path / f"attack{suffix}", tmp_path / "reference.png"
    options = [
        "--out",
        str(out),
        "--seconds",
        "0.6",
        "--seed",
        "4",
        "--width",
        "320",
        "--reference-out",
        str(reference),
    ]
    result = runner.invoke(app, ["attack", "render", "retimed", *options])
    assert result.exit_code == 0, result.output
    assert NOTICE in result.stderr
    assert "stands in for bona fide footage" in result.stderr
    source = PortraitSource("hopper", models.bundle, seconds=0.6, seed=4)
    declared = [t for t, _ in SPECIES["retimed"].render(source, 4, (320, 240))]
    read = list(read_video(out))
    np.testing.assert_allclose([t for t, _ in read], declared, atol=0.001)
    assert read[0][1].shape == (240, 320, 3)
    with av.open(str(out)) as film:
        assert NOTICE in film.metadata.values()
    np.testing.assert_array_equal(cv2.imread(str(reference))[..., ::-1], source.still((320, 240)).rgb)


def test_an_attack_on_a_clip_keeps_its_frame_rate(clip, tmp_path):
    out = tmp_path / "attack.mp4"
    for name in ("phone_replay", "looped_video"):
        result = runner.invoke(
            app, ["attack", "render", name, "--from", str(clip), "--out", str(out), "--seconds", "1", "--width", "320"]
        )
        assert result.exit_code == 0, result.output
        assert "stands in" not in result.stderr
        np.testing.assert_allclose(np.diff([t for t, _ in read_video(out)]), 1 / CLIP_FPS, atol=1e-4)


def test_a_clip_of_another_shape_is_cut_around_the_face(clip, models):
    source = ClipSource(clip, models.bundle, seconds=1.0)
    still = source.still((240, 320))
    assert still.rgb.shape == (320, 240, 3)
    np.testing.assert_allclose(still.centre, (120, 160), atol=25)
    assert next(source.frames((240, 320)))[1].shape == (320, 240, 3)


def test_a_clip_without_a_face_is_refused(tmp_path):
    empty = tmp_path / "wall.mp4"
    write(empty, ((CaptureTime(n / 30), np.full((240, 320, 3), 90, np.uint8)) for n in range(10)), SIZE)
    result = runner.invoke(app, ["attack", "render", "puppet", "--from", str(empty), "--out", str(tmp_path / "a.mp4")])
    assert result.exit_code == 65
    assert "no face" in result.stderr


@pytest.mark.parametrize(
    ("options", "exit_code", "complaint"),
    [
        (["dance", "--out", "a.mp4"], 2, "'dance' is none of"),
        (["puppet", "--out", "a.gif"], 2, "cannot write .gif"),
        (["puppet", "--out", "a.mp4", "--portrait", "lena"], 2, "unknown portrait 'lena'"),
        (["puppet", "--out", "a.mp4", "--from", "none.mp4"], 66, "does not exist"),
        (["flat_print", "--out", "none/a.mp4", "--seconds", "0.5"], 73, "No such file"),
    ],
)
def test_what_cannot_be_used_is_named(options, exit_code, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = runner.invoke(app, ["attack", "render", *options], env={"COLUMNS": "400"})
    assert result.exit_code == exit_code
    assert complaint in result.stderr
    assert result.stderr.count("none.mp4") == ("none.mp4" in options)
