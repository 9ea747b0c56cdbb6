"""Attack: learn from differences in answers which sessions, subjects or keys exist (CWE-204)."""

from __future__ import annotations

from acting import BOB, Actor
from serving import BODY, Server, picture


async def test_somebody_elses_session_looks_like_none(server: Server, bank: dict[str, str]) -> None:
    session_id = (await server.create(bank))["session_id"]
    stranger = await server.api_key()
    for method in ("GET", "DELETE"):
        theirs = await server.http.request(method, f"/v1/sessions/{session_id}", headers=stranger)
        nobodys = await server.http.request(method, f"/v1/sessions/{'0' * 32}", headers=stranger)
        assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content)
        assert theirs.status_code == 404
    assert (await server.view(bank, session_id))["status"] == "created"


async def test_a_locked_subject_is_invisible_to_other_parties(server: Server, bank: dict[str, str]) -> None:
    """Neither can one party lock, or slow down, another party's customer."""
    for _ in range(5):
        created = await server.create(bank, reference_image=picture("alice"))
        await server.attempt(created["client_token"], Actor(person=BOB))
    assert (await server.http.post("/v1/sessions", json=BODY, headers=bank)).status_code == 429
    stranger = await server.api_key()
    assert (await server.http.post("/v1/sessions", json=BODY, headers=stranger)).status_code == 201


async def test_wrong_unknown_and_revoked_keys_get_one_answer(server: Server, bank: dict[str, str]) -> None:
    text = bank["Authorization"]
    (key,) = await server.services.api_keys.all()
    unknown = text.replace(key.id, "0" * 16)
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    await server.services.api_keys.revoke(key.id, now=server.clock())
    answers = [
        await server.http.get("/v1/sessions/x", headers={"Authorization": value}) for value in (unknown, wrong, text)
    ]
    assert len({(a.status_code, a.content) for a in answers}) == 1
