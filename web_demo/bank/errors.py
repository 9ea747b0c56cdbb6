"""What a browser gets when something is wrong: a page, or for a script the same words as JSON. Never a trace."""

from __future__ import annotations

from typing import Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .checks import Refused
from .rendering import render


class Words(NamedTuple):
    """What a page says of an error."""

    title: str
    text: str


UNKNOWN: Final = Words("That did not work", "Something went wrong on our side. Please try again in a moment.")

BY_STATUS: Final = {
    400: Words(
        "We did not understand that", "Your browser sent something we cannot read. Reload the page and try again."
    ),
    403: Words("That is not allowed", "For your safety we did not do this. Go back and start again."),
    404: Words("There is nothing here", "The page may have moved, or the address has a typing error."),
    405: Words("Not this way", "This address is not made for that. Start from the front page."),
    413: Words("That file is too large", "A picture may have 5 MB at most. Please choose a smaller one."),
    503: Words("We are full", "This demonstration has no room for another customer now. Please come back later."),
}
"""Text for a status, where the cause says nothing better."""

BY_CODE: Final = {
    "wrong_origin": Words("Another site asked for this", "We only act on what you do here, on our own pages."),
    "stale_form": Words(
        "This page was open for too long", "For your safety we have forgotten it. Reload and try again."
    ),
}
"""Text for a cause."""


def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer a refusal of ours or of the router."""
    assert isinstance(error, HTTPException), "registered for it"
    return refusal(request, error.status_code, error.detail)


def on_refused(request: Request, error: Exception) -> Response:
    """Answer a face check that did not begin, or a result that is not believed."""
    assert isinstance(error, Refused), "registered for it"
    return _answer(request, error.status, error.code, Words("The face check", error.text))


def on_unexpected(request: Request, _error: Exception) -> Response:
    """Answer our own fault, which the log has."""
    return refusal(request, 500, "internal")


def refusal(request: Request, status: int, code: str) -> Response:
    """Answer with the words for a cause, or for its status."""
    return _answer(request, status, code, BY_CODE.get(code) or BY_STATUS.get(status, UNKNOWN))


def _answer(request: Request, status: int, code: str, words: Words) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": code, "text": words.text}, status)
    return render(request, "error.html", {"words": words, "status": status}, status=status)
