"""Proposed thresholds: in the middle of a gap that was made, refused where there is none, and readable as TOML."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from liveness_server.checks import REGISTRY
from liveness_server.cli import app
from liveness_server.evaluation.calibrate import (
    FEATURES,
    MIN_PRESENTATIONS,
    CalibrationError,
    feature_names,
    measured_checks,
    propose,
    propose_feature,
)
from liveness_server.evaluation.evaluate import Answer, CheckAnswer
from liveness_server.evaluation.rows import Row
from liveness_server.types import Outcome
from server.evaluation.judging import attack, dataset, live, report_of

CHECK = next(name for name, check in REGISTRY.items() if check.measured is not None and check.measured.higher_is_live)
LIVE = [2.0 + k / 10 for k in range(20)]
FLAT = [-k / 10 for k in range(20)]


def measured(value: float | None) -> Answer:
    outcome = Outcome.INCONCLUSIVE if value is None else Outcome.PASS
    return Answer(outcome, outcome, (), {CHECK: CheckAnswer(outcome, "ok", value)}, 301, 10.0)


def report(
    folder: Path, people: Sequence[float | None] = LIVE, *, subjects: int = 5, **species: Sequence[float | None]
) -> Row:
    """Build a report of `p0.mp4`, … and `print0.mp4`, …, each with its measure, subjects in turn."""
    rows, answers = [], {}
    for kind, values in {"": people, **(species or {"print": FLAT})}.items():
        for number, value in enumerate(values):
            file, subject = f"{kind or 'p'}{number}.mp4", f"s{number % subjects}"
            rows.append(attack(file, kind) | {"subject": subject} if kind else live(file, subject=subject))
            answers[file] = measured(value)
    return report_of(dataset(folder, rows), answers)


def test_a_threshold_is_in_the_middle_of_the_gap(tmp_path: Path) -> None:
    found = propose(report(tmp_path), CHECK)
    assert (found.value, found.gap) == (1.0, (0.0, 2.0))
    assert (found.bona_fide.presentations, found.bona_fide.subjects, found.bona_fide.without) == (20, 5, 0)
    assert (found.bona_fide.edge_file, found.attacks.edge_file) == ("p0.mp4", "print0.mp4")
    about = REGISTRY[CHECK].measured
    assert about is not None
    assert (found.about.field, found.about.unit, found.about.higher_is_live) == (about.threshold, about.unit, True)
    assert measured_checks(report(tmp_path)) == [CHECK]


def test_a_narrow_gap_keeps_its_digits(tmp_path: Path) -> None:
    found = propose(report(tmp_path, [1.00002 + v for v in LIVE], print=[3.00001 + v for v in FLAT]), CHECK)
    assert found.gap[0] < found.value < found.gap[1]
    assert found.value == pytest.approx(sum(found.gap) / 2, rel=1e-7)


def test_whoever_has_no_number_is_left_out_and_counted(tmp_path: Path) -> None:
    found = propose(report(tmp_path, [*LIVE, None, None], print=[*FLAT, None]), CHECK)
    assert (found.bona_fide.presentations, found.bona_fide.without) == (20, 2)
    assert (found.attacks.presentations, found.attacks.without) == (20, 1)


def test_an_abstention_with_a_number_counts(tmp_path: Path) -> None:
    """Today's threshold must not choose who the next one is made from."""
    seen = report(tmp_path)
    for file in ("print0.mp4", "print1.mp4"):
        seen["decisions"][file]["checks"][CHECK]["outcome"] = "inconclusive"
    found = propose(seen, CHECK)
    assert (found.attacks.presentations, found.attacks.abstained, found.attacks.edge_file) == (20, 2, "print0.mp4")


def test_an_overlap_is_refused_with_its_files(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="no gap") as caught:
        propose(report(tmp_path, [-0.05, *LIVE]), CHECK)
    assert "1 (p0.mp4) of bona fide and 1 (print0.mp4) of attacks" in str(caught.value)


