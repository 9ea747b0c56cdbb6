"""Attacks on the verifier, each named. RFC 8725 is the list they come from."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from client.issuing import AUDIENCE, ISSUER, JWKS_URL, Key, KeyServer, b64, jwks, payload
from liveness_client import errors
from liveness_client._claims import REQUIRED_CLAIMS
from liveness_client.verify import Verifier

ED, EC, STRANGER = Key("EdDSA"), Key("ES256"), Key("EdDSA")


@pytest.fixture
def verifier() -> Verifier:
    return Verifier(ISSUER, AUDIENCE, jwks=jwks(ED, EC))


def _refused(verifier: Verifier, token: str, error: type[errors.VerificationError]) -> errors.VerificationError:
    with pytest.raises(error) as refused:
        verifier.verify(token)
    return refused.value


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("signature", ["", "AA"])
def test_alg_none(verifier: Verifier, alg: str, signature: str) -> None:
    token = f"{b64(ED.header(alg=alg))}.{b64(json.dumps(payload()))}.{signature}"
    _refused(verifier, token, errors.AlgorithmRefused)


def test_hs256_with_the_public_key_as_secret(verifier: Verifier) -> None:
    """RFC 8725 §2.1: a verifier that lets the header choose takes the public key for an HMAC secret."""
    hmac: Any = jwt.get_algorithm_by_name("HS256")
    raw = ED.private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for secret in (raw, json.dumps(ED.public).encode(), ED.public["x"].encode()):
        signing_input = f"{b64(ED.header(alg='HS256'))}.{b64(json.dumps(payload()))}"
        token = f"{signing_input}.{b64(hmac.sign(signing_input.encode(), secret))}"
        _refused(verifier, token, errors.AlgorithmRefused)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES384", "HS512", "EdDSA ", "eddsa"])
def test_algorithms_outside_the_list(verifier: Verifier, alg: str) -> None:
    _refused(verifier, ED.sign(ED.header(alg=alg), json.dumps(payload())), errors.AlgorithmRefused)


def test_an_allowed_algorithm_with_a_key_of_another(verifier: Verifier) -> None:
    _refused(verifier, ED.sign(ED.header(alg="ES256"), json.dumps(payload())), errors.AlgorithmRefused)
    _refused(verifier, EC.sign(ED.header(alg="ES256"), json.dumps(payload())), errors.AlgorithmRefused)


def test_an_algorithm_this_verifier_was_told_not_to_take() -> None:
    only_eddsa = Verifier(ISSUER, AUDIENCE, jwks=jwks(ED, EC), algorithms=["EdDSA"])
    assert only_eddsa.verify(ED.token())
    _refused(only_eddsa, EC.token(), errors.AlgorithmRefused)


def test_kid_of_another_key(verifier: Verifier) -> None:
    _refused(verifier, STRANGER.token({"kid": ED.kid}), errors.BadSignature)


def test_unknown_kid(verifier: Verifier) -> None:
    _refused(verifier, STRANGER.token(), errors.KeyNotFound)


@pytest.mark.parametrize("kid", ["", "../../etc/passwd", "' OR 1=1 --", "k" * 129, 7, None, ["a"], {}])
def test_kid_as_path_query_or_nonsense(verifier: Verifier, kid: Any) -> None:
    with pytest.raises((errors.KeyNotFound, errors.MalformedToken)):
        verifier.verify(ED.sign(ED.header(kid=kid), json.dumps(payload())))


def test_no_kid(verifier: Verifier) -> None:
    token = ED.sign(json.dumps({"typ": "liveness+jwt", "alg": "EdDSA"}), json.dumps(payload()))
    _refused(verifier, token, errors.MalformedToken)


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "dpop+jwt", "application/liveness+jwt", "LIVENESS+JWT", "", None, 1])
def test_typ_confusion(verifier: Verifier, typ: Any) -> None:
    """RFC 8725 §3.11: a token the same key signed for another purpose must not pass as a result."""
    _refused(verifier, ED.sign(ED.header(typ=typ), json.dumps(payload())), errors.WrongType)


def test_no_typ(verifier: Verifier) -> None:
    token = ED.sign(json.dumps({"alg": "EdDSA", "kid": ED.kid}), json.dumps(payload()))
    _refused(verifier, token, errors.WrongType)


@pytest.mark.parametrize("aud", [[AUDIENCE], [AUDIENCE, "https://evil.example"], {AUDIENCE: 1}, 7, AUDIENCE + "/", "*"])
def test_audience_of_another_or_of_several(verifier: Verifier, aud: Any) -> None:
    _refused(verifier, ED.token(aud=aud), errors.AudienceMismatch)


@pytest.mark.parametrize(
    "iss", [["https://liveness.example"], "https://liveness.example.evil", "HTTPS://liveness.example"]
)
def test_issuer_of_another(verifier: Verifier, iss: Any) -> None:
    if isinstance(iss, str):
        _refused(verifier, ED.token(iss=iss), errors.IssuerMismatch)
    else:  # PyJWT's encoder refuses to write it
        _refused(verifier, ED.sign(ED.header(), json.dumps(payload(iss=iss))), errors.IssuerMismatch)


@pytest.mark.parametrize("claim", REQUIRED_CLAIMS)
def test_each_claim_missing_or_null(verifier: Verifier, claim: str) -> None:
    for value in (..., None):
        body = json.dumps(payload(**{claim: value}))
        error = _refused(verifier, ED.sign(ED.header(), body), errors.MissingClaim)
        assert isinstance(error, errors.MissingClaim)
        assert error.claim == claim


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value",
    ['"{now}"', '"soon"', "{now}.5", "{now}.0", "1e3", "true", "[]", "{}", "-1", "NaN", "Infinity", "1e999", "9" * 400],
)
def test_dates_that_are_not_plain_integers(verifier: Verifier, claim: str, value: str) -> None:
    """RFC 8725 §3.1: whatever a lenient reader makes of them, these are no dates."""
    soon = int(time.time()) + (60 if claim == "exp" else -1)
    body = json.dumps(payload(**{claim: "@"})).replace('"@"', value.replace("{now}", str(soon)))
    with pytest.raises(errors.VerificationError):
        verifier.verify(ED.sign(ED.header(), body))


def test_a_token_that_never_expires(verifier: Verifier) -> None:
    _refused(verifier, ED.token(exp=2**53), errors.LifetimeTooLong)
    _refused(verifier, ED.token(exp=int(time.time()) + 301), errors.LifetimeTooLong)


def test_a_lifetime_hidden_by_an_old_iat(verifier: Verifier) -> None:
    now = int(time.time())
    _refused(verifier, ED.token(iat=now - 86400, nbf=now - 86400, exp=now + 60), errors.LifetimeTooLong)


def test_embedded_jwk(verifier: Verifier) -> None:
    """A verifier that trusts the header's own key believes anybody (CVE-2018-0114)."""
    _refused(verifier, STRANGER.token({"jwk": STRANGER.public}), errors.KeyNotFound)
    _refused(verifier, STRANGER.token({"jwk": STRANGER.public, "kid": ED.kid}), errors.BadSignature)


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_addresses_in_the_header_are_never_fetched(name: str) -> None:
    server = KeyServer(ED)
    verifier = Verifier(ISSUER, AUDIENCE, jwks_url=JWKS_URL, transport=server.transport)
    verifier.verify(ED.token({name: "https://evil.example/jwks"}))
    _refused(verifier, STRANGER.token({name: "https://evil.example/jwks"}), errors.KeyNotFound)
    assert server.requests == 1


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], "exp", None, ["http://example/ext"]])
def test_critical_extensions(verifier: Verifier, crit: Any) -> None:
    """RFC 7515 §4.1.11: what is marked critical must be understood, and we understand none."""
    _refused(verifier, ED.sign(ED.header(crit=crit, b64=True), json.dumps(payload())), errors.CriticalHeader)


