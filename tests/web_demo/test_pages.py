"""Forms, uploads and files: what is taken, what is refused, and how it is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bank import files
from bank.settings import MAX_DOCUMENT_BYTES
from liveness_client import MockTransport
from web_demo.visiting import JPEG, Clock, Scene, running


@pytest.mark.parametrize(
    ("name", "document", "words"),
    [
        ("", JPEG, "tell us your name"),
        ("x" * 81, JPEG, "80 characters at most"),
        ("Grace\u0007", JPEG, "80 characters at most"),
        ("Grace", b"", "add a picture"),
        ("Grace", b"GIF89a", "not a JPEG or PNG"),
        ("Grace", JPEG + b"0" * MAX_DOCUMENT_BYTES, "larger than 5 MB"),
    ],
)
async def test_a_form_that_lacks_something(scene: Scene, name: str, document: bytes, words: str) -> None:
    answer = await scene.visitor.apply(name, document)
    assert answer.status_code == 422
    assert words in answer.text


async def test_a_body_beyond_every_form_is_not_read(scene: Scene) -> None:
    answer = await scene.visitor.apply("Grace", JPEG + b"0" * (MAX_DOCUMENT_BYTES + 200_000))
    assert answer.status_code == 413
    assert "5 MB at most" in answer.text
    big = await scene.visitor.call("/api/result", {"token": "a" * 20_000})
    assert (big.status_code, big.json()["error"]) == (413, "too_large")


async def test_what_a_person_types_is_only_text(scene: Scene) -> None:
    await scene.visitor.apply("<script>alert(1)</script>")
    page = await scene.visitor.open("/sign-up/check")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_a_sample_document_is_for_developers(scene: Scene, clock: Clock) -> None:
    await scene.visitor.open("/sign-up")
    assert (await scene.visitor.submit("/sign-up", {"sample": "hopper"})).headers["location"] == "/sign-up/check"
    assert "Grace" in (await scene.visitor.open("/sign-up/check")).text
    assert (await scene.visitor.submit("/sign-up", {"sample": "../x"})).status_code == 422
    async with running(Scene(MockTransport(), clock, mode="production")) as strict:
        assert "sample" not in (await strict.visitor.open("/sign-up")).text
        assert (await strict.visitor.submit("/sign-up", {"sample": "hopper"})).status_code == 422


async def test_the_developer_panel_is_absent_in_production(scene: Scene, clock: Clock) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    assert "Developer panel" in (await scene.visitor.open("/sign-up/check")).text
    seen = (await scene.visitor.open("/api/developer/session")).json()
    assert (seen["status"], seen["purpose"]) == ("created", "onboarding")
    assert "token" not in seen
    assert (await scene.visitor.open("/api/developer/traces")).json() == {}
    async with running(Scene(MockTransport(), clock, mode="production")) as strict:
        await strict.visitor.apply()
        await strict.visitor.begin()
        page = (await strict.visitor.open("/sign-up/check")).text
        assert "Developer" not in page
        assert "demo.js" not in page
        assert (await strict.visitor.open("/api/developer/session")).status_code == 404


async def test_giving_up_forgets_the_document(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.submit("/give-up", {})
    assert (await scene.visitor.open("/sign-up/check")).headers["location"] == "/sign-up"


async def test_errors_have_pages(scene: Scene) -> None:
    missing = await scene.visitor.open("/no-such-page")
    assert missing.status_code == 404
    assert "There is nothing here" in missing.text
    assert "Not this way" in (await scene.visitor.open("/log-out")).text
    assert (await scene.visitor.open("/api/none")).json()["error"] == "Not Found"


@pytest.mark.parametrize("page", ["/", "/sign-up", "/log-in", "/nowhere"])
async def test_no_page_holds_a_script_a_style_or_another_origin(scene: Scene, page: str) -> None:
    text = (await scene.visitor.open(page)).text
    assert not re.findall(r"<style|style=|\son[a-z]+=|javascript:|https?://", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


async def test_files_have_their_types(scene: Scene) -> None:
    for path, kind in (
        ("/assets/bank.css", "text/css"),
        ("/assets/check.js", "text/javascript"),
        ("/assets/mark.svg", "image/svg+xml"),
        ("/element/strings/en.js", "text/javascript"),
    ):
        answer = await scene.visitor.open(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    "path",
    [
        "../bank/vault.py",
        "bank/assets/check.js",
        "..%2f..%2fpyproject.toml",
        "%2e%2e/x.js",
        "node_modules/typescript/lib/lib.js",
        "strings//en.js",
        "/etc/passwd",
        "strings/.hidden.js",
        "package.json",
        "",
        "strings",
        "x\x00.js",
        "..\\events.js",
    ],
)
async def test_no_other_file_is_served(scene: Scene, path: str) -> None:
    assert (await scene.visitor.open(f"/element/{path.replace(chr(0), '%00')}")).status_code == 404
    assert files.find(scene.settings.element_dir, path) is None


def test_a_link_does_not_lead_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.js").write_text("secret")
    inside = tmp_path / "element"
    inside.mkdir()
    (inside / "out.js").symlink_to(tmp_path / "secret.js")
    (inside / "in.js").write_text("fine")
    assert files.find(inside, "out.js") is None
    assert files.find(inside, "in.js") is not None
