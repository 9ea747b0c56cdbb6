"""Key files: private from their first moment, refused when they are not, rotated without a gap."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from liveness_server.app.keys import (
    JWKS_MAX_AGE_S,
    PUBLISH_DELAY_S,
    RETIRE_AFTER_S,
    KeyRing,
    Pseudonyms,
    create_private_file,
    read_private_file,
)
from liveness_server.errors import ConfigError
from liveness_server.tokens import MAX_TOKEN_TTL_S, Algorithm, SigningKey

NOW = 1_700_000_000.0


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys", Algorithm.EDDSA, now=NOW)


def kids(ring: KeyRing, now: float) -> list[str]:
    return [stored.key.kid for stored in ring.published(now=now)]


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_the_first_start_makes_a_key_and_the_second_finds_it(tmp_path: Path, algorithm: Algorithm) -> None:
    first = KeyRing(tmp_path / "keys", algorithm, now=NOW).signer(now=NOW)
    second = KeyRing(tmp_path / "keys", algorithm, now=NOW + 9).signer(now=NOW + 9)
    assert (first.kid, first.algorithm) == (second.kid, algorithm)


def test_files_are_private(ring: KeyRing) -> None:
    (file,) = ring.directory.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.directory.stat().st_mode) == 0o700


def test_a_private_file_ignores_the_umask_and_never_overwrites(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_private_file(tmp_path / "secret", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        create_private_file(tmp_path / "secret", b"y")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    create_private_file(tmp_path / "secret", b"x")
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(ConfigError, match="chmod"):
        read_private_file(tmp_path / "secret")


def test_an_open_directory_or_key_is_refused(ring: KeyRing) -> None:
    ring.directory.chmod(0o750)
    with pytest.raises(ConfigError, match="open to other users"):
        ring.reload(now=NOW)
    ring.directory.chmod(0o700)
    next(ring.directory.iterdir()).chmod(0o644)
    with pytest.raises(ConfigError, match="open to other users"):
        ring.reload(now=NOW)


def test_a_rotated_key_is_published_first_and_signs_later(ring: KeyRing) -> None:
    old = ring.signer(now=NOW).kid
    ring.rotate(now=NOW)
    (_, new) = kids(ring, NOW)
    assert ring.signer(now=NOW + PUBLISH_DELAY_S - 1).kid == old
    assert ring.signer(now=NOW + PUBLISH_DELAY_S).kid == new


def test_a_succeeded_key_is_published_until_its_last_token_is_dead(ring: KeyRing) -> None:
    old = ring.signer(now=NOW).kid
    ring.rotate(now=NOW)
    end = int(NOW) + PUBLISH_DELAY_S + RETIRE_AFTER_S
    assert old in kids(ring, end - 1)
    assert old not in kids(ring, end)
    assert len(kids(ring, end)) == 1


def test_the_times_cover_caches_and_tokens() -> None:
    assert PUBLISH_DELAY_S > JWKS_MAX_AGE_S
    assert RETIRE_AFTER_S > MAX_TOKEN_TTL_S


def test_a_revoked_key_is_gone_and_another_signs(ring: KeyRing) -> None:
    old = ring.signer(now=NOW).kid
    assert ring.revoke(old, now=NOW + 1)
    assert ring.signer(now=NOW + 1).kid != old
    assert old not in kids(ring, NOW + 1)
    assert not ring.revoke(old, now=NOW + 1)


def test_revoking_the_successor_leaves_the_old_key_signing(ring: KeyRing) -> None:
    old = ring.signer(now=NOW).kid
    ring.rotate(now=NOW)
    assert ring.revoke(kids(ring, NOW)[1], now=NOW)
    assert kids(ring, NOW + 10 * RETIRE_AFTER_S) == [old]


def test_the_algorithm_of_an_existing_key_does_not_change(ring: KeyRing) -> None:
    again = KeyRing(ring.directory, Algorithm.ES256, now=NOW)
    assert again.signer(now=NOW).algorithm is Algorithm.EDDSA
    again.rotate(now=NOW)
    assert again.signer(now=NOW + PUBLISH_DELAY_S).algorithm is Algorithm.ES256


def test_a_broken_swapped_or_foreign_file_is_refused(ring: KeyRing) -> None:
    (file,) = ring.directory.iterdir()
    good = file.read_bytes()
    file.write_bytes(b"-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(ConfigError, match="cannot be read as a signing key"):
        ring.reload(now=NOW)
    file.write_bytes(SigningKey.generate(Algorithm.EDDSA).to_pem())
    with pytest.raises(ConfigError, match="another key than its name says"):
        ring.reload(now=NOW)
    file.write_bytes(good)
    create_private_file(ring.directory / "backup.pem", good)
    with pytest.raises(ConfigError, match="not named like a signing key"):
        ring.reload(now=NOW)


def test_pseudonyms_are_stable_keyed_and_per_relying_party(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "pseudonyms.key"
    first, again = Pseudonyms.open(path), Pseudonyms.open(path)
    other = Pseudonyms.open(tmp_path / "elsewhere" / "pseudonyms.key")
    assert first.of("bank", "customer-17") == again.of("bank", "customer-17")
    assert other.of("bank", "customer-17") != first.of("bank", "customer-17")
    assert first.of("shop", "customer-17") != first.of("bank", "customer-17")
    assert first.of("a", "bc") != first.of("ab", "c")
    assert "customer" not in first.of("bank", "customer-17")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_client_tokens_and_pseudonyms_do_not_meet(tmp_path: Path) -> None:
    pseudonyms = Pseudonyms.open(tmp_path / "secrets" / "pseudonyms.key")
    assert pseudonyms.client_token("s1") != pseudonyms.client_token("s2")
    assert pseudonyms.client_token("s1").removeprefix("lct_") != pseudonyms.of("", "s1")
