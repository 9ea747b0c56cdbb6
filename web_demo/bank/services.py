"""What the handlers share: one object per running bank, and the middleware that brings each request its browser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .accounts import Account, Accounts
from .browsers import Browser, Browsers
from .checks import FaceChecks
from .consent import ConsentTexts
from .settings import BankSettings
from .vault import Vault

SWEEP_S: Final = 60.0
"""How often what is over is forgotten, seconds."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Everything a running bank has."""

    settings: BankSettings
    checks: FaceChecks
    accounts: Accounts
    browsers: Browsers
    vault: Vault
    consents: ConsentTexts
    clock: Callable[[], float] = time.time

    @classmethod
    def make(cls, settings: BankSettings, checks: FaceChecks, clock: Callable[[], float] = time.time) -> Bank:
        """An empty bank."""
        accounts, browsers = Accounts(settings.retention_s), Browsers(settings.idle_s)
        return cls(settings, checks, accounts, browsers, Vault(), ConsentTexts.load(), clock)

    def account_of(self, browser: Browser) -> Account | None:
        """Whose account this browser is logged in to."""
        return self.accounts.get(browser.account, self.clock())

    def sweep(self) -> None:
        """Forget everything whose time is over."""
        self.accounts.sweep(self.clock())
        self.browsers.sweep(self.clock())

    async def keep_house(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            self.sweep()


def bank_of(request: HTTPConnection) -> Bank:
    """The bank a request came to."""
    bank: Bank = request.app.state.bank
    return bank


def browser_of(request: Request) -> Browser:
    """The browser a request came from."""
    browser: Browser = request.state.browser
    return browser


def require_csrf(request: Request, token: object) -> None:
    """Refuse a form or request that was not made for this browser."""
    if not isinstance(token, str) or not browser_of(request).accepts(token):
        raise HTTPException(403, "stale_form")


def cookie_name(settings: BankSettings) -> str:
    """`__Host-` binds the cookie to this very host; browsers take it by TLS only."""
    return "__Host-meridian" if settings.tls else "meridian"


class BrowserCookie:
    """Finds the browser's session by its cookie; sets the cookie when the id is new.

    Only a page opens a session. A script's request with a cookie of before the log-in may still be on its way when the
    log-in is answered: its own new cookie would log the person out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"].startswith(("/assets/", "/element/")):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope, receive)
        bank = bank_of(connection)
        cookie = connection.cookies.get(cookie_name(bank.settings))
        found = bank.browsers.find(cookie, bank.clock())
        for_a_page = not scope["path"].startswith("/api/")
        browser = found or (bank.browsers.open(bank.clock()) if for_a_page else Browser(bank.clock()))
        connection.state.browser = browser

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and browser.id != cookie and (found or for_a_page):
                MutableHeaders(scope=message).append("Set-Cookie", _set_cookie(bank.settings, browser.id))
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _set_cookie(settings: BankSettings, value: str) -> str:
    secure = "; Secure" if settings.tls else ""
    return f"{cookie_name(settings)}={value}; Path=/; HttpOnly; SameSite=Strict{secure}"
