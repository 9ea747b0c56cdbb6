"""Rendered presentations: planned by all they are made of, there only while they are judged, and never twice."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from liveness_server.cli import app
from liveness_server.errors import MediaError
from liveness_server.evaluation.attacks import SPECIES, Family, PortraitSource
from liveness_server.evaluation.dataset import FROM_PRESENTER, Clip, Label
from liveness_server.evaluation.evaluate import Answer, Results, Stopped, evaluate
from liveness_server.evaluation.presenter import PORTRAITS, Presenter
from liveness_server.evaluation.presenter.film import write
from liveness_server.evaluation.rendering import (
    COLUMNS,
    Footage,
    Plan,
    RenderError,
    Rendering,
    RenderingAnalyser,
    clip_footage,
    instrument_and_method,
    lab_digest,
    plan,
    portrait_footage,
    workroom,
)
from liveness_server.transport.files import read_video
from liveness_server.types import Outcome
from liveness_server.vision.measure import VisionModels
from server.evaluation.judging import answer

HOW = Rendering((7,), (160, 120), 0.2)
KINDS = [SPECIES["frozen_frames"], SPECIES["looped_video"]]
PASS = answer(Outcome.PASS)


@pytest.fixture(scope="module")
def footage(models: VisionModels) -> Footage:
    return Footage(PortraitSource("hopper", models.bundle, seconds=HOW.seconds), "hopper", "some digest", None)


def going_on() -> bool:
    return False


class Watcher:
    """Judges every file `pass`, and remembers what lay there meanwhile."""

    def __init__(self) -> None:
        self.frames: dict[str, int] = {}

    def __call__(self, clip: Clip, stopped: Callable[[], bool]) -> Answer:
        assert clip.reference is not None
        assert clip.reference.read_bytes().startswith(b"\x89PNG")
        self.frames[clip.file] = sum(1 for _ in read_video(clip.path))
        return PASS


def run(planned: Plan, watcher: Watcher, out: Path, *, resume: bool = False, keep: bool = False) -> None:
    evaluate(planned.dataset, RenderingAnalyser(watcher, planned, keep=keep), Results(out, "now", resume=resume))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_every_species_is_planned_from_every_source_with_every_seed(footage: Footage, tmp_path: Path) -> None:
    how = replace(HOW, seeds=(1, 2))
    both = [footage, replace(footage, subject="other", digest="other")]
    clips = plan(both, KINDS, how, tmp_path).dataset.clips
    assert len(clips) == len({clip.file for clip in clips}) == len({clip.recipe for clip in clips}) == 8
    assert {clip.species for clip in clips} == {"frozen_frames", "looped_video"}
    assert all(clip.label is Label.ATTACK and clip.reference and tuple(clip.columns) == COLUMNS for clip in clips)


@pytest.mark.parametrize("change", [{"seeds": (8,)}, {"size": (320, 240)}, {"seconds": 0.3}])
def test_what_a_presentation_is_made_of_is_in_its_key(footage: Footage, tmp_path: Path, change: dict) -> None:
    (first,) = plan([footage], KINDS[:1], HOW, tmp_path).dataset.clips
    assert plan([footage], KINDS[:1], HOW, tmp_path / "elsewhere").dataset.clips[0].recipe == first.recipe
    assert plan([footage], KINDS[:1], replace(HOW, **change), tmp_path).dataset.clips[0].recipe != first.recipe
    other = replace(footage, digest="another clip")
    assert plan([other], KINDS[:1], HOW, tmp_path).dataset.clips[0].recipe != first.recipe
    assert len(lab_digest()) == 64


@pytest.mark.parametrize("kind", SPECIES.values(), ids=SPECIES)
def test_injections_have_a_method_and_presentations_an_instrument(kind) -> None:
    instrument, method = instrument_and_method(kind)
    assert instrument
    assert bool(method) is (kind.family is Family.INJECTION)
    assert method.startswith("injected stream") or not method


def test_each_is_there_while_it_is_judged_and_gone_afterwards(footage: Footage, tmp_path: Path) -> None:
    watcher = Watcher()
    with workroom(tmp_path, keep=False) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        run(plan([footage], KINDS, HOW, folder), watcher, tmp_path)
        assert files(folder) == []
    assert watcher.frames == {"frozen_frames/hopper-7.mp4": 6, "looped_video/hopper-7.mp4": 6}
    assert not folder.exists()


def test_what_is_to_be_kept_is_kept(footage: Footage, tmp_path: Path) -> None:
    with workroom(tmp_path, keep=True) as folder:
        run(plan([footage], KINDS[:1], HOW, folder), Watcher(), tmp_path, keep=True)
    assert files(folder) == ["hopper-7.mp4", "hopper-7.png"]


def test_nothing_is_rendered_whose_answer_is_kept(footage: Footage, tmp_path: Path) -> None:
    run(plan([footage], KINDS[:1], HOW, tmp_path), Watcher(), tmp_path)
    again = Watcher()
    run(plan([footage], KINDS, HOW, tmp_path), again, tmp_path, resume=True)
    assert list(again.frames) == ["looped_video/hopper-7.mp4"]


@pytest.mark.parametrize("end", [KeyboardInterrupt(), MediaError("broken", "truncated")])
def test_an_end_in_the_middle_leaves_no_face(footage: Footage, tmp_path: Path, end: BaseException) -> None:
    def breaks(clip: Clip, stopped: Callable[[], bool]) -> Answer:
        raise end

    def judge() -> None:
        with workroom(tmp_path, keep=False) as folder:
            planned = plan([footage], KINDS[:1], HOW, folder)
            RenderingAnalyser(breaks, planned, keep=False)(planned.dataset.clips[0], going_on)

    with pytest.raises(type(end)):
        judge()
    assert files(tmp_path) == []


def test_a_stop_ends_a_rendering(footage: Footage, tmp_path: Path) -> None:
    planned = plan([footage], KINDS[:1], HOW, tmp_path)
    with pytest.raises(Stopped):
        RenderingAnalyser(Watcher(), planned, keep=False)(planned.dataset.clips[0], lambda: True)
    assert files(tmp_path) == []


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / "rendering" / "puppet" / "somebody.mp4"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"a face")
    with workroom(tmp_path, keep=True):
        assert not left.exists()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 2.5 s of the presenter."""
    path = tmp_path_factory.mktemp("clips") / "somebody.mp4"
    presenter = Presenter("hopper", seed=1, size=(320, 240))
    write(path, (presenter.frame(i / 10) for i in range(25)), (320, 240), 10)
    return path


