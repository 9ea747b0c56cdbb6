"""Motion signatures across attempts: off by default, with consent only, sealed, expiring, gone with their session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from acting import Actor
from lifelike import bending
from liveness_server.app.housekeeping import Housekeeping
from liveness_server.app.sealing import Seal
from liveness_server.engine.session import Session
from liveness_server.store.schema import signatures
from liveness_server.types import FaceObservation
from serving import START, Clock, Server, serving

MEMORY = {"reuse_memory_s": 3600}
CONSENT = {"consent_id": "c-1", "policy": "convenience"}


def life_from(second: float) -> Actor:
    """An actor whose landmarks move as a person's do from that second of their life on."""

    def alter(shown: FaceObservation, state: str) -> FaceObservation:
        return bending(shown, shown.t + second)

    return Actor(alter=alter)


async def attempted(server: Server, headers: dict[str, str], second: float, **changes: str) -> Session:
    created = await server.create(headers, **(CONSENT | changes))
    session_spec = await server.attempts.redeem(created["client_token"], server.clock())  # type: ignore[arg-type]
    from acting import connected, play

    session = connected(replace(session_spec, created=START, expires=START + 120))  # type: ignore[arg-type]
    play(session, life_from(second))
    await server.attempts.finish(session)
    return session


async def kept(server: Server) -> list[bytes]:
    async with server.services.database.read() as connection:
        return list((await connection.scalars(select(signatures.c.sealed))).all())


def outcome(session: Session) -> str:
    assert session.verdict is not None
    return next(check.reason for check in session.verdict.checks if check.check == "reused_recording")


async def test_the_same_life_twice_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, **MEMORY) as server:
        headers = await server.api_key()
        assert outcome(await attempted(server, headers, 0.0)) == "nothing_to_compare"
        assert outcome(await attempted(server, headers, 500.0)) == "ok"
        again = await attempted(server, headers, 0.0)
        assert again.verdict is not None
        assert again.verdict.reasons == ("reused_recording:seen_before",)
        assert outcome(await attempted(server, headers, 0.0, subject="somebody-else")) == "nothing_to_compare"


async def test_off_by_default_and_without_consent(tmp_path: Path) -> None:
    async with serving(tmp_path / "off") as server:
        assert outcome(await attempted(server, await server.api_key(), 0.0)) == "not_run"
        assert await kept(server) == []
    async with serving(tmp_path / "on", **MEMORY) as server:
        assert outcome(await attempted(server, await server.api_key(), 0.0, consent_id="")) == "not_run"
        assert await kept(server) == []


async def test_what_is_kept_is_sealed_and_expires(tmp_path: Path) -> None:
    clock = Clock()
    async with serving(tmp_path, clock, **MEMORY) as server:
        headers = await server.api_key()
        session = await attempted(server, headers, 0.0)
        (sealed,) = await kept(server)
        assert session.signature not in sealed
        clock.now += 3601
        assert outcome(await attempted(server, headers, 0.0)) == "nothing_to_compare"
        await Housekeeping(server.services).sweep(now=clock())
        assert sealed not in await kept(server)


async def test_deleting_a_session_deletes_its_signature(tmp_path: Path) -> None:
    async with serving(tmp_path, **MEMORY) as server:
        headers = await server.api_key()
        session = await attempted(server, headers, 0.0)
        response = await server.http.delete(f"/v1/sessions/{session.spec.session_id}", headers=headers)
        assert response.status_code == 204
        assert await kept(server) == []


def test_a_seal_opens_for_its_subject_and_key_only(tmp_path: Path) -> None:
    seal = Seal.open(tmp_path / "secrets" / "a.key")
    sealed = seal.seal(b"signs", subject="p1")
    assert Seal.open(tmp_path / "secrets" / "a.key").unseal(sealed, subject="p1") == b"signs"
    assert seal.unseal(sealed, subject="p2") is None
    assert seal.unseal(sealed[:-1], subject="p1") is None
    assert seal.unseal(b"", subject="p1") is None
    assert Seal.open(tmp_path / "secrets" / "b.key").unseal(sealed, subject="p1") is None


async def test_a_signature_that_outlives_its_session_can_still_be_deleted(tmp_path: Path) -> None:
    clock = Clock()
    async with serving(tmp_path, clock, reuse_memory_s=7200, retention_s=600) as server:
        headers = await server.api_key()
        session = await attempted(server, headers, 0.0)
        clock.now += 3600
        await Housekeeping(server.services).sweep(now=clock())
        assert len(await kept(server)) == 1
        answer = await server.http.get(f"/v1/sessions/{session.spec.session_id}", headers=headers)
        assert answer.json()["status"] == "deleted"
        assert answer.json()["decision"] is None
        assert (await server.http.delete(f"/v1/sessions/{session.spec.session_id}", headers=headers)).status_code == 204
        assert await kept(server) == []
        await Housekeeping(server.services).sweep(now=clock())
        assert (await server.http.get(f"/v1/sessions/{session.spec.session_id}", headers=headers)).status_code == 404
