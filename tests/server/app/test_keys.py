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
    delete_key,
    read_private_file,
)
from liveness_server.app.sealing import Seal
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


def test_a_file_that_could_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        create_private_file(tmp_path / "secret", "no bytes")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 31])
@pytest.mark.parametrize("opened", [Pseudonyms, Seal])
def test_a_secret_that_is_not_whole_is_refused(tmp_path: Path, opened: type[Pseudonyms] | type[Seal], cut: int) -> None:
    """With an empty key anybody could compute a session's token from its id."""
    path = tmp_path / "secrets" / "some.key"
    opened.open(path)
    os.truncate(path, cut)
    with pytest.raises(ConfigError, match=f"has {cut} bytes, not 32"):
        opened.open(path)


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
    assert delete_key(ring.directory, old)
    ring.reload(now=NOW + 1)
    assert ring.signer(now=NOW + 1).kid != old
    assert old not in kids(ring, NOW + 1)
    assert not delete_key(ring.directory, old)


def test_a_key_is_revoked_whatever_else_is_wrong_with_the_directory(ring: KeyRing) -> None:
    old = ring.signer(now=NOW).kid
    ring.rotate(now=NOW)
    create_private_file(ring.directory / "stray.pem", b"")
    assert delete_key(ring.directory, old)
    with pytest.raises(ConfigError, match="not named like a signing key"):
        ring.reload(now=NOW)
    assert old not in kids(ring, NOW)
    assert ring.signer(now=NOW).kid != old
    (left,) = ring.directory.glob("1*.pem")
    left.unlink()
    with pytest.raises(ConfigError, match="not named like"):
        ring.reload(now=NOW)
    with pytest.raises(ConfigError, match="has no signing key"):
        ring.signer(now=NOW)


def test_a_clock_that_is_set_back_leaves_a_key_to_sign_with(ring: KeyRing) -> None:
    assert ring.signer(now=NOW - 3600).kid == ring.signer(now=NOW).kid


def test_revoking_the_successor_leaves_the_old_key_signing(ring: KeyRing) -> None:
    old = ring.signer(now=NOW).kid
    ring.rotate(now=NOW)
    assert delete_key(ring.directory, kids(ring, NOW)[1])
    ring.reload(now=NOW)
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