def test_unencoded_payload(verifier: Verifier) -> None:
    """RFC 7797 `b64` without `crit`."""
    _refused(verifier, ED.sign(ED.header(b64=False), json.dumps(payload())), errors.MalformedToken)


@pytest.mark.parametrize("member", ["sub", "exp", "aud"])
def test_duplicate_members_of_the_payload(verifier: Verifier, member: str) -> None:
    body = json.dumps(payload())
    twice = body[:-1] + f', "{member}": {json.dumps(payload()[member])}}}'
    error = _refused(verifier, ED.sign(ED.header(), twice), errors.DuplicateMember)
    assert isinstance(error, errors.DuplicateMember)
    assert error.member == member


def test_duplicate_members_of_the_header_and_deeper(verifier: Verifier) -> None:
    header = ED.header()[:-1] + ', "alg": "none"}'
    _refused(verifier, ED.sign(header, json.dumps(payload())), errors.DuplicateMember)
    body = json.dumps(payload()).replace('"cnf": {}', '"cnf": {"jkt": "a", "jkt": "b"}')
    _refused(verifier, ED.sign(ED.header(), body), errors.DuplicateMember)


def test_oversize(verifier: Verifier) -> None:
    _refused(verifier, ED.token(extra="x" * 9000), errors.TokenTooLarge)
    _refused(verifier, "a" * 10_000_000, errors.TokenTooLarge)


