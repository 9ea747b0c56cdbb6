"""Running over a data set: nothing dropped, judged twice or lost on a stop; and the command as a whole."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from threading import Event

import msgspec
import pytest
from typer.testing import CliRunner

from liveness_server.checks import REGISTRY
from liveness_server.cli import app
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.errors import ConfigError, MediaError, ModelError
from liveness_server.evaluation.analysis import Analysis, CheckReport, Timeline
from liveness_server.evaluation.calibrate import FEATURES, Kept
from liveness_server.evaluation.conditions import MEASURED
from liveness_server.evaluation.dataset import Clip, Dataset, load_dataset
from liveness_server.evaluation.evaluate import Answer, Results, Stopped, VideoAnalyser, answer_of, evaluate
from liveness_server.evaluation.presenter import Presenter
from liveness_server.evaluation.presenter.film import write
from liveness_server.evaluation.provenance import MEASURING, PACKAGE, code_digest
from liveness_server.types import Outcome
from liveness_server.vision.measure import VisionModels
from server.evaluation.judging import Script, answer, attack, dataset, live, made_with

PASS, FAIL, NONE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
FILES = [f"{number}.mp4" for number in range(6)]


@pytest.fixture
def clips(tmp_path: Path) -> Dataset:
    return dataset(tmp_path / "set", [live(file) for file in FILES])


def results(tmp_path: Path, *, conditions: str = "now", resume: bool = False) -> Results:
    return Results(tmp_path / "out", conditions, resume=resume)


def script() -> Script:
    return Script({file: answer(PASS, reason=file) for file in FILES})


@pytest.mark.parametrize("jobs", [1, 4])
def test_answers_come_in_the_order_of_the_manifest(tmp_path: Path, clips: Dataset, jobs: int) -> None:
    analyser = Script({file: answer(FAIL, reason=file) for file in FILES})
    done: list[str] = []
    judged = evaluate(clips, analyser, results(tmp_path), jobs=jobs, on_done=lambda clip: done.append(clip.file))
    assert [j.clip.file for j in judged] == FILES
    assert [j.answer.reasons for j in judged] == [(f"texture:{file}",) for file in FILES]
    assert sorted(done) == sorted(analyser.asked) == FILES


def test_a_file_that_cannot_be_used_is_a_presentation_without_an_answer(tmp_path: Path, clips: Dataset) -> None:
    analyser = Script({**{file: answer(PASS) for file in FILES}, "2.mp4": MediaError("broken", "truncated")})
    found = {j.clip.file: j.answer for j in evaluate(clips, analyser, results(tmp_path))}
    assert found["2.mp4"] == Answer(NONE, NONE, ("media:truncated",), {})
    assert len(found) == len(FILES)


def test_resuming_judges_only_what_is_missing(tmp_path: Path, clips: Dataset) -> None:
    first = evaluate(clips, script(), results(tmp_path))
    kept = sorted((tmp_path / "out" / "results").glob("*.json"))
    kept[0].unlink()
    again = script()
    assert evaluate(clips, again, results(tmp_path, resume=True)) == first
    assert len(again.asked) == 1


@pytest.mark.parametrize("spoilt", [b"", b'{"file": "0.mp4"', b'{"file": 1}'])
def test_a_spoilt_result_is_judged_again(tmp_path: Path, clips: Dataset, spoilt: bytes) -> None:
    evaluate(clips, script(), results(tmp_path))
    next((tmp_path / "out" / "results").glob("*.json")).write_bytes(spoilt)
    again = script()
    evaluate(clips, again, results(tmp_path, resume=True))
    assert len(again.asked) == 1


def test_results_of_another_set_up_or_file_are_judged_again(tmp_path: Path, clips: Dataset) -> None:
    evaluate(clips, script(), results(tmp_path))
    other = script()
    evaluate(clips, other, results(tmp_path, conditions="another policy", resume=True))
    assert sorted(other.asked) == FILES
    clips.clips[3].path.write_text("another take")
    changed = script()
    evaluate(clips, changed, results(tmp_path, conditions="another policy", resume=True))
    assert changed.asked == ["3.mp4"]


def test_a_corrected_label_needs_no_new_judgement(tmp_path: Path, clips: Dataset) -> None:
    evaluate(clips, script(), results(tmp_path))
    again = script()
    relabelled = dataset(tmp_path / "set", [attack(file, "print") for file in FILES])
    judged = evaluate(relabelled, again, results(tmp_path, resume=True))
    assert again.asked == []
    assert {j.clip.species for j in judged} == {"print"}


def test_results_of_a_run_are_not_overwritten_unasked(tmp_path: Path, clips: Dataset) -> None:
    evaluate(clips, script(), results(tmp_path))
    with pytest.raises(ConfigError, match="--resume"):
        results(tmp_path)


def test_a_stop_keeps_what_was_judged(tmp_path: Path, clips: Dataset) -> None:
    def interrupt(_: Clip) -> None:
        raise KeyboardInterrupt

    first = script()
    with pytest.raises(KeyboardInterrupt):
        evaluate(clips, first, results(tmp_path), jobs=1, on_done=interrupt)
    again = script()
    assert len(evaluate(clips, again, results(tmp_path, resume=True))) == len(FILES)
    assert sorted(first.asked + again.asked) == FILES


def test_a_stop_reaches_the_clip_under_way(tmp_path: Path, clips: Dataset) -> None:
    """The second clip goes on for as long as nobody stops it."""
    begun, ended = Event(), Event()

    def endless(clip: Clip, stopped: Callable[[], bool]) -> Answer:
        if clip.file == FILES[0]:
            begun.wait()
            raise ModelError("gone")
        begun.set()
        while not stopped():
            pass
        ended.set()
        raise Stopped

    with pytest.raises(ModelError, match="gone"):
        evaluate(clips, endless, results(tmp_path), jobs=2)
    assert ended.is_set()


def analysis(**outcomes: Outcome) -> Analysis:
    checks = {name: CheckReport(PASS, "ok", 0.7) for name in REGISTRY}
    checks |= {name: CheckReport(outcome, "odd", 0.3) for name, outcome in outcomes.items()}
    return Analysis(FAIL, ["match:odd"], checks, Timeline([], None, None), 301, 10.0, 1)


def test_the_comparison_is_no_part_of_attack_detection() -> None:
    found = answer_of(analysis(match=FAIL), shipped_policies()["standard"], {}, {})
    assert (found.decision, found.pad) == (FAIL, PASS)
    assert answer_of(analysis(single_face=FAIL), shipped_policies()["standard"], {}, {}).pad is FAIL
    assert answer_of(analysis(single_face=NONE, match=PASS), shipped_policies()["standard"], {}, {}).pad is NONE


def test_one_number_a_check_and_classes_are_kept(tmp_path: Path, clips: Dataset) -> None:
    seen = {"measured_light": "luma 50 to 100"}
    kept = answer_of(analysis(match=FAIL), shipped_policies()["standard"], {"match": 0.25}, seen)
    evaluate(clips, Script(dict.fromkeys(FILES, kept)), results(tmp_path))
    text = next((tmp_path / "out" / "results").glob("*.json")).read_text()
    assert '"quality"' not in text
    found = json.loads(text)["answer"]
    assert set(found) == {
        *("decision", "pad", "reasons", "checks", "frames", "duration_s", "conditions"),
        *("reference_fault", "features"),
    }
    assert found["features"] == {}
    assert found["checks"]["match"] == {"outcome": "fail", "reason": "odd", "measure": 0.25}
    assert found["checks"]["texture"]["measure"] is None
    assert found["conditions"] == seen


MADE = made_with()


@pytest.mark.parametrize("field", [field.name for field in fields(MADE)])
def test_whatever_an_answer_depends_on_changes_the_digest(field: str) -> None:
    was = getattr(MADE, field)
    other = {**was, "numpy": "0"} if isinstance(was, dict) else [*was, "x"] if isinstance(was, list) else was + "0"
    assert replace(MADE, **{field: other}).digest != MADE.digest


def test_a_threshold_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(REGISTRY["texture"], "Config", partial(REGISTRY["texture"].Config, deny=0.36))
    assert made_with().checks_sha256 != MADE.checks_sha256


def test_a_change_of_the_code_changes_the_digest(tmp_path: Path) -> None:
    copy = shutil.copytree(PACKAGE, tmp_path / "copy", ignore=shutil.ignore_patterns("__pycache__"))
    assert code_digest(copy) == code_digest(PACKAGE)
    before = code_digest(copy)
    with (copy / "vision" / "geometry.py").open("a") as file:
        file.write("# changed\n")
    assert code_digest(copy) != before
    before = code_digest(copy)
    with (copy / "app" / "routes.py").open("a") as file:
        file.write("# no answer depends on it\n")
    assert code_digest(copy) == before


def test_all_code_that_answers_come_from_is_in_the_digest() -> None:
    """Of what `evaluation.evaluate` imports, the rest names errors, messages and packages only."""
    listing = (
        "import sys, liveness_server.evaluation.evaluate\n"
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('liveness_server.')))"
    )
    printed = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout
    loaded = {Path(file).relative_to(PACKAGE) for file in printed.split()}
    rest = {path.as_posix() for path in loaded if not any(path.is_relative_to(place) for place in MEASURING)}
    assert {path for path in rest if not path.endswith("__init__.py")} == {"errors.py", "wire.py"}


# The command, with real vision on a clip of a second


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def filmed(tmp_path: Path) -> Path:
    """A data set of one rendered clip, twice, with a reference of its own and somebody else's portrait, and a text."""
    from PIL import Image

    from liveness_server.evaluation.presenter import portrait

    folder = tmp_path / "set"
    rows = [
        attack("own.mp4", "puppet", reference="hopper.png"),
        attack("other.mp4", "puppet", reference="astronaut.png"),
        live("text.mp4"),
    ]
    dataset(folder, rows)
    for name in ("hopper", "astronaut"):
        Image.fromarray(portrait(name)).save(folder / f"{name}.png")
    presenter = Presenter("hopper", seed=1)
    write(folder / "own.mp4", (presenter.frame(i / 15) for i in range(30)), (640, 480), 15)
    (folder / "other.mp4").write_bytes((folder / "own.mp4").read_bytes())
    return folder


