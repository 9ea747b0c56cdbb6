"""Customers and what is kept of them: in memory, for a day, and nothing measured from a face."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from .consent import ConsentRecord
from .vault import Sealed

NUMBER_DIGITS: Final = 10
"""Enough that customer numbers cannot be walked through."""
MAX_ACCOUNTS: Final = 100
"""More are refused: each keeps a document of up to 5 MB in memory."""


@dataclass(slots=True)
class Applicant:
    """Somebody who has begun to sign up; forgotten when the browser falls silent."""

    number: str
    name: str
    document: Sealed = field(repr=False)


@dataclass(slots=True)
class Account:
    """A customer."""

    number: str
    name: str
    reference: Sealed = field(repr=False)
    """The document picture of the sign-up, for the 1:1 comparison at log-in."""
    opened_at: float
    """Seconds since the epoch."""
    consents: list[ConsentRecord] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    """Ids of the liveness sessions, so that deleting the account deletes them too."""


class Accounts:
    """The bank's customers."""

    def __init__(self, retention_s: float) -> None:
        self._retention_s = retention_s
        self._accounts: dict[str, Account] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    @property
    def full(self) -> bool:
        """Whether nobody else fits in."""
        return len(self._accounts) >= MAX_ACCOUNTS

    def get(self, number: str | None, now: float) -> Account | None:
        """The account of that number while it lives."""
        account = self._accounts.get(number or "")
        return account if account and now < self.ends_at(account) else None

    def open(self, applicant: Applicant, now: float) -> Account:
        """Make the applicant a customer."""
        account = Account(applicant.number, applicant.name, applicant.document, now)
        self._accounts[account.number] = account
        return account

    def delete(self, number: str) -> None:
        """Forget a customer and the reference."""
        self._accounts.pop(number, None)

    def ends_at(self, account: Account) -> float:
        """When the account is deleted by itself, seconds since the epoch."""
        return account.opened_at + self._retention_s

    def sweep(self, now: float) -> None:
        """Forget everybody whose time is over."""
        self._accounts = {n: account for n, account in self._accounts.items() if now < self.ends_at(account)}


def new_number() -> str:
    """A customer number nobody can guess from another."""
    return "".join(secrets.choice("0123456789") for _ in range(NUMBER_DIGITS))


def spoken(number: str) -> str:
    """A customer number in groups, as people read it."""
    return f"{number[:4]} {number[4:7]} {number[7:]}"