def test_touching_is_no_gap(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="no gap"):
        propose(report(tmp_path, LIVE, print=[2.0 + v for v in FLAT]), CHECK)


def test_a_check_may_be_held_against_what_it_is_meant_to_see(tmp_path: Path) -> None:
    seen = report(tmp_path, LIVE, print=FLAT, swap=LIVE)
    with pytest.raises(CalibrationError, match="no gap"):
        propose(seen, CHECK)
    found = propose(seen, CHECK, ["print"])
    assert list(found.by_species) == ["print"]
    with pytest.raises(CalibrationError, match="no species mask"):
        propose(seen, CHECK, ["mask"])


@pytest.mark.parametrize(
    ("people", "subjects", "said"),
    [
        (LIVE[1:], 5, f"measured {MIN_PRESENTATIONS - 1} bona fide presentations of 5 subjects"),
        ([*LIVE[1:], None], 5, r"\(1 have no number\)"),
        (LIVE, 4, "of 4 subjects"),
    ],
)
def test_too_few_say_nothing(tmp_path: Path, people: list[float | None], subjects: int, said: str) -> None:
    with pytest.raises(CalibrationError, match=said):
        propose(report(tmp_path, people, subjects=subjects), CHECK)


def test_a_check_without_a_number_has_no_threshold(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="single_face"):
        propose(report(tmp_path), "single_face")


# Features


def kept(found: Row, **features: dict[str, float]) -> dict[str, dict[str, dict[str, float]]]:
    """Give every file the feature `steady` of its own measure, and what is said of some files."""
    measures = {file: row["checks"][CHECK]["measure"] for file, row in found["decisions"].items()}
    return {
        file: {CHECK: {"steady": measure, **features.get(file.partition(".")[0], {})}}
        for file, measure in measures.items()
        if measure is not None
    }


@pytest.mark.parametrize("sign", [1, -1])
def test_a_gap_is_looked_for_on_whichever_side_bona_fide_lie(tmp_path: Path, sign: int) -> None:
    seen = report(tmp_path, [sign * v for v in LIVE], print=[sign * v for v in FLAT])
    found = propose_feature(seen, kept(seen), "steady")
    assert (found.check, found.about.field, found.about.today) == (CHECK, "steady", None)
    assert (found.about.higher_is_live, found.value) == (sign > 0, sign * 1.0)
    assert propose_feature(seen, kept(seen), f"{CHECK}.steady").value == found.value


def test_an_overlap_of_a_feature_is_refused_with_its_files(tmp_path: Path) -> None:
    seen = report(tmp_path, [-0.05, *LIVE])
    with pytest.raises(CalibrationError, match=r"steady: no gap in feature steady: 1 \(p0\.mp4\) of bona fide"):
        propose_feature(seen, kept(seen), "steady")


def test_a_feature_of_few_says_nothing(tmp_path: Path) -> None:
    seen = report(tmp_path)
    with pytest.raises(CalibrationError, match=r"measured 1 bona fide .*19 have no number"):
        propose_feature(seen, kept(seen, p0={"rare": 1.0}), "rare")


def test_a_feature_must_be_one(tmp_path: Path) -> None:
    seen = report(tmp_path)
    with pytest.raises(CalibrationError, match=f"nose: is none of {CHECK}.steady"):
        propose_feature(seen, kept(seen), "nose")
    twice = {file: {**found, "other": found[CHECK]} for file, found in kept(seen).items()}
    assert feature_names(twice) == sorted(["other.steady", f"{CHECK}.steady"])
    with pytest.raises(CalibrationError, match="several checks"):
        propose_feature(seen, twice, "steady")


def keep(folder: Path, found: Row, features: object) -> None:
    (folder / "report.json").write_text(json.dumps(found))
    sha256 = hashlib.sha256((folder / "report.json").read_bytes()).hexdigest()
    (folder / FEATURES).write_text(json.dumps({"report_sha256": sha256, "features": features}))


