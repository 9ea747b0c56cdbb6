"""`/v1/sessions` as a relying party sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from acting import BOB, Actor
from lifelike import living
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.states import State
from liveness_server.errors import RemoteProtocolError
from liveness_server.store.api_keys import Scope
from liveness_server.tokens import Algorithm, SigningKey
from liveness_server.types import Outcome, Profile, ServerTime
from liveness_server.wire import CloseCode, IceServer
from serving import BODY, START, Clock, Server, picture, serving


async def test_creation_answers_with_everything_the_client_needs(server: Server, bank: dict[str, str]) -> None:
    response = await server.http.post("/v1/sessions", json=BODY, headers=bank)
    created = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/sessions/{created['session_id']}"
    assert created == {
        "session_id": created["session_id"],
        "client_token": created["client_token"],
        "signaling_url": "ws://127.0.0.1:8000/v1/signaling",
        "expires_at": 1120,
        "ice_servers": [],
        "profile": "standard",
        "policy": "standard",
    }
    assert len(created["session_id"]) == 32
    assert len(created["client_token"]) == len("lct_") + 64


async def test_a_new_session_waits(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    seen = await server.view(bank, created["session_id"])
    assert (seen["status"], seen["decision"], seen["token"]) == ("created", None, None)
    assert {name: seen[name] for name in BODY} == BODY
    assert created["client_token"] not in str(seen)


async def test_ice_servers_and_extended_time(tmp_path: Path) -> None:
    turn = IceServer(urls=["turn:t.example"], username="u", credential="c")
    async with serving(tmp_path, ice_servers=(turn,)) as server:
        created = await server.create(await server.api_key(), profile="extended-time")
    assert created["ice_servers"] == [{"urls": ["turn:t.example"], "username": "u", "credential": "c"}]
    assert created["expires_at"] == START + 600


async def test_status_follows_the_attempt(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    session_id = created["session_id"]
    await server.attempts.redeem(created["client_token"], ServerTime(START))
    assert (await server.view(bank, session_id))["status"] == "connecting"
    for state in (State.POSITIONING, State.CHALLENGING, State.CAPTURING):
        server.backend.states[session_id] = state
        assert (await server.view(bank, session_id))["status"] == "in_progress"


async def test_a_pass_gives_details_and_a_token_to_the_relying_party(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank, reference_image=picture("alice"))
    session, token = await server.attempt(created["client_token"])
    seen = await server.view(bank, created["session_id"])
    assert session.verdict is not None
    assert (seen["status"], seen["decision"], seen["reasons"]) == ("completed", "pass", [])
    assert seen["token"] == token != ""
    assert seen["transcript_hash"] == session.verdict.transcript_hash
    assert seen["entropy_bits"] == session.verdict.entropy_bits > 0
    deciding = shipped_policies()["standard"].terms(with_reference=True).required | {"pulse"}
    assert {seen["checks"][name]["outcome"] for name in deciding} == {"pass"}
    assert seen["checks"]["stream_integrity"]["flags"] == ["exact_pacing"], "the scripted person is"
    assert "flags" not in seen["checks"]["single_face"]
    assert [c["kind"] for c in seen["challenges"]] == list(session.plan)
    assert all(c["onset_s"] > 0 for c in seen["challenges"])


async def test_the_token_is_shown_while_it_is_valid(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    await server.attempt(created["client_token"])
    for later, shown in ((119, True), (120, False)):
        server.clock.now = START + later
        seen = await server.view(bank, created["session_id"])
        assert (seen["token"] is not None) is shown
        assert seen["token_jti"]


async def test_a_failure_gives_reasons_and_no_token(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank, reference_image=picture("bob"))
    _, token = await server.attempt(created["client_token"])
    seen = await server.view(bank, created["session_id"])
    assert token == ""
    assert (seen["decision"], seen["reasons"], seen["token"]) == ("fail", ["match:other_person"], None)
    assert seen["checks"]["match"]["outcome"] == "fail"


async def test_quality_figures_need_their_own_scope(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    await server.attempt(created["client_token"])
    seen = await server.view(bank, created["session_id"])
    assert all(0 <= check["quality"] <= 1 for check in seen["checks"].values())
    key = next(k for k in await server.services.api_keys.all())
    async with server.services.database.write() as connection:
        await connection.exec_driver_sql("UPDATE api_keys SET scopes = 'session:read' WHERE id = ?", (key.id,))
    seen = await server.view(bank, created["session_id"])
    assert all(set(check) <= {"outcome", "reason", "flags"} for check in seen["checks"].values())


async def test_an_unused_session_expires_at_once(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    server.clock.now = START + 120
    assert (await server.view(bank, created["session_id"]))["status"] == "expired"


@pytest.mark.parametrize(
    ("method", "scope"), [("POST", Scope.READ), ("GET", Scope.CREATE), ("DELETE", Scope.READ)], ids=str
)
async def test_each_method_needs_its_scope(server: Server, method: str, scope: Scope) -> None:
    created = await server.create(await server.api_key())
    path = "/v1/sessions" if method == "POST" else f"/v1/sessions/{created['session_id']}"
    response = await server.http.request(method, path, headers=await server.api_key(scope))
    assert (response.status_code, response.json()["type"]) == (403, "urn:liveness:problem:insufficient-scope")
    assert "insufficient_scope" in response.headers["www-authenticate"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x", "Basic bHNrOng=", "lsk_a_b"])
async def test_no_key_no_answer(server: Server, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in (("POST", "/v1/sessions"), ("GET", "/v1/sessions/x"), ("DELETE", "/v1/sessions/x")):
        response = await server.http.request(method, path, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")


async def test_deletion_erases_and_ends_the_attempt(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank, reference_image=picture("alice"), nonce="nonce-nonce")
    session_id = created["session_id"]
    assert len(server.services.references) == 1
    response = await server.http.delete(f"/v1/sessions/{session_id}", headers=bank)
    assert (response.status_code, response.content) == (204, b"")
    assert len(server.services.references) == 0
    assert server.backend.deleted == [session_id]
    seen = await server.view(bank, session_id)
    assert (seen["status"], seen["subject"]) == ("deleted", "")
    assert (await server.http.delete(f"/v1/sessions/{session_id}", headers=bank)).status_code == 204
    with pytest.raises(RemoteProtocolError) as refused:
        await server.attempts.redeem(created["client_token"], ServerTime(START))
    assert refused.value.close_code is CloseCode.SESSION_DELETED


async def test_a_pass_of_a_session_deleted_meanwhile_yields_no_token(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    session_spec = await server.attempts.redeem(created["client_token"], ServerTime(START))
    await server.http.delete(f"/v1/sessions/{created['session_id']}", headers=bank)
    from acting import connected, play

    session = connected(session_spec)
    play(session, living(Actor()))
    assert session.verdict is not None
    assert session.verdict.decision is Outcome.PASS
    assert await server.attempts.finish(session) == ""
    assert (await server.view(bank, created["session_id"]))["decision"] is None


async def test_thirty_parallel_twins_make_one_session(server: Server, bank: dict[str, str]) -> None:
    headers = bank | {"Idempotency-Key": "order-4711"}
    body = BODY | {"reference_image": picture("alice")}
    posts = (server.http.post("/v1/sessions", json=body, headers=headers) for _ in range(30))
    responses = await asyncio.gather(*posts)
    assert {r.status_code for r in responses} == {201}
    assert len({r.content for r in responses}) == 1
    assert server.backend.embedded == 1
    lines = await server.services.audit.lines()
    assert sum('"session.created"' in line for line in lines) == 1


async def test_different_idempotency_keys_and_different_parties_do_not_meet(
    server: Server, bank: dict[str, str]
) -> None:
    other = await server.api_key()
    made = [
        (await server.http.post("/v1/sessions", json=BODY, headers=headers | {"Idempotency-Key": key})).json()
        for headers, key in ((bank, "a"), (bank, "b"), (other, "a"))
    ]
    assert len({m["session_id"] for m in made}) == 3


async def test_an_idempotent_create_survives_a_restart(tmp_path: Path) -> None:
    clock, seen = Clock(), []
    async with serving(tmp_path, clock) as server:
        headers = await server.api_key() | {"Idempotency-Key": "order-4711"}
    for _ in range(2):
        async with serving(tmp_path, clock) as server:
            seen.append((await server.http.post("/v1/sessions", json=BODY, headers=headers)).content)
    assert seen[0] == seen[1]


async def test_a_refused_create_can_be_repeated_with_its_key(server: Server, bank: dict[str, str]) -> None:
    headers = bank | {"Idempotency-Key": "order-4711"}
    server.backend.full = True
    assert (await server.http.post("/v1/sessions", json=BODY, headers=headers)).status_code == 503
    server.backend.full = False
    assert (await server.http.post("/v1/sessions", json=BODY, headers=headers)).status_code == 201


async def test_no_capacity_is_said_before_media_starts(server: Server, bank: dict[str, str]) -> None:
    server.backend.full = True
    response = await server.http.post("/v1/sessions", json=BODY, headers=bank)
    assert (response.status_code, response.json()["type"]) == (503, "urn:liveness:problem:over-capacity")
    assert response.headers["retry-after"] == "10"


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": ""},
        {"subject": "x" * 129},
        {"subject": "line\nbreak"},
        {"subject": "alice\n"},
        {"audience": "https://shop.example\n"},
        {"purpose": "login\n"},
        {"nonce": "n" * 8 + "\n"},
        {"consent_id": "\n"},
        {"subject": 7},
        {"subject": None},
        {"purpose": "has space"},
        {"policy": "none-such"},
        {"profile": "standart"},
        {"nonce": "short"},
        {"consent_id": "a\x00b"},
        {"reference_image": "not base64!"},
        {"unknown": 1},
        {"client_jwk": {"kty": "oct", "k": "AAAA"}},
        {"client_jwk": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 42}},
        {"client_jwk": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}},
    ],
    ids=str,
)
async def test_a_body_outside_the_schema_is_422(server: Server, bank: dict[str, str], wrong: dict[str, object]) -> None:
    response = await server.http.post("/v1/sessions", json=BODY | wrong, headers=bank)
    assert (response.status_code, response.json()["type"]) == (422, "urn:liveness:problem:invalid-request")
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("missing", list(BODY))
async def test_each_required_member_is_required(server: Server, bank: dict[str, str], missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}
    response = await server.http.post("/v1/sessions", json=body, headers=bank)
    assert response.status_code == 422
    assert missing in response.json()["detail"]


async def test_an_unusable_picture_says_why(server: Server, bank: dict[str, str]) -> None:
    response = await server.http.post("/v1/sessions", json=BODY | {"reference_image": picture("tree")}, headers=bank)
    problem = response.json()
    assert (response.status_code, problem["type"], problem["reason"]) == (
        422,
        "urn:liveness:problem:invalid-reference",
        "no_face",
    )


async def test_production_does_not_offer_demo_policies(tmp_path: Path) -> None:
    from liveness_server.config import Mode

    safe = {"mode": Mode.PRODUCTION, "public_url": "https://l.example", "allowed_origins": ()}
    async with serving(tmp_path, **safe) as server:
        headers = await server.api_key()
        response = await server.http.post("/v1/sessions", json=BODY | {"policy": "demo"}, headers=headers)
        assert (response.status_code, "$.policy" in response.json()["detail"]) == (422, True)
        await server.create(headers)


async def test_profiles_reach_the_engine(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank, policy="motion-free", profile="motion-free")
    session_spec = await server.attempts.redeem(created["client_token"], ServerTime(START))
    assert session_spec.profile is Profile.MOTION_FREE


async def test_a_bound_session_accepts_webcrypto_s_jwk(server: Server, bank: dict[str, str]) -> None:
    jwk = SigningKey.generate(Algorithm.ES256).public_jwk() | {"ext": True, "key_ops": ["verify"]}
    await server.create(bank, client_jwk=jwk)


async def test_bobs_face_does_not_pass_for_alice(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank, reference_image=picture("alice"))
    session, token = await server.attempt(created["client_token"], Actor(person=BOB))
    assert session.verdict is not None
    assert (session.verdict.decision, token) == (Outcome.FAIL, "")


async def test_production_refuses_thresholds_that_were_not_measured_for_the_models(tmp_path: Path) -> None:
    from liveness_server.config import Mode

    safe = {"mode": Mode.PRODUCTION, "public_url": "https://l.example", "allowed_origins": ()}
    async with serving(tmp_path, **safe) as server:
        headers = await server.api_key()
        server.backend.model_digests = {"embedding": "0" * 64}
        response = await server.http.post("/v1/sessions", json=BODY, headers=headers)
        assert (response.status_code, "not measured" in response.json()["detail"]) == (422, True)
        assert set(server.services.refused_policies) == {"convenience", "standard", "strict", "motion-free"}


async def test_an_operator_s_policy_is_offered(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "ours.toml").write_text(
        '[checks]\nconfirm = ["active", "single_face", "face_continuity", "identity_continuity"]\n'
    )
    async with serving(tmp_path, policies_dir=tmp_path / "p") as server:
        created = await server.create(await server.api_key(), policy="ours")
        assert created["policy"] == "ours"
