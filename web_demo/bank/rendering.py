"""Pages from templates. Everything that is put into one is escaped; none holds a script or a style."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from .accounts import spoken
from .services import bank_of

PAGES: Final = Path(__file__).parent / "pages"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%-d %B %Y, %H:%M UTC")


_pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
_pages.filters |= {"spoken": spoken, "when": _when}


def render(request: Request, page: str, values: Mapping[str, Any] | None = None, *, status: int = 200) -> Response:
    """Fill a page in. Every page knows the browser it is for, where there is one."""
    bank, browser = bank_of(request), getattr(request.state, "browser", None)
    shown = {
        "csrf": browser.csrf if browser else "",
        "account": bank.account_of(browser) if browser else None,
        "developer": bank.settings.developer,
        **(values or {}),
    }
    return HTMLResponse(_pages.get_template(page).render(shown), status)