def test_the_command_writes_both_reports(tmp_path: Path, filmed: Path, models: VisionModels) -> None:
    out = tmp_path / "out"
    code, printed, _ = run(filmed, "--out", out, "--jobs", 2, "--features")
    assert code == 0
    report = json.loads((out / "report.json").read_text())
    kept = msgspec.json.decode((out / FEATURES).read_bytes(), type=Kept)
    assert kept.report_sha256 == hashlib.sha256((out / "report.json").read_bytes()).hexdigest()
    assert set(kept.features) == set(report["decisions"])
    assert kept.features["own.mp4"]["deepfake_temporal"]
    assert "features" not in report["decisions"]["own.mp4"]
    assert set(report["decisions"]) == {"own.mp4", "other.mp4", "text.mp4"}
    assert report["decisions"]["text.mp4"]["reasons"] == ["media:unreadable"]
    assert report["decisions"]["other.mp4"]["decision"] == "fail"
    assert "match:other_person" in report["decisions"]["other.mp4"]["reasons"]
    assert report["decisions"]["other.mp4"]["pad"] == report["decisions"]["own.mp4"]["pad"]
    assert report["decisions"]["own.mp4"]["frames"] == 30
    assert set(report["decisions"]["own.mp4"]["conditions"]) == set(MEASURED) - {"frame_rate"}
    assert report["species"]["puppet"]["n"] == 2
    assert report["iapar"]["species"]["puppet"]["n"] == 2
    assert "self-assessed" in (out / "report.html").read_text()
    assert "APCER, worst species" in printed

    code, _, complaint = run(filmed, "--out", out)
    assert code == 73
    assert "--resume" in complaint
    assert run(filmed, "--out", out, "--resume", "--features")[0] == 0


