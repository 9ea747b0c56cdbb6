"""What happens though nobody asks, at the time it is due."""

from __future__ import annotations

from liveness_server.app.housekeeping import OVERDUE_S, Housekeeping
from liveness_server.app.keys import RELOAD_S
from liveness_server.app.references import References
from liveness_server.types import Reference, ServerTime
from serving import START, Server, picture


async def test_an_unused_reference_is_forgotten_at_expiry(server: Server, bank: dict[str, str]) -> None:
    await server.create(bank, reference_image=picture("alice"))
    keeper = Housekeeping(server.services)
    await keeper.sweep(now=START + 119)
    assert len(server.services.references) == 1
    await keeper.sweep(now=START + 120)
    assert len(server.services.references) == 0


async def test_results_are_erased_after_retention(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    await server.attempt(created["client_token"])
    keeper = Housekeeping(server.services)
    await keeper.sweep(now=START + 86_400)
    assert (await server.view(bank, created["session_id"]))["status"] == "completed"
    await keeper.sweep(now=START + 86_401)
    response = await server.http.get(f"/v1/sessions/{created['session_id']}", headers=bank)
    assert response.status_code == 404


async def test_an_attempt_that_never_came_back_is_ended(server: Server, bank: dict[str, str]) -> None:
    created = await server.create(bank)
    await server.attempts.redeem(created["client_token"], ServerTime(START))
    keeper = Housekeeping(server.services)
    for later, status in ((OVERDUE_S, "connecting"), (OVERDUE_S + 1, "aborted")):
        await keeper.sweep(now=START + 120 + later)
        assert (await server.view(bank, created["session_id"]))["status"] == status


async def test_a_key_rotated_elsewhere_is_published_within_the_reload_time(server: Server) -> None:
    from liveness_server.app.keys import KeyRing
    from liveness_server.tokens import Algorithm

    keeper = Housekeeping(server.services)
    KeyRing(server.services.keys.directory, Algorithm.ES256, now=START).rotate(now=START)
    await keeper.sweep(now=START + RELOAD_S)
    keys = (await server.http.get("/.well-known/jwks.json")).json()["keys"]
    assert [key["alg"] for key in keys] == ["EdDSA", "ES256"]


async def test_a_broken_key_file_does_not_stop_a_running_server(server: Server) -> None:
    keeper = Housekeeping(server.services)
    (server.services.keys.directory / "stray.pem").write_bytes(b"")
    await keeper.sweep(now=START + RELOAD_S)
    assert len((await server.http.get("/.well-known/jwks.json")).json()["keys"]) == 1


def test_references_are_handed_over_once() -> None:
    references = References()
    reference = Reference((1.0,), "digest")
    references.put("s1", reference, expires=10)
    assert references.take("s1") is reference
    assert references.take("s1") is None
    assert "1.0" not in repr(reference)
