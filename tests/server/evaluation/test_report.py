"""The report: every count where it belongs, and a page that never claims more than the counts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from liveness_server.checks import REGISTRY
from liveness_server.evaluation.dataset import REQUIRED, RESERVED
from liveness_server.evaluation.evaluate import Answer, CheckAnswer
from liveness_server.evaluation.metrics import Rate
from liveness_server.evaluation.page import render
from liveness_server.evaluation.report import NOTICE, Row, rate_row
from liveness_server.evaluation.wording import rate
from liveness_server.types import Outcome
from server.evaluation.judging import answer, attack, dataset, few_of_many, live, report_of

PASS, FAIL, NONE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Row:
    """Four people, 60 prints all denied, three replays of which one passes, one swap that matches the wrong person."""
    rows = [live(f"live{i}.mp4", condition="dim" if i else "office", reference="me.png") for i in range(4)]
    rows += [attack(f"print{i}.mp4", "print", instrument="A4", condition="office") for i in range(60)]
    rows += [attack(f"replay{i}.mp4", "replay", instrument="phone", condition="dim") for i in range(3)]
    rows += [attack("swap.mp4", "swap", method="virtual camera", instrument="mesh", reference="me.png")]
    answers = {row["file"]: answer(FAIL, reason="flat") for row in rows}
    answers |= {f"live{i}.mp4": answer(PASS, light="luma 50 to 100") for i in range(2)}
    answers |= {"live2.mp4": answer(NONE, reason="too_dark"), "live3.mp4": answer(FAIL, reason="flat")}
    answers |= {"replay0.mp4": answer(PASS, frames=121), "replay1.mp4": Answer(NONE, NONE, ("media:truncated",), {})}
    answers |= {"swap.mp4": answer(PASS, decision=FAIL, reason="other_person")}
    return report_of(dataset(tmp_path_factory.mktemp("set"), rows), answers)


@pytest.fixture(scope="module")
def page(report: Row) -> str:
    return render(report)


def test_the_named_keys(report: Row) -> None:
    assert report["species"]["print"]["n"] == 60
    assert report["species"]["print"]["apcer"] == 0.0
    assert report["species"]["print"]["ci95"] == [0.0, pytest.approx(1 - 0.025 ** (1 / 60), abs=1e-6)]
    assert report["bpcer"] == 0.25
    assert report["ci95"] == [pytest.approx(0.0063, abs=1e-4), pytest.approx(0.8059, abs=1e-4)]
    assert report["decisions"]["live3.mp4"]["decision"] == "fail"
    assert len(report["decisions"]) == 68


def test_the_headline_is_the_worst_species(report: Row) -> None:
    assert report["apcer_max"]["species"] == "swap"
    assert report["apcer_max"]["value"] == 1.0
    assert report["apcer_max"]["insufficient"] == []


def test_presentations_without_an_answer_are_counted_apart(report: Row) -> None:
    replay = report["species"]["replay"]
    assert (replay["n"], replay["accepted"], replay["apnrr"]["errors"]) == (3, 1, 1)
    assert report["bona_fide"]["bpnrr"]["value"] == 0.25
    assert report["bona_fide"]["not_accepted"]["value"] == 0.5
    assert report["reasons"]["media:truncated"] == {"replay": 1}


def test_the_comparison_only_counts_for_the_full_system(report: Row) -> None:
    assert report["species"]["swap"]["apcer"] == 1.0
    assert report["iapar"]["species"]["swap"]["value"] == 0.0
    assert report["iapar"]["bona_fide_not_accepted"]["n"] == 4


def test_checks_stand_by_themselves(report: Row) -> None:
    texture = report["checks"]["texture"]
    assert texture["bona_fide"] == {"pass": 2, "fail": 1, "inconclusive": 1}
    assert texture["attacks"]["replay"] == {"pass": 1, "fail": 1, "inconclusive": 1}
    assert [point["rule"] for point in texture["points"]] == ["deny", "confirm"]
    assert [report["checks"][name]["part"] for name in ("all together", "match")] == ["decision", "full system only"]
    assert report["checks"]["match"]["attacks"]["print"] == {"pass": 0, "fail": 0, "inconclusive": 60}


def test_every_column_is_a_slice(report: Row) -> None:
    labelled = ["subject", "instrument", "device", "condition", "method"]
    assert list(report["slices"]) == [*labelled, "frame_rate", "measured_light"]
    assert list(report["slices"]["measured_light"]) == ["luma 50 to 100", "not readable"]
    assert report["slices"]["condition"]["dim"]["bona_fide"]["n"] == 3
    assert report["slices"]["condition"]["dim"]["attacks"]["species"] == "replay"
    assert report["slices"]["frame_rate"]["10 to 15 fps"]["attacks_n"] == 1
    assert report["slices"]["frame_rate"]["not readable"]["attacks_n"] == 1
    for values in report["slices"].values():
        assert sum(row["n"] for row in values.values()) == 68


def test_reasons_and_the_deciding_check_are_counted(report: Row) -> None:
    assert report["reasons"]["texture:flat"] == {"bona_fide": 1, "print": 60, "replay": 1}
    decided = report["decided_by"]
    assert decided["swap"]["match"] == {"n": 1, "alone": 1}
    assert decided["print"]["denied"] == {"texture": {"n": 60, "alone": 60}}
    assert decided["replay"]["no_answer"]["media"] == {"n": 1, "alone": 1}
    assert (decided["bona_fide"]["passed"], decided["replay"]["passed"]) == (2, 1)
    assert sum(row["n"] for row in decided.values()) == 68


def test_injection_has_its_matrix(report: Row) -> None:
    cell = report["injection"]["virtual camera"]["mesh"]
    assert (cell["pass"], cell["fail"], cell["inconclusive"]) == (1, 0, 0)
    assert (cell["apcer"]["errors"], cell["apcer"]["n"]) == (1, 1)


def test_the_report_says_what_it_does_not_cover(report: Row) -> None:
    said = "\n".join(report["not_covered"])
    assert "Only one device was tried: webcam." in said
    assert "skin tone" in said
    assert "Nothing is known of any attack species that is not listed" in said
    assert "print" not in said
    assert "replay: 3 presentations are too few; between 0.8% and 90.6% may be accepted." in said


def test_versions_and_digests(report: Row) -> None:
    made = report["provenance"]
    assert {"landmarks", "embedding"} <= set(made["models"])
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in [made["policy_sha256"], *made["models"].values()])
    assert made["libraries"]["mediapipe"]


def test_only_answers_leave(report: Row) -> None:
    text = json.dumps(report)
    assert not re.search(r"embedding\"?: ?\[|points\"?: ?\[\[|\"quality\"", text)
    assert set(report["decisions"]["swap.mp4"]) == {
        *("label", "species", "subject", "instrument", "device", "condition", "method", "reference"),
        *("decision", "pad", "reasons", "checks", "conditions", "frames", "duration_s", "reference_fault"),
    }
    assert set(report["decisions"]["swap.mp4"]) - set(REQUIRED) - {"reference", "method"} <= RESERVED


def test_what_could_not_be_compared_is_no_part_of_the_full_system(tmp_path: Path) -> None:
    rows = [attack(f"{i}.mp4", "print", reference="me.png") for i in range(3)] + [live("live.mp4")]
    answers = {row["file"]: answer(FAIL) for row in rows}
    answers["0.mp4"] = replace(answer(PASS), reference_fault="no_face")
    report = report_of(dataset(tmp_path, rows), answers)
    assert report["iapar"]["species"]["print"]["n"] == 2
    assert report["species"]["print"]["accepted"] == 1
    assert "1 reference could not be used (no_face)" in "\n".join(report["not_covered"])


def test_json_and_page_are_deterministic(report: Row, page: str) -> None:
    assert msgspec.json.decode(msgspec.json.encode(report)) == report
    assert render(report) == page


@pytest.mark.parametrize(
    ("rows", "said", "figures"),
    [
        ([live("a.mp4")], "no attack presentation", 1),
        ([attack("a.mp4", "print")], "no bona fide presentation", 2),
        ([attack("a.mp4", "print"), live("b.mp4")], "no attack has a reference", 3),
    ],
)
def test_a_small_data_set_still_has_its_report(tmp_path: Path, rows: list, said: str, figures: int) -> None:
    report = report_of(dataset(tmp_path, rows), {row["file"]: answer(FAIL) for row in rows})
    page = render(report)
    assert said in page
    assert page.count("<figure>") == figures


def test_too_few_say_so_in_the_place_of_zero(tmp_path: Path) -> None:
    rows = [attack(f"{i}.mp4", "print") for i in range(20)] + [live("live.mp4")]
    report = report_of(dataset(tmp_path, rows), {row["file"]: answer(FAIL) for row in rows})
    assert report["species"]["print"]["sufficient"] is False
    assert report["apcer_max"]["insufficient"] == ["print"]
    assert "print: 20 presentations are too few; none was accepted, yet up to 13.9" in "\n".join(report["not_covered"])
    assert "insufficient N (0 of 20; up to 13.9\N{NO-BREAK SPACE}%)" in render(report)


@pytest.mark.parametrize(
    ("errors", "n", "text"),
    [(3, 24, "12.5 % (3 of 24)"), (0, 300, "0.0 % (0 of 300)"), (0, 3, "insufficient N (0 of 3; up to 63.2 %)")],
)
def test_a_rate_in_words(errors: int, n: int, text: str) -> None:
    assert rate(rate_row(Rate(errors, n))).replace("\N{NO-BREAK SPACE}", " ") == text


NOTHING = re.compile(r"(?<![\d.–])0(?:\.0+)?\s?%(?! \(0 of (?:59|[6-9]\d|\d{3,})\))")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render(few_of_many(tmp_path_factory.mktemp("few")))


def test_no_cell_is_a_bare_0_at_small_n(few: str) -> None:
    read = Page(few)
    assert sum("insufficient N" in cell for cell in read.cells) > 150
    assert [text for _, text in read.texts if NOTHING.search(text) and "interval" not in text] == []


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("0.0\N{NO-BREAK SPACE}%", True),
        ("0.0 % (0 of 5)", True),
        ("0.0%", True),
        ("0.0 % (0 of 59)", False),
        ("0.0 % (0 of 300)", False),
        ("0.0–52.2 %", False),
        ("20.0 %", False),
    ],
)
def test_what_a_bare_0_is(text: str, bare: bool) -> None:
    assert bool(NOTHING.search(text)) is bare


def test_no_table_grows_wider_with_the_species(few: str) -> None:
    """Paper cuts off what does not fit: species are rows."""
    assert max(Page(few).rows) <= len(REGISTRY) + 2


def test_a_denial_that_the_number_does_not_explain_is_told_beside_the_curve(tmp_path: Path) -> None:
    rows = [live(f"{i}.mp4") for i in range(4)] + [attack(f"screen{i}.mp4", "screen") for i in range(3)]
    values = {"screen0.mp4": 0.1, "screen1.mp4": 0.9}
    answers = {
        row["file"]: Answer(PASS, PASS, (), {"texture": CheckAnswer(PASS, "ok", 0.8)})
        if row["label"] == "bona_fide"
        else Answer(FAIL, FAIL, (), {"texture": CheckAnswer(FAIL, "bezel", values.get(row["file"]))})
        for row in rows
    }
    report = report_of(dataset(tmp_path, rows), answers)
    assert report["checks"]["texture"]["measured"]["denied"]["attacks"] == {"n": 3, "by_number": 1}
    assert "texture: 2 of its 3 denials of attacks came from another rule" in render(report)


def test_a_check_with_a_number_has_its_curve(tmp_path: Path) -> None:
    about = REGISTRY["stream_integrity"].measured
    assert about is not None
    assert about.higher_is_live
    rows = [live(f"{i}.mp4") for i in range(4)] + [attack(f"loop{i}.mp4", "loop") for i in range(4)]
    values = {
        "0.mp4": 5.0,
        "1.mp4": 6.0,
        "2.mp4": 0.5,
        "3.mp4": None,
        "loop0.mp4": 0.1,
        "loop1.mp4": 0.2,
        "loop2.mp4": 0.3,
    }
    answers = {
        row["file"]: Answer(PASS, PASS, (), {"stream_integrity": CheckAnswer(PASS, "ok", values.get(row["file"]))})
        for row in rows
    }
    report = report_of(dataset(tmp_path, rows), answers)
    row = report["checks"]["stream_integrity"]
    assert (row["measured"]["bona_fide"], row["measured"]["attacks"]) == (3, 3)
    assert row["measured"]["without"] == {"bona_fide": 1, "attacks": 1}
    assert (row["sweep"]["eer"], row["sweep"]["sufficient"]) == (0.0, False)
    assert row["sweep"]["eer_by_species"]["loop"]["n"] == 3
    assert row["sweep"]["eer_by_species"]["loop"]["upper95"] == pytest.approx(1 - 0.05 ** (1 / 3), abs=1e-6)
    assert row["sweep"]["today"]["pooled"]["bona_fide"]["errors"] == 1
    assert row["sweep"]["det"][0] == [1.0, 1.0, 0.0]
    assert row["sweep"]["det"][-1] == [0.0, 0.0, 1.0]
    assert report["checks"]["all together"]["sweep"] is None
    assert report["decisions"]["0.mp4"]["checks"]["stream_integrity"]["measure"] == 5.0
    page = render(report)
    assert "Checks over all thresholds" in page
    assert "DET curves" in page


class Page(HTMLParser):
    """What a browser would fetch or run, and whether every element is closed."""

    VOID = frozenset({"meta", "br", "img", "link", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.headings: list[str] = []
        self.classes: list[str] = []
        self.parents: dict[str, str] = {}
        self.texts: list[tuple[list[str], str]] = []
        self.cells: list[str] = []
        self.rows: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
            self.classes.append(dict(attrs).get("class") or "")
            if len(self.classes) > 1:
                self.parents[self.classes[-1]] = self.classes[-2]
        if tag in {"td", "th"}:
            self.cells.append("")
            self.rows[-1] += 1
        if tag == "tr":
            self.rows.append(0)
        if tag in {"script", "link", "img", "iframe", "object"}:
            self.fetched.append(tag)
        self.fetched += [v for k, v in attrs if k in {"src", "href", "xlink:href"} and v and not v.startswith("#")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()
            self.classes.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.classes.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data
        if data.strip() and "style" not in self.open:
            self.texts.append((list(self.classes), data))


def test_the_page_is_whole_and_fetches_nothing(page: str) -> None:
    read = Page(page)
    assert read.open == []
    assert read.fetched == []
    assert read.headings.index("Figures") > read.headings.index("Slices") > read.headings.index("Result")


def test_ids_are_unique_and_found(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', page)) <= set(ids)


def test_the_notice_is_on_every_page_and_nothing_is_certified(report: Row, page: str) -> None:
    assert report["notice"] == NOTICE
    read = Page(page)
    assert next(text for place, text in read.texts if "stamp" in place) == NOTICE
    (print_rules,) = re.findall(r"@media print \{(.*?)\n\}", page, re.DOTALL)
    assert re.search(r"\.sheet \{ display: table;", print_rules)
    assert re.search(r"\.stamp \{ display: table-header-group;", print_rules), "what printing repeats on each sheet"
    assert read.parents["stamp"] == "sheet"
    assert read.parents["body"] == "sheet"
    assert not re.search(r"certifi|compliant|conform|accredit|guarantee", page, re.IGNORECASE)


def test_names_from_the_manifest_are_text(tmp_path: Path) -> None:
    nasty = r"<script>alert(1)</script> $5 and $\foo$"
    found = dataset(tmp_path, [attack("a.mp4", nasty, instrument=nasty, **{"<b>": nasty}), live("b.mp4")])
    page = render(report_of(found, {"a.mp4": answer(FAIL), "b.mp4": answer(PASS)}))
    assert "<script" not in page
    assert "<b>" not in page
    assert r"$5 and $\foo$" in page
