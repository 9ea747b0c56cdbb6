"""What the documents print of a report: the same figures, under the same rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.print_evaluation import BLOCKS, DOCUMENT, PARTS, clips, files, live, written
from liveness_server.checks import REGISTRY
from liveness_server.evaluation.attacks import SPECIES
from liveness_server.evaluation.wording import command
from server.evaluation.judging import few_of_many
from server.evaluation.test_report import NOTHING


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = few_of_many(tmp_path_factory.mktemp("few"))
    return files({**found, "command": command(["evaluate", "--from", "/home/somebody/one.mp4", "--out", "/tmp/here"])})


def test_every_species_and_check_stands_there_and_no_bare_0(printed: str) -> None:
    assert all(f"`{name}`" in printed for name in SPECIES)
    assert all(name.replace("_", " ") in printed for name in REGISTRY)
    assert all(head in printed for head in PARTS)
    assert not NOTHING.search(printed)
    assert "0 of 46" in printed


def test_no_place_on_the_machine_is_printed(printed: str) -> None:
    assert "    liveness-server evaluate --from one.mp4 --out here\n" in printed


def test_every_row_has_the_cells_of_its_head(printed: str) -> None:
    for part in printed.split("\n\n"):
        lines = part.splitlines()
        if lines and lines[0].startswith("|"):
            assert len({line.count(" | ") for line in lines if not line.startswith("|-")}) == 1, lines[0]


def test_the_document_has_a_place_for_each_block() -> None:
    text = DOCUMENT.read_text()
    for name in BLOCKS:
        changed = written(text, name, "NEW")
        assert f"<!-- {name} -->\n\nNEW\n\n<!-- end of {name} -->" in changed
        assert written(changed, name, "NEW") == changed


def test_clips_are_listed_with_what_was_decided(tmp_path: Path) -> None:
    lines = clips(few_of_many(tmp_path)).splitlines()
    assert "| `live0.mp4` | bona fide | pass | – |" in lines
    (denied,) = [line for line in lines if line.startswith("| `puppet0.mp4` | puppet | fail | ")]
    assert "`deepfake_temporal:odd_enough`" in denied


def test_sessions_of_one_outcome_stand_together() -> None:
    def played(species: str, decision: str, *reasons: str) -> dict:
        return {"species": species, "decision": decision, "reasons": list(reasons)}

    lines = live(
        [
            played("flat_print", "fail", "texture:bezel"),
            played("puppet", "pass"),
            played("bent_print", "fail", "texture:bezel"),
        ]
    ).splitlines()
    assert lines[0] == "3 sessions."
    assert lines[-2:] == ["| pass | `puppet` | – |", "| fail | `flat_print`, `bent_print` | `texture:bezel` |"]
