"""The token's shape, against the RFCs' own vectors and against PyJWT as an independent verifier."""

from __future__ import annotations

import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from liveness_server import tokens
from liveness_server.tokens import Algorithm, Claims, SigningKey

# RFC 8037 Appendix A.1-A.3: an Ed25519 key and its RFC 7638 thumbprint.
RFC8037_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
RFC8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def claims(**changes: object) -> Claims:
    values: dict[str, object] = {
        "issuer": "https://liveness.example",
        "audience": "https://bank.example",
        "subject": "customer-17",
        "issued_at": 1_700_000_000,
        "ttl_s": 120,
        "token_id": "j" * 22,
        "session_id": "s" * 22,
        "nonce": "n" * 16,
        "acr": "urn:liveness:acr:standard",
        "amr": ("user", "face"),
        "policy": "standard",
        "transcript_hash": "ab" * 32,
    }
    return Claims(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture(params=list(Algorithm))
def key(request: pytest.FixtureRequest) -> SigningKey:
    return SigningKey.generate(request.param)


def test_thumbprint_is_rfc_8037_s() -> None:
    assert tokens.thumbprint({"kty": "OKP", "crv": "Ed25519", "x": RFC8037_X}) == RFC8037_THUMBPRINT
    assert tokens.client_key_thumbprint({"kty": "OKP", "crv": "Ed25519", "x": RFC8037_X}) == RFC8037_THUMBPRINT


def test_signed_token_verifies_with_the_published_key_alone(key: SigningKey) -> None:
    token = tokens.sign(claims(), key)
    published = jwt.PyJWKSet.from_dict(json.loads(json.dumps(tokens.jwks([key]))))
    options = {"verify_exp": False}
    decoded = jwt.decode(
        token, published[key.kid], [key.algorithm.value], audience="https://bank.example", options=options
    )
    assert decoded == claims().as_dict()
    assert jwt.get_unverified_header(token) == {"alg": key.algorithm.value, "kid": key.kid, "typ": "liveness+jwt"}


def test_another_key_does_not_verify_it(key: SigningKey) -> None:
    other = jwt.PyJWK.from_dict(SigningKey.generate(key.algorithm).public_jwk())
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(tokens.sign(claims(), key), other, [key.algorithm.value], audience="https://bank.example")


def test_every_claim_is_present_even_when_there_is_nothing_to_say() -> None:
    names = "iss aud sub iat nbf exp jti sid nonce acr amr cnf policy tsh consent"
    said = claims().as_dict()
    assert " ".join(said) == names
    assert None not in said.values()
    assert said["cnf"] == {}
    assert said["consent"] == ""
    assert claims(client_key="tp").as_dict()["cnf"] == {"jkt": "tp"}


def test_times_are_whole_seconds_and_the_life_is_bounded() -> None:
    said = claims(ttl_s=300).as_dict()
    assert (said["iat"], said["nbf"], said["exp"]) == (1_700_000_000, 1_700_000_000, 1_700_000_300)
    for ttl in (0, -1, 301):
        with pytest.raises(ValueError, match="a token lives"):
            claims(ttl_s=ttl).as_dict()


def test_key_survives_pem(key: SigningKey) -> None:
    again = SigningKey.from_pem(key.to_pem())
    assert (again.kid, again.algorithm) == (key.kid, key.algorithm)


def test_key_types_outside_the_two_are_refused() -> None:
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for private in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        with pytest.raises(ValueError, match="not an Ed25519 or P-256"):
            SigningKey.from_pem(private.private_bytes(*pem))


def test_jwks_has_public_members_only(key: SigningKey) -> None:
    (jwk,) = tokens.jwks([key])["keys"]
    assert not tokens.PRIVATE_MEMBERS & jwk.keys()
    assert (jwk["use"], jwk["alg"], jwk["kid"]) == ("sig", key.algorithm.value, key.kid)


def test_private_key_does_not_show_in_repr(key: SigningKey) -> None:
    assert repr(key) == "SigningKey()"


def test_client_keys_are_bound_by_thumbprint(key: SigningKey) -> None:
    assert tokens.client_key_thumbprint(key.public_jwk()) == key.kid


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "OKP", "crv": "X25519", "x": RFC8037_X},
        {"kty": "OKP", "crv": "Ed25519", "x": RFC8037_X, "d": RFC8037_X},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": RFC8037_X + "=" * 3},
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "EC", "crv": "P-256", "x": RFC8037_X, "y": RFC8037_X},
        {"kty": "EC", "crv": "P-521", "x": RFC8037_X, "y": RFC8037_X},
    ],
)
def test_unusable_client_keys_are_refused(jwk: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        tokens.client_key_thumbprint(jwk)


@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "d"]), st.text(max_size=48)))
def test_a_client_key_is_accepted_or_a_value_error(jwk: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        tokens.client_key_thumbprint(jwk)
