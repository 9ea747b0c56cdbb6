"""Browser sessions: what the bank knows of a browser between two requests, by an id in a cookie no script can read."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from liveness_client import LivenessClaims

from .accounts import Applicant
from .checks import Attempt

ID_BYTES: Final = 32
MAX_BROWSERS: Final = 200
"""When it is full, the one that was silent longest is dropped: each may keep a document of up to 5 MB in memory."""


def _secret() -> str:
    return secrets.token_urlsafe(ID_BYTES)


@dataclass(slots=True)
class Browser:
    """One browser. At most one of `applicant` and `login` is set: what the next face check is for."""

    seen_at: float
    id: str = field(default_factory=_secret, repr=False)
    csrf: str = field(default_factory=_secret, repr=False)
    applicant: Applicant | None = None
    login: str | None = None
    """Number of the customer who wants to log in."""
    attempt: Attempt | None = None
    """The face check under way."""
    last: Attempt | None = None
    """The last one, for the developer panel."""
    account: str | None = None
    """Number of the customer who is logged in."""
    claims: LivenessClaims | None = None
    """What the verified token of the log-in said."""
    last_number: str = ""
    """Offered at the next log-in from this browser."""

    def accepts(self, csrf: str) -> bool:
        """Whether a form or request was made for this browser."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode())

    def wants(self, *, applicant: Applicant | None = None, login: str | None = None) -> None:
        """Begin a sign-up or a log-in; what was begun before is dropped."""
        self.applicant, self.login, self.attempt = applicant, login, None

    def tries(self, attempt: Attempt) -> None:
        """Begin a face check; an earlier one's token is worth nothing from now on."""
        self.attempt = self.last = attempt

    def enter(self, account: str, claims: LivenessClaims) -> None:
        """Be logged in."""
        self.wants()
        self.account, self.claims, self.last_number = account, claims, account

    def leave(self) -> None:
        """Be logged out."""
        self.wants()
        self.account = self.claims = self.last = None


class Browsers:
    """All browser sessions, in memory."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._browsers: dict[str, Browser] = {}

    def __len__(self) -> int:
        return len(self._browsers)

    def find(self, cookie: str | None, now: float) -> Browser | None:
        """The session of a cookie, if it was not silent for too long."""
        browser = self._browsers.get(cookie or "")
        if browser is None or now - browser.seen_at > self._idle_s:
            return None
        browser.seen_at = now
        return browser

    def open(self, now: float) -> Browser:
        """A new session."""
        if len(self._browsers) >= MAX_BROWSERS:
            del self._browsers[min(self._browsers.values(), key=lambda browser: browser.seen_at).id]
        return self._keep(Browser(now))

    def rotate(self, browser: Browser) -> None:
        """Give a session a new id and CSRF token: an id from before a log-in must be worth nothing after it."""
        del self._browsers[browser.id]
        browser.id, browser.csrf = _secret(), _secret()
        self._keep(browser)

    def sweep(self, now: float) -> None:
        """Drop the ones that fell silent, and unfinished applications with them."""
        self._browsers = {b.id: b for b in self._browsers.values() if now - b.seen_at <= self._idle_s}

    def _keep(self, browser: Browser) -> Browser:
        self._browsers[browser.id] = browser
        return browser
