"""Whatever is sent decodes to a request or is a problem; locks of concurrent twins do not pile up."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveness_server.app.bodies import MAX_DETAIL_CHARS, decode_json
from liveness_server.app.problems import InvalidRequest, MalformedRequest
from liveness_server.app.schemas import CreateSession
from liveness_server.app.sessions import KeyedLocks
from liveness_server.types import Profile
from serving import BODY

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from([*BODY, "nonce", "client_jwk", "reference_image", "profile"]), json_values)


def test_defaults() -> None:
    request = decode_json(json.dumps(BODY).encode(), CreateSession)
    assert (request.policy, request.profile, request.consent_id) == ("standard", Profile.STANDARD, "")
    assert (request.nonce, request.client_jwk, request.reference_image) == (None, None, None)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_problem(body: bytes) -> None:
    with pytest.raises((MalformedRequest, InvalidRequest)):
        decode_json(body, CreateSession)


@settings(max_examples=200)
@given(bodies)
def test_any_json_is_a_request_or_a_short_problem(body: dict[str, object]) -> None:
    assert len(detail_of(json.dumps(BODY | body).encode())) <= MAX_DETAIL_CHARS


def detail_of(body: bytes) -> str:
    try:
        request = decode_json(body, CreateSession)
    except (MalformedRequest, InvalidRequest) as problem:
        return problem.detail
    assert 0 < len(request.subject) <= 128
    assert not {"\r", "\n", "\x00", "\x7f"} & set(request.subject)
    return ""


async def test_twins_wait_and_strangers_do_not() -> None:
    locks, order = KeyedLocks(), []

    async def work(key: str, name: str) -> None:
        async with locks.hold(("bank", key)):
            order.append(f"{name} in")
            await asyncio.sleep(0)
            order.append(f"{name} out")

    await asyncio.gather(work("a", "first"), work("a", "second"), work("b", "stranger"))
    assert order.index("second in") > order.index("first out")
    assert order.index("stranger in") < order.index("first out")
    assert len(locks) == 0


async def test_a_failing_twin_frees_its_lock() -> None:
    locks = KeyedLocks()
    with contextlib.suppress(LookupError):
        async with locks.hold(("bank", "a")):
            raise LookupError
    assert len(locks) == 0
