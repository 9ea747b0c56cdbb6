"""Sign-up, log-in and the protected page: what opens them, and everything that does not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bank.checks import Refused
from liveness_client import MockTransport
from web_demo.visiting import JWK, Clock, Scene, Visitor, running


async def test_a_verified_token_opens_the_account_and_shows_its_claims(scene: Scene) -> None:
    number = await scene.sign_up()
    page = await scene.visitor.open("/account")
    assert page.status_code == 200
    for shown in (number[:4], "urn:liveness:acr:standard:standard", "user, face", scene.asked["nonce"]):
        assert shown in page.text
    assert scene.asked["purpose"] == "onboarding"
    assert scene.asked["audience"] == "https://meridian.example"


async def test_without_a_token_the_account_is_closed(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    page = await scene.visitor.open("/account")
    assert (page.status_code, page.headers["location"]) == (303, "/log-in")


async def test_a_customer_logs_in_with_the_reference_of_the_sign_up(scene: Scene) -> None:
    number = await scene.sign_up()
    other = Visitor(scene.app)
    assert (await other.ask_for(f"{number[:4]} {number[4:]}")).headers["location"] == "/log-in/check"
    assert (await other.begin()).status_code == 200
    at_sign_up, at_log_in = scene.mock.sessions.values()
    assert at_log_in["reference_image"] == at_sign_up["reference_image"]
    assert (at_log_in["purpose"], at_log_in["subject"]) == ("login", number)
    assert (await other.conclude(scene.token())).json()["next"] == "/account"
    assert (await other.open("/account")).status_code == 200


REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "wrong audience": ({"aud": "https://other.example"}, "audience_mismatch", "cannot be verified"),
    "wrong issuer": ({"iss": "https://evil.example"}, "issuer_mismatch", "cannot be verified"),
    "wrong nonce": ({"nonce": "somebody-elses"}, "nonce_mismatch", "belongs to another check"),
    "other key": ({"cnf": {"jkt": "A" * 43}}, "key_binding_mismatch", "made for another browser"),
    "no key": ({"cnf": {}}, "key_binding_mismatch", "made for another browser"),
    "weaker policy": ({"acr": "urn:liveness:acr:demo:standard"}, "insufficient_assurance", "cannot be verified"),
    "no match": ({"amr": ["user"]}, "insufficient_assurance", "cannot be verified"),
    "other session": ({"sid": "mock_77"}, "other_session", "belongs to another check"),
    "other customer": ({"sub": "0000000000"}, "other_session", "belongs to another check"),
    "other consent": ({"consent": "consent_else"}, "other_session", "belongs to another check"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_is_not_proved_is_refused_with_a_text(scene: Scene, name: str) -> None:
    claims, code, words = REFUSALS[name]
    await scene.visitor.apply()
    await scene.visitor.begin()
    answer = await scene.visitor.conclude(scene.token(**claims))
    assert (answer.status_code, answer.json()["error"]) == (403, code)
    assert words in answer.json()["text"]
    assert (await scene.visitor.open("/account")).status_code == 303
    assert not len(scene.bank.accounts)


async def test_an_expired_token_is_refused(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    earlier = int(time.time()) - 600
    answer = await scene.visitor.conclude(scene.token(iat=earlier, nbf=earlier, exp=earlier + 120))
    assert (answer.status_code, answer.json()["error"]) == (403, "token_expired")
    assert "too old" in answer.json()["text"]


async def test_a_token_works_once(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    attempt = next(iter(scene.bank.browsers._browsers.values())).attempt
    token = scene.token()
    await scene.bank.checks.conclude(attempt, token)
    with pytest.raises(Refused, match="token_replayed"):
        await scene.bank.checks.conclude(attempt, token)


async def test_a_token_from_before_a_new_try_is_refused(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    first = scene.token()
    await scene.visitor.begin()
    assert (await scene.visitor.conclude(first)).json()["error"] == "nonce_mismatch"


async def test_a_token_of_another_browser_is_refused(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    stolen = scene.token()
    thief = Visitor(scene.app)
    await thief.apply("Somebody Else")
    assert (await thief.conclude(stolen)).json()["error"] == "no_attempt"
    await thief.begin()
    assert (await thief.conclude(stolen)).json()["error"] == "nonce_mismatch"


async def test_a_token_that_is_none(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    assert (await scene.visitor.conclude("passed, honestly")).json()["error"] == "malformed_token"


async def test_a_page_that_says_passed_without_a_token_passes_nobody(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    scene.token()  # the server did pass the person
    answer = await scene.visitor.call("/api/result", {"decision": "pass", "passed": True})
    assert answer.status_code == 200
    assert "next" not in answer.json()
    assert (await scene.visitor.open("/account")).status_code == 303


async def test_a_failed_check_has_words(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    scene.asked.update(status="completed", decision="fail")
    assert "could not confirm" in (await scene.visitor.conclude("")).json()["text"]


async def test_a_server_that_says_otherwise_is_heard(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    token = scene.token()
    scene.asked.update(decision="fail")
    assert (await scene.visitor.conclude(token)).json()["error"] == "contradicted"


async def test_a_server_out_of_reach_does_not_stop_an_offline_verification(scene: Scene) -> None:
    await scene.visitor.apply()
    await scene.visitor.begin()
    token = scene.token()
    scene.mock.sessions.clear()
    assert (await scene.visitor.conclude(token)).json()["next"] == "/account"


async def test_no_session_without_consent(scene: Scene) -> None:
    await scene.visitor.apply()
    for consent in ("", "0" * 64, None):
        answer = await scene.visitor.begin(consent=consent)
        assert (answer.status_code, answer.json()["error"]) == (403, "consent_missing")
        assert "consent" in answer.json()["text"]
    assert not scene.mock.sessions


async def test_the_consent_that_was_given_is_on_record(scene: Scene) -> None:
    number = await scene.sign_up()
    (record,) = scene.bank.accounts.get(number, scene.clock()).consents
    assert scene.asked["consent_id"] == record.id
    assert (record.subject, record.purpose, record.locale) == (number, "onboarding", "en")
    assert record.given_at == "2027-01-15T08:00:00+00:00"
    assert record.text_version == scene.visitor.consent


async def test_consent_in_another_language_is_another_text(scene: Scene) -> None:
    await scene.visitor.apply()
    english = scene.visitor.consent
    assert "Su rostro se compara" in (await scene.visitor.open("/sign-up/check?lang=es")).text
    assert scene.visitor.consent != english
    await scene.visitor.begin()
    assert (await scene.visitor.conclude(scene.token())).json()["next"] == "/account"
    assert scene.bank.accounts.get(scene.asked["subject"], scene.clock()).consents[0].locale == "es"


async def test_nothing_begins_without_sign_up_or_log_in(scene: Scene) -> None:
    await scene.visitor.open("/sign-up")
    assert (await scene.visitor.begin(consent="x")).json()["error"] == "nothing_begun"
    for path, back in (("/sign-up/check", "/sign-up"), ("/log-in/check", "/log-in"), ("/account", "/log-in")):
        assert (await scene.visitor.open(path)).headers["location"] == back


@pytest.mark.parametrize(
    "jwk", [None, {}, {"kty": "RSA"}, JWK | {"d": "secret"}, {"kty": "EC", "crv": "P-256", "x": 1, "y": "a"}]
)
async def test_a_key_that_is_none(scene: Scene, jwk: object) -> None:
    await scene.visitor.apply()
    assert (await scene.visitor.begin(jwk=jwk)).json()["error"] == "bad_key"


@pytest.mark.parametrize(
    ("policy", "profile", "asked"),
    [
        ("standard", "motion-free", "motion-free"),
        ("standard", "extended-time", "standard"),
        ("demo", "motion-free", "demo"),
    ],
)
async def test_each_profile_has_its_policy(clock: Clock, policy: str, profile: str, asked: str) -> None:
    async with running(Scene(MockTransport(), clock, policy=policy)) as scene:
        await scene.visitor.apply()
        await scene.visitor.begin(profile=profile)
        assert (scene.asked["policy"], scene.asked["profile"]) == (asked, profile)
        assert (await scene.visitor.conclude(scene.token())).json()["next"] == "/account"


async def test_a_made_up_profile(scene: Scene) -> None:
    await scene.visitor.apply()
    assert (await scene.visitor.begin(profile="easy")).json()["error"] == "unknown_profile"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (429, "too_many", "Try again in 5 minutes"),
        (503, "busy", "busy"),
        (401, "not_begun", "could not be started"),
    ],
)
async def test_a_server_that_refuses_is_explained(clock: Clock, status: int, code: str, words: str) -> None:
    async with running(Scene(MockTransport(http_status=status, retry_after=300), clock)) as scene:
        await scene.visitor.apply()
        answer = await scene.visitor.begin()
        assert answer.json()["error"] == code
        assert words in answer.json()["text"]


async def test_deleting_the_account_deletes_everything(scene: Scene) -> None:
    number = await scene.sign_up()
    assert scene.mock.sessions
    page = await scene.visitor.submit("/account/delete", {})
    assert "is deleted" in page.text
    assert scene.bank.accounts.get(number, scene.clock()) is None
    assert not scene.mock.sessions
    assert (await scene.visitor.open("/account")).status_code == 303
    await scene.visitor.open("/log-in")
    assert "no customer of that number" in (await scene.visitor.submit("/log-in", {"number": number})).text


async def test_logging_out_ends_the_session_and_keeps_the_account(scene: Scene) -> None:
    number = await scene.sign_up()
    cookie = dict(scene.visitor.http.cookies)
    await scene.visitor.submit("/log-out", {})
    assert dict(scene.visitor.http.cookies) != cookie
    assert (await scene.visitor.open("/account")).status_code == 303
    assert scene.bank.accounts.get(number, scene.clock())


async def test_what_is_over_is_forgotten(scene: Scene) -> None:
    number = await scene.sign_up()
    await Visitor(scene.app).apply()
    scene.clock.now += scene.settings.idle_s + 1
    scene.bank.sweep()
    assert not len(scene.bank.browsers)
    assert scene.bank.accounts.get(number, scene.clock())
    scene.clock.now += scene.settings.retention_s
    assert scene.bank.accounts.get(number, scene.clock()) is None
    scene.bank.sweep()
    assert not len(scene.bank.accounts)


async def test_a_full_bank_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bank.accounts.MAX_ACCOUNTS", 0)
    assert (await scene.visitor.apply()).status_code == 503