def test_the_command_looks_at_features_when_asked(tmp_path: Path) -> None:
    found = report(tmp_path / "set", LIVE, print=FLAT)
    keep(tmp_path, found, kept(found))
    code, said, out = calibrate(tmp_path, found, "--feature", "steady", "--feature", "nose")
    assert code == 1
    assert "nose: is none of" in said
    read = tomllib.loads(out.read_text())
    assert read["features"][CHECK]["steady"]["value"] == 1.0
    assert "today" not in read["features"][CHECK]["steady"]
    assert "thresholds" not in read


def test_features_must_be_of_the_same_run(tmp_path: Path) -> None:
    found = report(tmp_path / "set", LIVE, print=FLAT)
    code, said, _ = calibrate(tmp_path, found, "--feature", "steady")
    assert (code, "evaluate with --features" in said) == (65, True)
    keep(tmp_path, {**found, "generated": "another day"}, {})
    code, said, _ = calibrate(tmp_path, found, "--feature", "steady")
    assert (code, "of another run" in said) == (65, True)


# The command


def calibrate(folder: Path, found: Row, *arguments: str) -> tuple[int, str, Path]:
    (folder / "report.json").write_text(json.dumps(found))
    out = folder / "thresholds.toml"
    result = CliRunner().invoke(app, ["calibrate", str(folder), "--out", str(out), *arguments])
    return result.exit_code, result.stderr, out


def test_the_file_says_where_a_threshold_comes_from(tmp_path: Path) -> None:
    found = report(tmp_path / "set", LIVE, **{"print": FLAT, 'odd "name"\n': FLAT})
    code, _, out = calibrate(tmp_path, found, "--date", "2026-01-02")
    assert code == 0
    read = tomllib.loads(out.read_text())
    proposal = read["thresholds"][CHECK]
    assert (proposal["value"], proposal["gap"], proposal["bona_fide_is"]) == (1.0, [0.0, 2.0], "above")
    assert proposal["attacks"]["presentations"] == 40
    assert proposal["by_species"]["print"]["edge_file"] == "print0.mp4"
    assert set(proposal["species"]) == {"print", 'odd "name"\n'.strip()}
    source = read["source"]
    assert source["date"] == "2026-01-02"
    assert source["dataset_sha256"] == found["dataset"]["manifest_sha256"]
    assert source["models"] == found["provenance"]["models"]
    assert source["libraries"]["mediapipe"]


def test_a_refused_check_has_no_proposal(tmp_path: Path) -> None:
    code, said, out = calibrate(tmp_path, report(tmp_path / "set", [-1.0, *LIVE]))
    assert code == 1
    assert "p0.mp4" in said
    assert not out.exists()
    found = report(tmp_path / "other", LIVE, print=FLAT, swap=LIVE)
    code, said, out = calibrate(tmp_path, found, "--check", f"{CHECK}:print", "--check", "single_face")
    assert code == 1
    read = tomllib.loads(out.read_text())
    assert list(read["thresholds"]) == [CHECK]
    assert "no measure" in read["refused"]["single_face"]


@pytest.mark.parametrize("option", ["--check", "--feature"])
def test_one_name_has_one_threshold(tmp_path: Path, option: str) -> None:
    found = report(tmp_path / "set", LIVE, print=FLAT, swap=FLAT)
    code, said, out = calibrate(tmp_path, found, option, f"{CHECK}:print", option, f"{CHECK}:swap")
    assert (code, out.exists()) == (2, False)
    assert "is asked for twice" in said


@pytest.mark.parametrize("content", ["", "{", '{"format": 1}', "[]"])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "report.json").write_text(content)
    result = CliRunner().invoke(app, ["calibrate", str(tmp_path), "--out", str(tmp_path / "t.toml")])
    assert result.exit_code == 65
    assert CliRunner().invoke(app, ["calibrate", str(tmp_path / "no"), "--out", "t.toml"]).exit_code == 65
