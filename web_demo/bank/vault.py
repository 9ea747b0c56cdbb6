"""Sealed pictures: AES-256-GCM under a key that is made when the bank starts and never written anywhere.

A picture is sealed for one customer: moved to another, it does not open. With the process ends the key, and with it all
that was sealed. A real bank would keep this key in a key management service.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BITS: Final = 256
NONCE_BYTES: Final = 12
"""What GCM is specified for; random, so a key may seal 2**32 pictures (NIST SP 800-38D §8.3)."""


class NotYours(Exception):  # noqa: N818 - named by its cause
    """What was sealed for another customer, by another process, or changed."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A picture nobody can read without the vault."""

    nonce: bytes = field(repr=False)
    data: bytes = field(repr=False)


class Vault:
    """Seals and opens pictures."""

    def __init__(self) -> None:
        self._aead = AESGCM(AESGCM.generate_key(KEY_BITS))

    def seal(self, picture: bytes, customer: str) -> Sealed:
        """Seal a picture for a customer."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(nonce, self._aead.encrypt(nonce, picture, customer.encode()))

    def open(self, sealed: Sealed, customer: str) -> bytes:
        """Open it again for the same customer. Raises `NotYours`."""
        try:
            return self._aead.decrypt(sealed.nonce, sealed.data, customer.encode())
        except InvalidTag as error:
            raise NotYours from error
