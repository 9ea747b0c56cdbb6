"""Whole sessions over real WebRTC on loopback: a real server process, the real client, the rendered presenter.

The presenter is a test instrument and by nature a reenactment attack; that it passes says that the spine works.
"""

from __future__ import annotations

import asyncio

import pytest

from e2e.conftest import AUDIENCE, attempt
from liveness_client import Connected, GuidanceEvent
from liveness_client.verify import Verifier
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.presenter import Answer, Behaviour

pytestmark = pytest.mark.webrtc


async def test_pass_and_a_token_that_verifies(server):
    outcome = await attempt(server, seed=21)
    assert outcome.result.decision == "pass", outcome.info
    assert isinstance(outcome.events[0], Connected)
    assert [c["outcome"] for c in outcome.info["challenges"]] == ["done"] * 3
    confirmed = {name for name, check in outcome.info["checks"].items() if check["outcome"] == "pass"}
    terms = shipped_policies()["demo"].terms(with_reference=True)
    assert terms.required <= confirmed, "the rest is reported and does not decide"
    verifier = Verifier(issuer=server.url, audience=AUDIENCE, jwks_url=f"{server.url}/.well-known/jwks.json")
    claims = await asyncio.to_thread(verifier.verify, outcome.result.token)
    assert claims.subject == "subject-21-hopper-hopper"
    assert set(claims.amr) == {"face", "user"}
    assert claims.acr == "urn:liveness:acr:demo:standard"
    assert claims.expires_at - claims.issued_at == 120
    assert claims.transcript_hash == outcome.info["transcript_hash"]
    assert outcome.info["token"] == outcome.result.token
    assert outcome.info["entropy_bits"] > 8
    log = server.log.read_text()
    assert outcome.result.token not in log
    assert claims.subject not in log


async def test_somebody_elses_reference_fails_without_a_token(server):
    outcome = await attempt(server, who="astronaut", reference="hopper", seed=22)
    assert outcome.result.decision == "fail"
    assert outcome.result.token == ""
    assert outcome.result.hint == "not_verified"
    assert outcome.reasons == ["match:other_person"]


async def test_wrong_movements_fail(server):
    outcome = await attempt(server, Behaviour(answer=Answer.WRONG), seed=23)
    assert outcome.result.decision == "fail"
    assert outcome.reasons[0] == "active:wrong_movement"


async def test_a_still_picture_does_not_pass(server):
    outcome = await attempt(server, Behaviour(answer=Answer.STILL), seed=25)
    assert outcome.result.decision == "inconclusive"
    assert outcome.reasons == ["active:not_performed"]
    assert outcome.result.hint == "too_slow"


async def test_two_faces(server):
    outcome = await attempt(server, Behaviour(second_face_at=4.0), seed=26)
    assert outcome.result.decision == "inconclusive"
    assert "single_face:several_faces" in outcome.reasons


async def test_a_face_swapped_for_another_portrait(server):
    outcome = await attempt(server, Behaviour(swap_step=2), seed=27)
    assert outcome.result.decision == "fail"
    assert "identity_continuity:identity_changed" in outcome.reasons


async def test_nobody_in_the_picture(server):
    outcome = await attempt(server, Behaviour(vanish_at=0.0), policy="hasty", seed=28)
    assert outcome.result.decision == "inconclusive"
    assert outcome.reasons[0] == "positioning:no_face"
    assert GuidanceEvent("no_face") in outcome.events
