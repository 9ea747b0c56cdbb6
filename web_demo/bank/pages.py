"""The pages: front page, sign-up, log-in, and the account that only a verified token opens."""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from .accounts import Applicant, new_number
from .checks import LOGIN, ONBOARDING
from .consent import DEFAULT_LOCALE
from .rendering import render
from .services import bank_of, browser_of, require_csrf
from .settings import AUDIENCE, MAX_DOCUMENT_BYTES

MAX_NAME: Final = 80
"""Characters."""
MAX_FIELDS: Final = 8
LANGUAGES: Final = {
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "pt": "Português",
    "ar": "العربية",
    "hi": "हिन्दी",
    "zh": "中文",
}
"""Languages of the element. The consent is shown in the same one where the bank has it, else in English."""
SIGNATURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""How a JPEG and a PNG begin; what a browser says of a file is its sender's word."""


async def front(request: Request) -> Response:
    """`GET /`."""
    return render(request, "front.html")


async def sign_up(request: Request) -> Response:
    """`GET /sign-up`: name and document."""
    return _sign_up_form(request)


async def apply(request: Request) -> Response:
    """`POST /sign-up`: keep name and document, sealed, and go on to the face check."""
    bank, browser = bank_of(request), browser_of(request)
    async with request.form(max_files=1, max_fields=MAX_FIELDS) as form:
        require_csrf(request, form.get("csrf"))
        sample = str(form.get("sample", "")) if bank.settings.developer else ""
        name = " ".join(str(form.get("name", "")).split()) or _sample_name(sample)
        document = _sample(sample) if sample else await _uploaded(form)
    problems = {"name": _name_problem(name), "document": _document_problem(document)}
    if any(problems.values()):
        return _sign_up_form(request, name=name, problems=problems)
    if bank.accounts.full:
        raise HTTPException(503, "full")
    number = new_number()
    browser.wants(applicant=Applicant(number, name, bank.vault.seal(document, number)))
    return RedirectResponse("/sign-up/check", 303)


async def sign_up_check(request: Request) -> Response:
    """`GET /sign-up/check`."""
    applicant = browser_of(request).applicant
    if applicant is None:
        return RedirectResponse("/sign-up", 303)
    return _check_page(request, ONBOARDING, name=applicant.name, back="/sign-up")


async def give_up(request: Request) -> Response:
    """`POST /give-up`: forget what was begun."""
    await _checked_form(request)
    browser_of(request).wants()
    return RedirectResponse("/", 303)


async def log_in(request: Request) -> Response:
    """`GET /log-in`."""
    return render(request, "log_in.html", {"number": browser_of(request).last_number, "problem": ""})


async def ask_for(request: Request) -> Response:
    """`POST /log-in`: whose account, then go on to the face check."""
    form = await _checked_form(request)
    bank, browser = bank_of(request), browser_of(request)
    number = "".join(str(form.get("number", "")).split())
    if bank.accounts.get(number, bank.clock()) is None:
        problem = "We have no customer of that number. Numbers have ten digits, and accounts of this demo live a day."
        return render(request, "log_in.html", {"number": number[:MAX_NAME], "problem": problem}, status=422)
    browser.wants(login=number)
    return RedirectResponse("/log-in/check", 303)


async def log_in_check(request: Request) -> Response:
    """`GET /log-in/check`."""
    bank, browser = bank_of(request), browser_of(request)
    account = bank.accounts.get(browser.login, bank.clock())
    if account is None:
        return RedirectResponse("/log-in", 303)
    return _check_page(request, LOGIN, name=account.name, back="/log-in")


async def account_page(request: Request) -> Response:
    """`GET /account`: the protected page. Only a token verified by this backend has opened it."""
    bank, browser = bank_of(request), browser_of(request)
    account = bank.account_of(browser)
    if account is None or browser.claims is None:
        return RedirectResponse("/log-in", 303)
    values = {"claims": browser.claims, "ends_at": bank.accounts.ends_at(account), "audience": AUDIENCE}
    return render(request, "account.html", values)


