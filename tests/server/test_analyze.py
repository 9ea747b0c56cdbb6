"""`liveness-server analyze`: the JSON contract, files that cannot be used, and the shared real clips."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from liveness_server.cli import app
from liveness_server.evaluation.analysis import blinks_of
from liveness_server.transport.files import read_video
from liveness_server.vision.measure import FaceMeter

KEYS = {"decision", "reasons", "checks", "timeline", "frames", "duration_s", "faces", "features"}


def analyze(*arguments) -> tuple[int, dict]:
    result = CliRunner().invoke(app, ["analyze", *map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


def write_video(path: Path, pictures, *, fps=30, times=None) -> Path:
    with av.open(str(path), "w") as container:
        height, width = pictures[0].shape[:2]
        stream = container.add_stream("libx264", rate=fps, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = int(1000 * (times[i] if times else i / fps))
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_the_json_contract(tmp_path, models, astronaut):
    file = write_video(tmp_path / "portrait.mp4", [astronaut[:480, :480]] * 60)
    code, answer = analyze(file)
    assert set(answer) == KEYS
    assert answer["decision"] in {"pass", "fail", "inconclusive"}
    assert "active" not in answer["checks"]
    assert all(set(check) == {"outcome", "reason", "quality", "flags"} for check in answer["checks"].values())
    assert set(answer["timeline"]) == {"blinks_s", "yaw_deg", "pitch_deg"}
    assert set(answer["timeline"]["yaw_deg"]) == {"min", "max"}
    assert answer["checks"]["stream_integrity"]["flags"] == ["repeated_frames"], "one picture"
    assert answer["features"]["deepfake_temporal"]["blinks_per_min"] == 0
    assert answer["timeline"]["blinks_s"] == []
    assert (answer["frames"], answer["faces"]) == (60, 1)
    assert answer["duration_s"] == pytest.approx(59 / 30, abs=0.01)
    assert code == {"pass": 0, "fail": 1, "inconclusive": 3}[answer["decision"]]


def test_two_portraits_in_one_video_are_two_identities(tmp_path, models, astronaut, grace):
    first, second = astronaut[0:360, 40:400], grace[60:420, 80:440]
    _, answer = analyze(write_video(tmp_path / "spliced.mp4", [first] * 45 + [second] * 45))
    assert answer["decision"] == "fail"
    assert "identity_continuity:identity_changed" in answer["reasons"]


def test_a_reference_of_somebody_else_fails(tmp_path, models, astronaut, grace):
    file = write_video(tmp_path / "portrait.mp4", [astronaut[:480, :480]] * 60)
    picture = tmp_path / "grace.png"
    with av.open(str(picture), "w", format="image2") as container:
        stream = container.add_stream("png")
        stream.width, stream.height, stream.pix_fmt = grace.shape[1], grace.shape[0], "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(grace, format="rgb24")))
        container.mux(stream.encode())
    code, answer = analyze(file, "--reference", picture)
    assert (code, answer["decision"]) == (1, "fail")
    assert "match:other_person" in answer["reasons"]


def test_no_face_is_inconclusive_and_not_an_error(tmp_path, models):
    file = write_video(tmp_path / "wall.mp4", [np.full((240, 320, 3), 90, np.uint8)] * 30)
    code, answer = analyze(file)
    assert (code, answer["decision"], answer["faces"]) == (3, "inconclusive", 0)
    assert answer["timeline"]["yaw_deg"] is None


def test_variable_frame_rate_keeps_true_times(tmp_path, models, astronaut):
    times = list(np.cumsum(np.tile([0.014, 0.042, 0.033], 20)))
    _, answer = analyze(write_video(tmp_path / "vfr.mp4", [astronaut[:480, :480]] * 60, times=times))
    assert answer["duration_s"] == pytest.approx(times[-1] - times[0], abs=0.005)


@pytest.mark.parametrize(
    ("name", "content", "error", "code"),
    [
        ("missing.mp4", None, "not_found", 66),
        ("empty.mp4", b"", "empty", 65),
        ("text.mp4", b"this is no video" * 50, "unreadable", 65),
    ],
)
def test_files_that_cannot_be_used(tmp_path, models, name, content, error, code):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    exit_code, answer = analyze(file)
    assert (exit_code, answer["error"]) == (code, error)
    assert answer["message"].count(str(file)) == 1


def test_sound_without_pictures(tmp_path, models):
    file = tmp_path / "sound.wav"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert analyze(file)[0] == 65
    assert analyze(file)[1]["error"] == "no_video"


def test_an_unknown_policy_is_a_wrong_command_line(tmp_path):
    assert CliRunner().invoke(app, ["analyze", str(tmp_path / "x"), "--policy", "nope"]).exit_code == 2


# Real people, read in place and never copied.

BLINKS = [
    ("franck.mp4", 36, 50, 6, 8),  # a part with many: 7 here, 11 in the first fifty seconds, 61 in the whole clip
    ("liveportrait_d9.mp4", 0, 12, 5, 7),  # 14 in the whole clip
    ("avatar_sun.mp4", 0, 12, 0, 0),
]
"""Clip, part of it in seconds, and between how many blinks: dips of the eye aspect ratio under 0.65 of its median."""


@pytest.mark.realclips
@pytest.mark.parametrize(("clip", "begin", "end", "least", "most"), BLINKS)
def test_blinks_of_a_part_of_a_clip(real_clips, models, clip, begin, end, least, most):
    frames = takewhile(lambda frame: frame[0] < end, read_video(real_clips / "clips" / clip))
    with FaceMeter(replace(models, pad=None), embed_interval_s=1e9) as meter:
        seen = [meter.observe(rgb, t) for t, rgb in frames if t >= begin]
    assert least <= len(blinks_of(seen)) <= most


@pytest.mark.realclips
def test_a_picture_does_not_blink_or_pass(real_clips, models):
    _, answer = analyze(real_clips / "controls" / "face_still_noise.mp4")
    assert (answer["timeline"]["blinks_s"], answer["decision"]) == ([], "fail")


@pytest.mark.realclips
def test_a_vanishing_face_breaks_continuity(real_clips, models):
    _, answer = analyze(real_clips / "clips/face_noface.mov")
    assert answer["checks"]["face_continuity"]["outcome"] != "pass"
    assert answer["decision"] != "pass"
