"""A kept transcript gives the same verdict bit for bit; a changed one does not, and says so without showing a face."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from acting import BOB, Actor, connected, play, spec
from liveness_server.cli import app
from liveness_server.engine.replay import TranscriptError, closing_line, replay


def recorded(**kwargs) -> list[str]:
    session = connected(spec(**kwargs), keep=True)
    play(session, Actor())
    return [*session.transcript, closing_line(session.verdict)]


@pytest.mark.parametrize("reference", [None, 0, BOB])
def test_bit_for_bit(reference):
    outcome = replay(recorded(reference=reference))
    assert outcome.same
    assert outcome.same_engine


def test_a_changed_number_changes_the_hash():
    lines = recorded()
    lines[100] = lines[100].replace('"faces":1', '"faces":2')
    outcome = replay(lines)
    assert not outcome.same
    assert outcome.session.verdict.transcript_hash != outcome.recorded.transcript_hash


def test_without_keeping_there_is_a_hash_and_no_line():
    kept, dropped = connected(spec(), keep=True), connected(spec())
    play(kept, Actor())
    play(dropped, Actor())
    assert dropped.transcript == []
    assert dropped.verdict == kept.verdict


def test_cli_says_the_same(tmp_path):
    file = tmp_path / "session.jsonl"
    file.write_text("\n".join(recorded()))
    result = CliRunner().invoke(app, ["replay", str(file)])
    assert result.exit_code == 0
    assert "bit for bit" in result.output
    as_json = CliRunner().invoke(app, ["replay", str(file), "--json"])
    told = json.loads(as_json.stdout)
    assert told["same"] is True
    assert told["features"]["deepfake_temporal"]["blinks_per_min"] >= 0


def test_cli_tells_flags_and_they_are_part_of_the_verdict(tmp_path):
    file = tmp_path / "session.jsonl"
    file.write_text("\n".join(recorded()))
    assert "exact_pacing" in CliRunner().invoke(app, ["replay", str(file)]).output
    assert '"flags":["exact_pacing"]' in file.read_text().splitlines()[-1]


def test_cli_reports_a_difference(tmp_path):
    lines = recorded()
    lines[100] = lines[100].replace('"faces":1', '"faces":2')
    file = tmp_path / "session.jsonl"
    file.write_text("\n".join(lines))
    assert CliRunner().invoke(app, ["replay", str(file)]).exit_code == 1


def test_cli_refuses_a_transcript_with_its_beginning_cut_out(tmp_path):
    lines = recorded()
    file = tmp_path / "session.jsonl"
    file.write_text("\n".join([lines[0], *lines[200:]]))
    assert CliRunner().invoke(app, ["replay", str(file)]).exit_code == 65


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"event":"input","now":1,"input":"hello"}'])
def test_not_a_transcript(tmp_path, text):
    with pytest.raises(TranscriptError):
        replay(text.splitlines())
    file = tmp_path / "x.jsonl"
    file.write_text(text)
    assert CliRunner().invoke(app, ["replay", str(file)]).exit_code == 65


def test_a_bad_line_is_named_by_number_and_not_quoted():
    lines = recorded()
    lines[5] = '{"event":"input","now":"secret-landmark"}'
    with pytest.raises(TranscriptError) as caught:
        replay(lines)
    assert "line 6" in str(caught.value)
    assert "secret" not in str(caught.value)
