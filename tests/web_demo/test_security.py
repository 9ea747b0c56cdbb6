"""Cookies, forged requests and headers."""

from __future__ import annotations

import pytest

from bank.security import content_security_policy
from bank.settings import BankSettings
from bank.vault import NotYours, Vault
from liveness_client import MockTransport
from web_demo.visiting import JPEG, Clock, Scene, Visitor, running


async def test_the_session_cookie_is_nobody_elses(scene: Scene, clock: Clock) -> None:
    plain = (await scene.visitor.open("/")).headers["set-cookie"]
    assert plain.endswith("; Path=/; HttpOnly; SameSite=Strict")
    async with running(Scene(MockTransport(), clock, origins=("https://bank.test",))) as behind_tls:
        cookie = (await Visitor(behind_tls.app, "https://bank.test").open("/")).headers["set-cookie"]
        assert cookie.startswith("__Host-meridian=")
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")


async def test_a_session_from_before_the_log_in_is_worth_nothing_after_it(scene: Scene) -> None:
    await scene.visitor.open("/sign-up")
    before, csrf = dict(scene.visitor.http.cookies), scene.visitor.csrf
    await scene.sign_up()
    assert dict(scene.visitor.http.cookies) != before
    assert scene.visitor.csrf != csrf
    planted = Visitor(scene.app)
    planted.http.cookies.update(before)
    assert (await planted.open("/account")).status_code == 303


async def test_a_script_s_late_request_logs_nobody_out(scene: Scene) -> None:
    await scene.visitor.apply()
    late = Visitor(scene.app)
    late.http.cookies.update(dict(scene.visitor.http.cookies))
    await scene.visitor.begin()
    await scene.visitor.conclude(scene.token())
    answer = await late.open("/api/developer/session")
    assert answer.json() == {}
    assert "set-cookie" not in answer.headers


async def test_a_session_that_fell_silent_is_over(scene: Scene) -> None:
    await scene.sign_up()
    scene.clock.now += scene.settings.idle_s + 1
    assert (await scene.visitor.open("/account")).status_code == 303


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://bank.test.evil.example", "http://bank.test:81"]
)
@pytest.mark.parametrize(
    "path", ["/sign-up", "/log-in", "/log-out", "/account/delete", "/give-up", "/api/session", "/api/result"]
)
async def test_another_site_can_do_nothing(scene: Scene, path: str, origin: str) -> None:
    number = await scene.sign_up()
    headers = {"origin": origin, "x-csrf-token": scene.visitor.csrf}
    refused = await scene.visitor.http.post(path, data={"csrf": scene.visitor.csrf}, headers=headers)
    assert refused.status_code == 403
    assert "on our own pages" in refused.text
    assert scene.bank.accounts.get(number, scene.clock())
    assert (await scene.visitor.open("/account")).status_code == 200


@pytest.mark.parametrize(
    "path", ["/sign-up", "/log-in", "/log-out", "/account/delete", "/give-up", "/api/session", "/api/result"]
)
async def test_a_request_without_the_form_s_token_does_nothing(scene: Scene, path: str) -> None:
    await scene.sign_up()
    for csrf in ("", "guess"):
        refused = await scene.visitor.http.post(path, data={"csrf": csrf}, headers={"x-csrf-token": csrf})
        assert refused.status_code == 403
        assert "Reload" in refused.text
    assert (await scene.visitor.open("/account")).status_code == 200


async def test_another_name_for_this_host_is_refused(scene: Scene) -> None:
    assert (await scene.visitor.open("/", headers={"host": "rebound.example"})).status_code == 400


async def test_every_answer_carries_the_policy(scene: Scene) -> None:
    for path in ("/", "/account", "/nowhere", "/assets/bank.css", "/api/developer/session"):
        headers = (await scene.visitor.open(path)).headers
        assert headers["content-security-policy"] == content_security_policy(scene.settings)
        assert headers["x-content-type-options"] == "nosniff"
    assert (await scene.visitor.open("/")).headers["cache-control"] == "no-store"


def test_a_page_may_speak_to_one_other_place() -> None:
    direct = BankSettings(origins=("http://localhost:8080",), liveness_url="http://127.0.0.1:8000", api_key="any")
    assert content_security_policy(direct).endswith("connect-src 'self' ws://127.0.0.1:8000")
    relayed = BankSettings(
        origins=("https://10.0.0.2:8080",), liveness_url="http://127.0.0.1:8000", api_key="any", relay=True
    )
    assert content_security_policy(relayed).endswith("connect-src 'self' wss://10.0.0.2:8080")
    for policy in map(content_security_policy, (direct, relayed)):
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy


def test_secrets_are_not_in_a_repr() -> None:
    settings = BankSettings(origins=(), liveness_url="x", api_key="lsk_secret")
    assert "lsk_secret" not in repr(settings)


def test_what_is_sealed_opens_for_its_customer_only() -> None:
    vault = Vault()
    sealed = vault.seal(JPEG, "1")
    assert JPEG not in sealed.data
    assert vault.open(sealed, "1") == JPEG
    for other, customer in ((vault, "2"), (Vault(), "1")):
        with pytest.raises(NotYours):
            other.open(sealed, customer)
