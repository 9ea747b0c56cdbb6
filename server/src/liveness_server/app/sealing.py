"""Encryption of what is derived from a face and has to outlive its session for a while."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .keys import open_secret

NONCE_BYTES: Final = 12
"""As NIST SP 800-38D recommends; drawn at random for each message."""


class Seal:
    """AES-256-GCM under a key file of the data directory. What was sealed for one subject opens for no other."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def open(cls, path: Path) -> Seal:
        """Read the key, making it at first use. Raises `ConfigError` when others could read it."""
        return cls(open_secret(path))

    def seal(self, data: bytes, *, subject: str) -> bytes:
        """Encrypt for a subject's pseudonym."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, subject.encode())

    def unseal(self, sealed: bytes, *, subject: str) -> bytes | None:
        """Decrypt, or None where key, subject or bytes are others: then there is nothing to compare with."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], subject.encode())
        except (InvalidTag, ValueError):
            return None
