"""What the verifier believes, what it does not, and when it asks for keys."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pytest

from client.issuing import ACR, AUDIENCE, ISSUER, JWKS_URL, Clock, Key, KeyServer, jwks, payload
from liveness_client import errors
from liveness_client._claims import REQUIRED_CLAIMS
from liveness_client._jwks import COOLDOWN_S
from liveness_client.verify import AsyncVerifier, ReplayGuard, Verifier


@pytest.fixture(scope="module", params=["EdDSA", "ES256"])
def key(request: pytest.FixtureRequest) -> Key:
    return Key(request.param)


@pytest.fixture
def verifier(key: Key) -> Verifier:
    return Verifier(ISSUER, AUDIENCE, jwks=jwks(key))


def test_a_genuine_token_is_believed(key: Key, verifier: Verifier) -> None:
    claims = verifier.verify(key.token(cnf={"jkt": "thumb"}, consent="c_9"), nonce="n_1", required_acr=ACR)
    assert claims.subject == "user-17"
    assert claims.amr == ("user", "face")
    assert claims.key_thumbprint == "thumb"
    assert claims.consent_id == "c_9"
    assert claims.expires_at - claims.issued_at == 120
    assert set(REQUIRED_CLAIMS) <= set(claims.raw)


async def test_the_async_twin_believes_the_same(key: Key) -> None:
    server = KeyServer(key)
    verifier = AsyncVerifier(ISSUER, AUDIENCE, jwks_url=JWKS_URL, transport=server.transport)
    for _ in range(3):
        assert (await verifier.verify(key.token())).subject == "user-17"
    assert server.requests == 1


class FromNow(int):
    """Seconds relative to the moment the test runs."""

    def date(self) -> int:
        return int(time.time()) + self


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"iat": FromNow(-200), "nbf": FromNow(-200), "exp": FromNow(-80)}, errors.TokenExpired),
        ({"nbf": FromNow(70)}, errors.TokenNotYetValid),
        ({"iat": FromNow(70)}, errors.TokenNotYetValid),
        ({"exp": FromNow(310)}, errors.LifetimeTooLong),
        ({"iss": "https://liveness.example/"}, errors.IssuerMismatch),
        ({"aud": "https://other.example"}, errors.AudienceMismatch),
        ({"sub": ""}, errors.InvalidClaim),
        ({"jti": ""}, errors.InvalidClaim),
        ({"amr": "face"}, errors.InvalidClaim),
        ({"amr": [1]}, errors.InvalidClaim),
        ({"cnf": "thumb"}, errors.InvalidClaim),
        ({"cnf": {"jkt": 7}}, errors.InvalidClaim),
        ({"acr": ["a"]}, errors.InvalidClaim),
        ({"sub": 17}, errors.InvalidClaim),
    ],
)
def test_a_claim_that_does_not_hold_has_its_own_error(
    key: Key, verifier: Verifier, changes: dict[str, Any], error: type[errors.VerificationError]
) -> None:
    claims = {name: value.date() if isinstance(value, FromNow) else value for name, value in changes.items()}
    with pytest.raises(error):
        verifier.verify(key.token(**claims))


def test_leeway_is_small_and_bounded(key: Key) -> None:
    late = key.token(iat=int(time.time()) - 60, nbf=int(time.time()) - 60, exp=int(time.time()) - 20)
    with pytest.raises(errors.TokenExpired):
        Verifier(ISSUER, AUDIENCE, jwks=jwks(key)).verify(late)
    assert Verifier(ISSUER, AUDIENCE, jwks=jwks(key), leeway=60).verify(late)
    with pytest.raises(errors.ConfigurationError, match="leeway"):
        Verifier(ISSUER, AUDIENCE, jwks=jwks(key), leeway=61)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"nonce": "n_2"}, errors.NonceMismatch),
        ({"required_acr": ["https://liveness.example/acr/other"]}, errors.InsufficientAssurance),
        ({"required_amr": ["user", "pop"]}, errors.InsufficientAssurance),
        ({"max_age": 5}, errors.InsufficientAssurance),
        ({"jkt": "other"}, errors.KeyBindingMismatch),
    ],
)
def test_a_request_may_ask_for_more(
    key: Key, verifier: Verifier, asked: dict[str, Any], error: type[errors.VerificationError]
) -> None:
    now = int(time.time())
    with pytest.raises(error):
        verifier.verify(key.token(iat=now - 10, nbf=now - 10, cnf={"jkt": "thumb"}), **asked)


def test_what_was_asked_for_and_given_passes(key: Key, verifier: Verifier) -> None:
    token = key.token(cnf={"jkt": "thumb"})
    asked: dict[str, Any] = {"nonce": "n_1", "required_acr": ["x", ACR], "required_amr": ["face"]}
    assert verifier.verify(token, **asked, max_age=60, jkt="thumb")


def test_an_unbound_token_is_refused_where_a_binding_is_asked_for(key: Key, verifier: Verifier) -> None:
    with pytest.raises(errors.KeyBindingMismatch):
        verifier.verify(key.token(), jkt="thumb")
    with pytest.raises(errors.KeyBindingMismatch):
        verifier.verify(key.token(), jkt="")


def test_a_token_is_used_once_where_a_guard_is_kept(key: Key) -> None:
    verifier = Verifier(ISSUER, AUDIENCE, jwks=jwks(key), replay=ReplayGuard())
    token = key.token()
    with pytest.raises(errors.NonceMismatch):
        verifier.verify(token, nonce="another")
    verifier.verify(token)
    with pytest.raises(errors.TokenReplayed):
        verifier.verify(token)
    verifier.verify(key.token(jti="another"))


def test_a_full_replay_guard_forgets_the_dead_and_then_refuses() -> None:
    guard = ReplayGuard(capacity=2)
    assert guard.claim("dead", time.time() - 1)
    assert guard.claim("a", time.time() + 60)
    assert guard.claim("b", time.time() + 60)
    assert not guard.claim("c", time.time() + 60)
    assert not guard.claim("a", time.time() + 60)


def test_errors_never_repeat_the_token_or_its_claims(key: Key, verifier: Verifier) -> None:
    token = key.token(aud="secret-audience", sub="secret-subject")
    with pytest.raises(errors.VerificationError) as refused:
        verifier.verify(token)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


# Keys: cache, rotation, outage.


def _remote(server: KeyServer, clock: Clock, **options: Any) -> Verifier:
    return Verifier(ISSUER, AUDIENCE, jwks_url=JWKS_URL, transport=server.transport, clock=clock, **options)


def test_the_key_set_is_fetched_once_in_its_time(key: Key) -> None:
    server, clock = KeyServer(key), Clock()
    verifier = _remote(server, clock)
    for elapsed in (0, 100, 199.9):
        clock.now = 1000 + elapsed
        verifier.verify(key.token())
    assert server.requests == 1
    clock.now = 1300
    verifier.verify(key.token())
    assert server.requests == 2


@pytest.mark.parametrize(
    ("cache_control", "lifetime"),
    [
        ("max-age=60", 60),
        ("public, max-age=60, must-revalidate", 60),
        ("max-age=86400", 300),
        ("", 300),
        ("no-store", 5),
        ("max-age=0", 5),
        ("s-maxage=9", 300),
    ],
)
def test_cache_control_shortens_the_use_within_bounds(key: Key, cache_control: str, lifetime: float) -> None:
    server, clock = KeyServer(key, cache_control=cache_control), Clock()
    verifier = _remote(server, clock)
    verifier.verify(key.token())
    clock.now += lifetime - 0.1
    verifier.verify(key.token())
    assert server.requests == 1
    clock.now += 0.2
    verifier.verify(key.token())
    assert server.requests == 2


def test_a_new_key_is_found_after_rotation_and_an_old_one_ends(key: Key) -> None:
    server, clock, successor = KeyServer(key), Clock(), Key()
    verifier = _remote(server, clock)
    verifier.verify(key.token())
    server.keys = [successor]
    clock.now += COOLDOWN_S
    assert verifier.verify(successor.token()).subject == "user-17"
    with pytest.raises(errors.KeyNotFound):
        verifier.verify(key.token())
    assert server.requests == 2


def test_unknown_kids_cause_one_fetch_in_a_cooldown(key: Key) -> None:
    server, clock = KeyServer(key), Clock()
    verifier = _remote(server, clock)
    verifier.verify(key.token())
    for _ in range(20):
        clock.now += 1
        with pytest.raises(errors.KeyNotFound):
            verifier.verify(Key().token())
    assert server.requests == 1
    clock.now += 10
    for _ in range(5):
        with pytest.raises(errors.KeyNotFound):
            verifier.verify(Key().token())
    assert server.requests == 2


def test_unknown_kids_do_not_hammer_an_issuer_that_is_down(key: Key) -> None:
    server, clock = KeyServer(key), Clock()
    verifier = _remote(server, clock)
    verifier.verify(key.token())
    server.down = True
    for _ in range(90):
        clock.now += 1
        with pytest.raises(errors.KeyNotFound):
            verifier.verify(Key().token())
    assert server.requests <= 4
    assert verifier.verify(key.token())


def test_it_works_offline_within_the_cache_time_then_fails_closed(key: Key) -> None:
    server, clock = KeyServer(key), Clock()
    verifier = _remote(server, clock)
    verifier.verify(key.token())
    server.down = True
    clock.now += 299
    verifier.verify(key.token())
    clock.now += 2
    for _ in range(5):
        with pytest.raises(errors.JwksUnavailable) as refused:
            verifier.verify(key.token())
    assert refused.value.retryable
    assert server.requests == 2
    server.down = False
    clock.now += 2
    assert verifier.verify(key.token())


def test_stale_keys_bridge_an_outage_only_where_asked_for_and_bounded(key: Key) -> None:
    server, clock = KeyServer(key), Clock()
    verifier = _remote(server, clock, stale_if_error=100)
    verifier.verify(key.token())
    server.down = True
    clock.now += 399
    assert verifier.verify(key.token())
    clock.now += 2
    with pytest.raises(errors.JwksUnavailable):
        verifier.verify(key.token())
    with pytest.raises(errors.ConfigurationError):
        _remote(server, clock, stale_if_error=3601)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": [], "keys": []}', b"\xff", b"[" * 60_000, b"x" * 70_000],
    ids=["empty", "array", "no keys", "keys a number", "duplicate", "not UTF-8", "deep", "oversize"],
)
def test_a_malformed_key_set_fails_closed(key: Key, body: bytes) -> None:
    server = KeyServer(key)
    server.body = body
    with pytest.raises(errors.JwksUnavailable):
        _remote(server, Clock()).verify(key.token())


@pytest.mark.parametrize("status", [204, 301, 404, 500])
def test_an_answer_that_is_not_200_is_no_key_set(key: Key, status: int) -> None:
    server = KeyServer(key)
    server.status = status
    with pytest.raises(errors.JwksUnavailable):
        _remote(server, Clock()).verify(key.token())


async def test_the_async_twin_fails_closed_too(key: Key) -> None:
    server, clock = KeyServer(key), Clock()
    verifier = AsyncVerifier(ISSUER, AUDIENCE, jwks_url=JWKS_URL, transport=server.transport, clock=clock)
    await verifier.verify(key.token())
    server.body = b"x" * 70_000
    clock.now += 301
    with pytest.raises(errors.JwksUnavailable):
        await verifier.verify(key.token())


def test_many_threads_share_one_fetch(key: Key) -> None:
    server = KeyServer(key)
    verifier = Verifier(ISSUER, AUDIENCE, jwks_url=JWKS_URL, transport=server.transport)
    token, seen = key.token(), []
    threads = [threading.Thread(target=lambda: seen.append(verifier.verify(token))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 16
    assert server.requests == 1


@pytest.mark.parametrize("url", ["http://liveness.example/jwks", "file:///etc/passwd", "ftp://x/y", "https://", ""])
def test_keys_are_not_fetched_over_an_open_line(url: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="https"):
        Verifier(ISSUER, AUDIENCE, jwks_url=url)


@pytest.mark.parametrize(
    "options", [{"jwks_url": "http://127.0.0.1:1/j"}, {"jwks_url": "http://h/j", "allow_http": True}]
)
def test_plain_http_is_for_loopback_or_on_request(options: Any) -> None:
    Verifier(ISSUER, AUDIENCE, **options)


@pytest.mark.parametrize(
    "options",
    [{}, {"jwks": {"keys": []}, "jwks_url": JWKS_URL}, {"jwks": {"keys": []}, "algorithms": ["HS256"]}],
)
def test_wrong_options_are_refused_at_once(options: Any) -> None:
    with pytest.raises(errors.ConfigurationError):
        Verifier(ISSUER, AUDIENCE, **options)


def test_an_audience_is_one_text() -> None:
    for audience in ("", ["a", "b"]):
        with pytest.raises(errors.ConfigurationError):
            Verifier(ISSUER, audience, jwks={"keys": []})  # type: ignore[arg-type]


def test_methods_are_a_collection(verifier: Verifier, key: Key) -> None:
    with pytest.raises(errors.ConfigurationError):
        verifier.verify(key.token(), required_amr="face")


def test_httpx_is_not_asked_to_follow_redirects(key: Key) -> None:
    moved = httpx.MockTransport(lambda request: httpx.Response(302, headers={"location": "https://evil.example/jwks"}))
    with pytest.raises(errors.JwksUnavailable):
        Verifier(ISSUER, AUDIENCE, jwks_url=JWKS_URL, transport=moved).verify(key.token())


def test_the_default_payload_of_these_tests_is_what_is_required() -> None:
    assert set(payload()) == set(REQUIRED_CLAIMS)