def test_a_faulty_manifest_says_where(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    dataset(folder, [live("a.mp4")])
    (folder / "a.mp4").unlink()
    code, _, complaint = run(folder, "--out", tmp_path / "out")
    assert code == 65
    assert "row 2, column 'file'" in complaint
    assert not (tmp_path / "out").exists()


def test_missing_models_say_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset(tmp_path / "set", [live("a.mp4")])
    monkeypatch.setenv("LIVENESS_MODELS_DIR", str(tmp_path / "nowhere"))
    code, _, complaint = run(tmp_path / "set", "--out", tmp_path / "out")
    assert code == 69
    assert "models fetch" in complaint


def test_an_unknown_policy_is_a_wrong_command_line(tmp_path: Path) -> None:
    assert run(tmp_path, "--out", tmp_path, "--policy", "nope")[0] == 2


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    dataset(tmp_path / "set", [live("a.mp4")])
    (tmp_path / "file").write_text("")
    code, _, complaint = run(tmp_path / "set", "--out", tmp_path / "file" / "out")
    assert code == 73
    assert "Errno" not in complaint
    assert f"{tmp_path / 'file'}" in complaint.replace("\n", "")


def test_a_reference_without_a_face_ends_the_run_before_it_begins(tmp_path: Path, models: VisionModels) -> None:
    from PIL import Image

    dataset(tmp_path / "set", [live("a.mp4"), attack("b.mp4", "print", reference="grey.png")])
    Image.new("RGB", (320, 240), "grey").save(tmp_path / "set" / "grey.png")
    code, _, complaint = run(tmp_path / "set", "--out", tmp_path / "out")
    assert code == 65
    assert "row 3, column 'reference': grey.png: no face" in complaint.replace("\n", " ")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_compared_is_judged_without(tmp_path: Path, filmed: Path, models: VisionModels) -> None:
    """The picture went bad after it was tried: no attack may gain by it."""
    clip = load_dataset(filmed).clips[0]
    assert clip.reference is not None
    clip.reference.write_bytes(b"no picture")
    found = VideoAnalyser(models, shipped_policies()["standard"], features=True)(clip, lambda: False)
    assert found.reference_fault == "not_a_picture"
    assert found.decision is found.pad
    assert found.frames == 30
    assert all(isinstance(value, float) for kept in found.features.values() for value in kept.values())
