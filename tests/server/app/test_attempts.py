"""Redeeming once, finishing once, and what is remembered of an attempt."""

from __future__ import annotations

import asyncio
import json
import stat
import threading
from pathlib import Path

import jwt
import pytest

from acting import BOB, Actor, connected, play
from lifelike import living
from liveness_server.app import attempts
from liveness_server.app.keys import create_private_file
from liveness_server.engine.replay import replay
from liveness_server.engine.session import Session
from liveness_server.errors import RemoteProtocolError
from liveness_server.tokens import Algorithm, SigningKey
from liveness_server.types import Outcome, Profile, ServerTime
from liveness_server.wire import CloseCode
from serving import START, Clock, Server, picture, serving

NOW = ServerTime(START)


async def close_code_of(server: Server, token: str, now: float = START) -> CloseCode:
    with pytest.raises(RemoteProtocolError) as refused:
        await server.attempts.redeem(token, ServerTime(now))
    return refused.value.close_code


async def verified(server: Server, token: str) -> dict[str, object]:
    """What a downstream service learns, with nothing but the JWKS."""
    published = jwt.PyJWKSet.from_dict((await server.http.get("/.well-known/jwks.json")).json())
    header = jwt.get_unverified_header(token)
    assert header["typ"] == "liveness+jwt"
    key = published[header["kid"]]
    options = {"verify_exp": False}
    return jwt.decode(token, key, [key.algorithm_name], audience="https://bank.example", options=options)


async def test_redeeming_hands_over_the_terms(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank, reference_image=picture("alice"), policy="demo")
    spec = await server.attempts.redeem(created["client_token"], NOW)
    assert spec.session_id == created["session_id"]
    assert (spec.policy.name, spec.profile, spec.expires) == ("demo", Profile.STANDARD, START + 120)
    assert len(spec.seed) == 32
    assert spec.reference is not None
    assert spec.embedding_digest == server.backend.embedding_digest
    assert len(server.services.references) == 0


async def test_of_ten_redeemers_one_wins(server: Server, bank: dict[str, str]) -> None:
    token = (await server.create(bank))["client_token"]
    outcomes = await asyncio.gather(*(server.attempts.redeem(token, NOW) for _ in range(10)), return_exceptions=True)
    refused = [o.close_code for o in outcomes if isinstance(o, RemoteProtocolError)]
    assert refused == [CloseCode.SESSION_USED] * 9


async def test_refusals_have_their_own_close_codes(server: Server, bank: dict[str, str]) -> None:
    used = await server.create(bank)
    await server.attempt(used["client_token"])
    late = await server.create(bank)
    gone = await server.create(bank)
    await server.http.delete(f"/v1/sessions/{gone['session_id']}", headers=bank)
    assert await close_code_of(server, "lct_" + "0" * 64) is CloseCode.TOKEN_INVALID
    assert await close_code_of(server, used["client_token"]) is CloseCode.SESSION_USED
    assert await close_code_of(server, late["client_token"], START + 120) is CloseCode.SESSION_EXPIRED
    assert await close_code_of(server, gone["client_token"]) is CloseCode.SESSION_DELETED


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_the_token_says_what_was_asked_and_done(tmp_path: Path, algorithm: Algorithm) -> None:
    device = SigningKey.generate(Algorithm.EDDSA)
    async with serving(tmp_path, signing_alg=algorithm, issuer="https://issuer.example") as server:
        created = await server.create(
            await server.api_key(),
            reference_image=picture("alice"),
            nonce="nonce-of-the-bank",
            consent_id="consent-1",
            client_jwk=device.public_jwk(),
        )
        session, token = await server.attempt(created["client_token"])
        claims = await verified(server, token)
    assert session.verdict is not None
    assert len(str(claims.pop("jti"))) >= 22  # 128 bits in base64url
    assert claims == {
        "iss": "https://issuer.example",
        "aud": "https://bank.example",
        "sub": "customer-17",
        "iat": 1000,
        "nbf": 1000,
        "exp": 1120,
        "sid": created["session_id"],
        "nonce": "nonce-of-the-bank",
        "acr": "urn:liveness:acr:standard:standard",
        "amr": ["face", "user"],
        "cnf": {"jkt": device.kid},
        "policy": "standard",
        "tsh": session.verdict.transcript_hash,
        "consent": "consent-1",
    }