def test_clips_are_opened_once_under_one_name(clip: Path, tmp_path: Path, models: VisionModels) -> None:
    (found,) = clip_footage([clip], models.bundle, 1.0)
    assert (found.subject, found.path, found.digest) == (
        "somebody",
        clip,
        hashlib.sha256(clip.read_bytes()).hexdigest(),
    )
    (tmp_path / clip.name).write_bytes(b"")
    for other in (tmp_path / clip.name, clip.with_suffix(".webm")):
        with pytest.raises(RenderError, match="two clips are named somebody:"):
            list(clip_footage([clip, other], models.bundle, 1.0))
    with pytest.raises(RenderError, match=r"somebody\.mp4 is empty"):
        list(clip_footage([tmp_path / clip.name], models.bundle, 1.0))


def test_a_clip_is_cut_into_whole_pieces(clip: Path, footage: Footage, tmp_path: Path) -> None:
    found = replace(footage, path=clip)
    spans = [c.span for c in plan([found], [], replace(HOW, seconds=1.0, pieces=9), tmp_path).dataset.clips]
    assert spans == [(0.0, 1.0), (1.0, 2.0)]
    (whole,) = plan([found], [], replace(HOW, seconds=60.0), tmp_path).dataset.clips
    assert (whole.file, whole.label) == ("somebody.mp4", Label.BONA_FIDE)


def test_portraits_are_sources_but_nobody_s_presentation(tmp_path: Path, models: VisionModels) -> None:
    found = list(portrait_footage(models.bundle, 1.0, 3))
    assert [f.subject for f in found] == [f"presenter-{name}" for name in sorted(PORTRAITS)]
    clips = plan(found, KINDS[:1], HOW, tmp_path).dataset.clips
    assert [clip.label for clip in clips] == [Label.ATTACK] * len(PORTRAITS)
    assert {clip.columns["condition"] for clip in clips} == {FROM_PRESENTER}


def run_command(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    return result.exit_code, result.stderr


def test_the_command_renders_judges_and_tidies_up(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--seconds", 1, "--width", 320, "--jobs", 2, "--out", out)
    code, said = run_command("--render", "frozen_frames", "face_swap", "--from", clip, *options)
    assert code == 0, said
    assert "testing one's own system" in said
    report = json.loads((out / "report.json").read_text())
    assert {name: row["n"] for name, row in report["species"].items()} == {"face_swap": 1, "frozen_frames": 1}
    assert report["bona_fide"]["n"] == 1
    assert report["decisions"]["somebody.mp4"]["frames"] == 10
    assert report["iapar"]["species"]["face_swap"]["n"] == 1
    assert sum(cell["apcer"]["n"] for row in report["injection"].values() for cell in row.values()) == 2
    assert any("rendered, not recorded" in sentence for sentence in report["not_covered"])
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.json", "results"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "either a DATASET or"),
        (("--render", "all"), "name clips to render from"),
        (("--render", "no_such", "--portraits"), "no_such"),
        (("set", "--portraits"), "goes with --render only"),
    ],
)
def test_a_wrong_command_line_says_so(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    code, complaint = run_command(*arguments, "--out", tmp_path / "out")
    assert code == 2
    assert said in " ".join(complaint.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_a_clip_without_video_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    code, complaint = run_command("--render", "puppet", "--from", tmp_path, "--out", tmp_path / "out")
    assert code == 65
    assert "text.mp4" in complaint


def test_a_folder_without_videos_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no video")
    code, complaint = run_command("--render", "puppet", "--from", tmp_path, "--out", tmp_path / "out")
    assert code == 65
    assert f"no video in {tmp_path}" in complaint.replace("\n", "")
    assert not (tmp_path / "out").exists()


def test_a_file_is_named_once_in_a_message(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    _, complaint = run_command("--render", "puppet", "--from", text, "--out", tmp_path / "out")
    assert complaint.count("text.mp4") == 1


def test_portraits_alone_have_no_bar_of_sources(tmp_path: Path) -> None:
    options = ("--seconds", 1, "--width", 160, "--out", tmp_path / "out")
    code, said = run_command("--render", "frozen_frames", "--portraits", *options)
    assert code == 0, said
    assert "sources" not in said