def test_deep_nesting(verifier: Verifier) -> None:
    body = json.dumps(payload())[:-1] + ', "extra": ' + "[" * 2500 + "]" * 2500 + "}"
    token = ED.sign(ED.header(), body)
    try:
        verifier.verify(token)
    except errors.VerificationError:
        return


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token + "=",
        lambda token: token + ".AAAA",
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token.replace(".", "..", 1),
        lambda token: token.split(".")[0],
        lambda token: "",
        lambda token: "..",
        lambda token: token.encode(),
        lambda token: None,
        lambda token: token[:-4] + "é" + token[-3:],
        lambda token: token + "\x00",
    ],
)
def test_texts_that_are_not_compact_jws(verifier: Verifier, spoil: Any) -> None:
    _refused(verifier, spoil(ED.token()), errors.MalformedToken)


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"[]", b"null", b"1", b'{"typ": "liveness+jwt"} x', b"\xef\xbb\xbf{}"])
def test_segments_that_are_not_json_objects(verifier: Verifier, raw: bytes) -> None:
    body = b64(json.dumps(payload()))
    _refused(verifier, f"{b64(raw)}.{body}.AAAA", errors.MalformedToken)
    _refused(verifier, f"{b64(ED.header())}.{b64(raw)}.AAAA", errors.MalformedToken)


def test_one_bit_changed_anywhere(verifier: Verifier) -> None:
    header, body, signature = ED.token().split(".")
    changed = json.dumps(payload(sub="user-18"))
    _refused(verifier, f"{header}.{b64(changed)}.{signature}", errors.BadSignature)
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    _refused(verifier, f"{header}.{body}.{flipped}", errors.BadSignature)
    _refused(verifier, f"{header}.{body}.", errors.BadSignature)


def test_es256_signature_of_zeros() -> None:
    """CVE-2022-21449: r = s = 0 verified as anything in some libraries."""
    header, body, _ = EC.token().split(".")
    _refused(Verifier(ISSUER, AUDIENCE, jwks=jwks(EC)), f"{header}.{body}.{b64(bytes(64))}", errors.BadSignature)


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"alg": None},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"kid": "my-key"},
        {"crv": "Ed448"},
        {"kty": "oct", "k": "AAAA"},
        {"d": "AAAA"},
        {"x": "AAAA"},
        {"x": 7},
    ],
)
def test_keys_that_contradict_themselves_are_not_used(change: dict[str, Any]) -> None:
    """RFC 8725 §3.2, J2: one key, one algorithm; `kid` is the thumbprint; a published private key is no key."""
    verifier = Verifier(ISSUER, AUDIENCE, jwks={"keys": [{**ED.public, **change}, "not a key", None]})
    _refused(verifier, ED.token({"kid": change.get("kid", ED.kid)}), errors.KeyNotFound)


def test_a_point_off_the_curve_is_no_key() -> None:
    off_curve = {**EC.public, "y": b64(bytes(32))}
    from liveness_client._jwks import thumbprint

    off_curve["kid"] = thumbprint(off_curve)
    _refused(
        Verifier(ISSUER, AUDIENCE, jwks={"keys": [off_curve]}), EC.token({"kid": off_curve["kid"]}), errors.KeyNotFound
    )