async def test_what_was_not_done_is_not_claimed(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    _, token = await server.attempt(created["client_token"])
    claims = await verified(server, token)
    assert (claims["amr"], claims["cnf"], claims["consent"]) == (["user"], {}, "")
    assert len(str(claims["nonce"])) >= 22


async def test_a_token_is_dated_by_the_clock_its_verifiers_go_by(server: Server, bank: dict[str, str]) -> None:
    """However the wall clock is set in mid-attempt, the token is neither of the future nor born expired."""
    created = await server.create(bank)
    session = connected(await server.attempts.redeem(created["client_token"], NOW))
    play(session, living(Actor()))
    server.clock.now += 600
    claims = await verified(server, await server.attempts.finish(session))
    assert claims["iat"] == START + 600


async def test_the_token_is_issued_once(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    session, token = await server.attempt(created["client_token"])
    again = await asyncio.gather(*(server.attempts.finish(session) for _ in range(5)))
    assert token != ""
    assert set(again) == {""}
    lines = [json.loads(line) for line in await server.services.audit.lines()]
    assert [line["event"] for line in lines] == ["session.created", "attempt.started", "attempt.ended"]


async def test_five_failures_lock_the_subject_for_fifteen_minutes(server: Server, bank: dict[str, str]) -> None:
    for _ in range(5):
        created = await server.create(bank, reference_image=picture("alice"))
        await server.attempt(created["client_token"], Actor(person=BOB))
    response = await server.http.post("/v1/sessions", json={**CUSTOMER}, headers=bank)
    assert (response.status_code, response.json()["type"]) == (429, "urn:liveness:problem:subject-locked")
    assert response.headers["retry-after"] == "900"
    await server.create(bank, subject="customer-18")
    await server.create(await server.api_key())  # another relying party's customer of the same name
    server.clock.now += 900
    await server.create(bank)


CUSTOMER = {"subject": "customer-17", "audience": "https://bank.example", "purpose": "onboarding"}


async def test_a_lock_survives_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    async with serving(tmp_path, clock) as server:
        bank = await server.api_key()
        for _ in range(5):
            created = await server.create(bank, reference_image=picture("alice"))
            await server.attempt(created["client_token"], Actor(person=BOB))
    clock.now += 100
    async with serving(tmp_path, clock) as server:
        response = await server.http.post("/v1/sessions", json=CUSTOMER, headers=bank)
        assert (response.status_code, response.headers["retry-after"]) == (429, "800")


async def test_cancelled_attempts_do_not_lock(server: Server, bank: dict[str, str]) -> None:
    for _ in range(6):
        created = await server.create(bank)
        session = Session(await server.attempts.redeem(created["client_token"], NOW))
        session.receive_hello(NOW)
        session.receive_cancel(NOW)
        assert await server.attempts.finish(session) == ""
        assert (await server.view(bank, created["session_id"]))["status"] == "aborted"
    await server.create(bank)


async def test_the_next_plan_is_told_the_last_one(server: Server, bank: dict[str, str]) -> None:
    session, _ = await server.attempt((await server.create(bank))["client_token"])
    spec = await server.attempts.redeem((await server.create(bank))["client_token"], NOW)
    assert spec.previous_plan == session.plan
    other = await server.create(bank, subject="customer-18")
    assert (await server.attempts.redeem(other["client_token"], NOW)).previous_plan == ()


async def test_the_audit_tells_the_attempt_without_the_person(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank, reference_image=picture("bob"), consent_id="consent-1")
    session, _ = await server.attempt(created["client_token"])
    await server.services.audit.verify()
    line = json.loads((await server.services.audit.lines())[-1])
    assert session.verdict is not None
    assert len(line.pop("subject")) == 64
    assert line.pop("key")
    assert line == {
        "seq": 3,
        "at": "1970-01-01T00:16:40.000Z",
        "event": "attempt.ended",
        "session": created["session_id"],
        "purpose": "onboarding",
        "policy": "standard",
        "profile": "standard",
        "consent": "consent-1",
        "status": "completed",
        "decision": "fail",
        "reasons": ["match:other_person"],
        "token": "",
        "transcript": session.verdict.transcript_hash,
    }
    assert "customer-17" not in str(await server.services.audit.lines())


async def test_a_restart_ends_attempts_and_sessions_that_lost_their_reference(tmp_path: Path) -> None:
    clock = Clock()
    async with serving(tmp_path, clock) as server:
        bank = await server.api_key()
        running = await server.create(bank)
        await server.attempts.redeem(running["client_token"], NOW)
        matched = await server.create(bank, reference_image=picture("alice"))
        waiting = await server.create(bank)
    async with serving(tmp_path, clock) as server:
        statuses = [(await server.view(bank, s["session_id"]))["status"] for s in (running, matched, waiting)]
        assert statuses == ["aborted", "aborted", "created"]
        assert await close_code_of(server, matched["client_token"]) is CloseCode.SESSION_EXPIRED
        ended = json.loads((await server.services.audit.lines())[-1])
        assert (ended["event"], ended["reasons"]) == ("attempt.ended", ["session:lost"])
        await server.attempts.redeem(waiting["client_token"], NOW)


async def test_no_embedding_is_ever_on_disk(tmp_path: Path) -> None:
    """The scripted embedding has a component with an unmistakable value; no file may hold it in any spelling."""
    async with serving(tmp_path) as server:
        bank = await server.api_key()
        for name in ("alice", "bob"):
            created = await server.create(bank, reference_image=picture(name))
            spec = await server.attempts.redeem(created["client_token"], NOW)
            assert spec.reference is not None
            session = connected(spec)
            play(session, living(Actor()))
            await server.attempts.finish(session)
        on_disk = everything_under(tmp_path)
    assert b"embedding" not in on_disk
    assert picture("alice").encode() not in on_disk
    for number in ("0.955336", "0.29552"):  # cos and sin of the largest angle `acting` shows
        assert number.encode() not in on_disk


def everything_under(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


async def test_a_kept_transcript_replays_bit_for_bit(tmp_path: Path) -> None:
    async with serving(tmp_path, transcript_dir=tmp_path / "kept") as server:
        created = await server.create(await server.api_key())
        spec = await server.attempts.redeem(created["client_token"], NOW)
        session = connected(spec, keep=True)
        play(session, living(Actor()))
        await server.attempts.finish(session)
        await server.attempts.written()
    (file,) = (tmp_path / "kept").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = replay(file.read_text().splitlines())
    assert again.session.verdict is not None
    assert again.session.verdict.decision is Outcome.PASS


async def test_a_transcript_that_cannot_be_kept_does_not_cost_the_token(tmp_path: Path) -> None:
    async with serving(tmp_path, transcript_dir=tmp_path / "kept") as server:
        created = await server.create(await server.api_key())
        spec = await server.attempts.redeem(created["client_token"], NOW)
        session = connected(spec, keep=True)
        play(session, living(Actor()))
        (tmp_path / "kept").rmdir()
        assert await server.attempts.finish(session)
        await server.attempts.written()


async def test_a_slow_disk_keeps_no_token_back_and_loses_no_transcript(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = threading.Event()

    def slow(path: Path, data: bytes) -> None:
        assert disk.wait(10)
        create_private_file(path, data)

    monkeypatch.setattr(attempts, "create_private_file", slow)
    async with serving(tmp_path, transcript_dir=tmp_path / "kept") as server:
        created = await server.create(await server.api_key())
        spec = await server.attempts.redeem(created["client_token"], NOW)
        session = connected(spec, keep=True)
        play(session, living(Actor()))
        try:
            async with asyncio.timeout(5):
                assert await server.attempts.finish(session)
            assert list((tmp_path / "kept").iterdir()) == []
        finally:
            disk.set()
        await server.attempts.written()
        assert len(list((tmp_path / "kept").iterdir())) == 1


async def test_an_attempt_is_wanted_until_its_relying_party_deletes_it(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    session_id = created["session_id"]
    await server.attempts.redeem(created["client_token"], NOW)
    assert await server.attempts.wanted(session_id)
    await server.http.delete(f"/v1/sessions/{session_id}", headers=bank)
    assert not await server.attempts.wanted(session_id)
