"""The manifest of a data set: what is read, and where each fault is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from liveness_server.errors import ConfigError, MediaError
from liveness_server.evaluation.dataset import DatasetError, Label, load_dataset

HEADER = "file,subject,label,species,instrument,device,condition"
GOOD = "a.mp4,s1,bona_fide,,,webcam,office"


def folder(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    for name in ("a.mp4", "b.mp4", "me.png"):
        (tmp_path / name).write_bytes(b"not looked into here")
    (tmp_path / "manifest.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return tmp_path


def test_presentations_are_read_in_order(tmp_path: Path) -> None:
    rows = (GOOD + ",me.png,20", "b.mp4,s1,attack,flat_print,A4 laser,webcam,dim,,5")
    found = load_dataset(folder(tmp_path, *rows, header=HEADER + ",reference,lux"))
    live, attack = found.clips
    assert (live.file, live.label, live.species, live.reference) == ("a.mp4", Label.BONA_FIDE, "", tmp_path / "me.png")
    assert (attack.path, attack.label, attack.species) == (tmp_path / "b.mp4", Label.ATTACK, "flat_print")
    assert attack.reference is None
    assert attack.columns["lux"] == "5"
    assert found.slices == ("subject", "instrument", "device", "condition", "lux")


def test_spreadsheets_may_leave_a_mark_spaces_and_empty_lines(tmp_path: Path) -> None:
    path = folder(tmp_path, GOOD.replace(",", " , "), ",,,,,,", "")
    manifest = path / "manifest.csv"
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes().replace(b"\n", b"\r\n"))
    assert [clip.file for clip in load_dataset(path).clips] == ["a.mp4"]


def test_the_digest_is_the_manifest_s(tmp_path: Path) -> None:
    first = load_dataset(folder(tmp_path, GOOD)).digest
    assert load_dataset(folder(tmp_path, GOOD)).digest == first
    assert load_dataset(folder(tmp_path, GOOD.replace("office", "dim"))).digest != first


@pytest.mark.parametrize("word", ["", "-", "none", "N/A", "live", "bona_fide"])
def test_a_bona_fide_presentation_has_no_species(tmp_path: Path, word: str) -> None:
    assert load_dataset(folder(tmp_path, f"a.mp4,s1,bona_fide,{word},,,")).clips[0].species == ""


@pytest.mark.parametrize(
    ("rows", "row", "column", "problem"),
    [
        (("a.mp4,s1,real,,,,",), 2, "label", "neither bona_fide nor attack"),
        ((GOOD, "b.mp4,s1,attack,,,,"), 3, "species", "needs its species"),
        ((GOOD, "", "b.mp4,s1,bona_fide,flat_print,,,"), 4, "species", "found 'flat_print'"),
        (("c.mp4,s1,bona_fide,,,,",), 2, "file", "c.mp4 is not there"),
        ((",s1,bona_fide,,,,",), 2, "file", "is empty"),
        (("../a.mp4,s1,bona_fide,,,,",), 2, "file", "leads out"),
        (("/etc/hostname,s1,bona_fide,,,,",), 2, "file", "leads out"),
        ((GOOD, GOOD), 3, "file", "already listed in row 2"),
        ((GOOD, f"./{GOOD}"), 3, "file", "already listed in row 2"),
        ((GOOD, "b.mp4,s1,attack,bona_fide,,,"), 3, "species", "no species of attack"),
        (("a.mp4,s1,bona_fide",), 2, None, "has 3 cells, the header has 7"),
        ((), None, None, "no presentation"),
    ],
)
def test_faults_name_row_and_column(
    tmp_path: Path, rows: tuple[str, ...], row: int | None, column: str | None, problem: str
) -> None:
    with pytest.raises(DatasetError, match=problem) as caught:
        load_dataset(folder(tmp_path, *rows))
    assert (caught.value.row, caught.value.column) == (row, column)
    assert row is None or f"row {row}" in str(caught.value)
    assert isinstance(caught.value, ConfigError)


@pytest.mark.parametrize(
    ("header", "column", "problem"),
    [
        (HEADER.replace(",species", ""), "species", "missing"),
        (HEADER + ",device", "device", "twice"),
        (HEADER + ",", "8", "no name"),
        ("", "file", "missing"),
        (HEADER.replace(",", ";"), "file", "parted by commas, not by ';'"),
        (HEADER + ",decision", "decision", "reports use themselves"),
        (HEADER + ",frame_rate", "frame_rate", "reports use themselves"),
        (HEADER + ",measured_light", "measured_light", "reports use themselves"),
    ],
)
def test_faults_of_the_header(tmp_path: Path, header: str, column: str, problem: str) -> None:
    with pytest.raises(DatasetError, match=problem) as caught:
        load_dataset(folder(tmp_path, header=header))
    assert (caught.value.row, caught.value.column) == (1, column)


def test_a_missing_reference_names_its_column(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"you\.png is not there") as caught:
        load_dataset(folder(tmp_path, GOOD + ",you.png", header=HEADER + ",reference"))
    assert (caught.value.row, caught.value.column) == (2, "reference")


def test_a_reference_that_cannot_be_used_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    def refuse(path: Path) -> None:
        tried.append(path.name)
        raise MediaError("no face was found in the picture", "no_face")

    tried: list[str] = []
    found = folder(tmp_path, "b.mp4,s1,bona_fide,,,,,", GOOD + ",me.png", header=HEADER + ",reference")
    with pytest.raises(DatasetError, match=r"me\.png: no face was found") as caught:
        load_dataset(found, refuse)
    assert (caught.value.row, caught.value.column, tried) == (3, "reference", ["me.png"])


def test_a_folder_without_manifest(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        load_dataset(tmp_path)


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_bytes(HEADER.encode("utf-16"))
    with pytest.raises(DatasetError, match="not UTF-8"):
        load_dataset(tmp_path)


def test_cells_may_be_quoted_and_broken(tmp_path: Path) -> None:
    rows = ('a.mp4,s1,bona_fide,,,"web, cam","dim\nroom"', "c.mp4,s1,bona_fide,,,,")
    with pytest.raises(DatasetError, match=r"c\.mp4 is not there") as caught:
        load_dataset(folder(tmp_path, *rows))
    assert caught.value.row == 4
    columns = load_dataset(folder(tmp_path, rows[0])).clips[0].columns
    assert (columns["device"], columns["condition"]) == ("web, cam", "dim\nroom")


def test_a_cell_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="field larger") as caught:
        load_dataset(folder(tmp_path, "a" * 200_000))
    assert caught.value.row == 2