async def log_out(request: Request) -> Response:
    """`POST /log-out`."""
    await _checked_form(request)
    browser_of(request).leave()
    bank_of(request).browsers.rotate(browser_of(request))
    return RedirectResponse("/", 303)


async def delete_account(request: Request) -> Response:
    """`POST /account/delete`: forget the customer here, and the checks at the liveness server."""
    await _checked_form(request)
    bank, browser = bank_of(request), browser_of(request)
    account = bank.account_of(browser)
    if account is None:
        return RedirectResponse("/log-in", 303)
    bank.accounts.delete(account.number)
    for session_id in account.checks:
        await bank.checks.forget(session_id)
    browser.leave()
    browser.last_number = ""
    bank.browsers.rotate(browser)
    return render(request, "deleted.html")


ROUTES: Final = [
    Route("/", front),
    Route("/sign-up", sign_up),
    Route("/sign-up", apply, methods=["POST"]),
    Route("/sign-up/check", sign_up_check),
    Route("/give-up", give_up, methods=["POST"]),
    Route("/log-in", log_in),
    Route("/log-in", ask_for, methods=["POST"]),
    Route("/log-in/check", log_in_check),
    Route("/account", account_page),
    Route("/account/delete", delete_account, methods=["POST"]),
    Route("/log-out", log_out, methods=["POST"]),
]


def _sign_up_form(request: Request, *, name: str = "", problems: dict[str, str] | None = None) -> Response:
    samples = _samples() if bank_of(request).settings.developer else {}
    values = {"name": name[:MAX_NAME], "problems": problems or {"name": "", "document": ""}, "samples": samples}
    return render(request, "sign_up.html", values, status=422 if problems else 200)


def _check_page(request: Request, purpose: str, *, name: str, back: str) -> Response:
    bank = bank_of(request)
    lang = _language(request)
    values: dict[str, Any] = {"purpose": purpose, "name": name, "back": back, "consent": bank.consents.of(lang)}
    values |= {"lang": lang, "languages": LANGUAGES}
    return render(request, "check.html", values)


def _language(request: Request) -> str:
    """The language that was chosen, or the first offered one the browser asks for; weights are left aside."""
    header = request.headers.get("accept-language", "").split(",")
    asked = [request.query_params.get("lang", ""), *(part.split(";")[0].strip()[:2].lower() for part in header)]
    return next((language for language in asked if language in LANGUAGES), DEFAULT_LOCALE)


async def _checked_form(request: Request) -> FormData:
    form = await request.form(max_files=0, max_fields=MAX_FIELDS)
    require_csrf(request, form.get("csrf"))
    return form


async def _uploaded(form: FormData) -> bytes:
    upload = form.get("document")
    return await upload.read(MAX_DOCUMENT_BYTES + 1) if isinstance(upload, UploadFile) else b""


def _name_problem(name: str) -> str:
    if not name:
        return "Please tell us your name."
    return "" if len(name) <= MAX_NAME and name.isprintable() else f"A name has {MAX_NAME} characters at most."


def _document_problem(document: bytes) -> str:
    if not document:
        return "Please add a picture of your document."
    if len(document) > MAX_DOCUMENT_BYTES:
        return "This picture is larger than 5 MB. Please choose a smaller one."
    return "" if document.startswith(SIGNATURES) else "This file is not a JPEG or PNG picture."


def _samples() -> dict[str, str]:
    from .samples import SAMPLES  # noqa: PLC0415 - the server's presenter is there in development only

    return dict(SAMPLES)


def _sample(name: str) -> bytes:
    from .samples import document  # noqa: PLC0415 - as above

    return document(name) if name in _samples() else b""


def _sample_name(sample: str) -> str:
    return _samples().get(sample, "") if sample else ""
