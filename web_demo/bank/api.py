"""What the pages' scripts ask for: a session for one attempt, and what came of it. JSON in and out."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from liveness_client import LivenessClaims

from .accounts import Account
from .browsers import Browser
from .checks import LOGIN, ONBOARDING, Attempt, Refused
from .consent import ConsentRecord
from .services import Bank, bank_of, browser_of, require_csrf
from .vault import Sealed

MAX_JSON_BYTES: Final = 16 * 1024
"""A token has 8192 characters at most, a request for a session some 500."""

ADVICE: Final = {
    "fail": "We could not confirm that you are the person on the document.",
    "inconclusive": "The check ended without a result. You can try again.",
    "": "The check did not come to its end. You can try again.",
}
"""What the bank adds to the element's own words."""


class Pending(NamedTuple):
    """What the next face check of a browser is for."""

    subject: str
    purpose: str
    reference: Sealed


async def create_session(request: Request) -> Response:
    """`POST /api/session`: a session for one attempt, for whoever agreed to the text in force."""
    body = await _json_body(request)
    bank, browser = bank_of(request), browser_of(request)
    pending = pending_of(bank, browser)
    text = bank.consents.in_force(_text(body, "consent"))
    if text is None:
        raise Refused("consent_missing", "We need your consent first. Reload the page and read it, please.", 403)
    consent = ConsentRecord.make(text, pending.subject, pending.purpose, bank.clock())
    reference = bank.vault.open(pending.reference, pending.subject)
    jwk = body.get("jwk")
    attempt, handle = await bank.checks.begin(
        consent, reference, _text(body, "profile"), jwk if isinstance(jwk, dict) else {}
    )
    browser.tries(attempt)
    return JSONResponse(
        {"signalingUrl": _signaling_url(request, handle.signaling_url), "clientToken": handle.client_token}
    )


async def conclude(request: Request) -> Response:
    """`POST /api/result`: believe a token that verifies, and nothing else the page may say."""
    body = await _json_body(request)
    bank, browser = bank_of(request), browser_of(request)
    attempt = browser.attempt
    if attempt is None:
        raise Refused("no_attempt", "There is no face check to finish. Please start again.", 409)
    token = _text(body, "token")
    if not token:
        return await _without_token(bank, attempt)
    claims = await bank.checks.conclude(attempt, token)
    account = _entered(bank, browser, attempt)
    _log_in(bank, browser, account, attempt, claims)
    return JSONResponse({"decision": "pass", "next": "/account"})


ROUTES: Final = [
    Route("/api/session", create_session, methods=["POST"]),
    Route("/api/result", conclude, methods=["POST"]),
]


def pending_of(bank: Bank, browser: Browser) -> Pending:
    """What this browser's face check is for. Raises `Refused` when it has begun nothing."""
    if browser.applicant is not None:
        return Pending(browser.applicant.number, ONBOARDING, browser.applicant.document)
    account = bank.accounts.get(browser.login, bank.clock())
    if account is not None:
        return Pending(account.number, LOGIN, account.reference)
    raise Refused("nothing_begun", "Please begin with sign-up or log-in.", 409)


async def _without_token(bank: Bank, attempt: Attempt) -> Response:
    """No token proves nothing, whatever the server says: its answer only chooses the words."""
    info = await bank.checks.report(attempt)
    decision = (info.decision if info else None) or ""
    return JSONResponse({"decision": decision, "text": ADVICE.get(decision, ADVICE[""])})


def _entered(bank: Bank, browser: Browser, attempt: Attempt) -> Account:
    """The account this proof opens: the applicant's new one, or the one that was asked for."""
    if pending_of(bank, browser)[:2] != (attempt.subject, attempt.purpose):
        raise Refused("other_session", "This result belongs to another check. Please start again.")
    if browser.applicant is not None:
        return bank.accounts.open(browser.applicant, bank.clock())
    account = bank.accounts.get(browser.login, bank.clock())
    assert account is not None, "pending_of has found it"
    return account


def _log_in(bank: Bank, browser: Browser, account: Account, attempt: Attempt, claims: LivenessClaims) -> None:
    account.consents.append(attempt.consent)
    account.checks.append(attempt.session_id)
    browser.enter(account.number, claims)
    bank.browsers.rotate(browser)


def _signaling_url(request: Request, url: str) -> str:
    """Where the page finds the liveness server: where it says, or behind this very origin."""
    if not bank_of(request).settings.relay:
        return url
    return f"ws{request.headers['origin'].removeprefix('http')}/v1/signaling"


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    return value if isinstance(value, str) else ""


async def _json_body(request: Request) -> dict[str, Any]:
    require_csrf(request, request.headers.get("x-csrf-token"))
    raw = await request.body()
    if len(raw) > MAX_JSON_BYTES:
        raise HTTPException(413, "too_large")
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise HTTPException(400, "no_json") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "no_json")
    return body
