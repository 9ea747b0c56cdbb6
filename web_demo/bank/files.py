"""The files a browser may have: the bank's own assets and the element's modules, by an exact list of types."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from .settings import BankSettings

ASSETS: Final = Path(__file__).parent / "assets"
TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Not `mimetypes`: it asks the machine's registry, and some say that JavaScript is plain text."""
FORBIDDEN: Final = frozenset({"bank", "node_modules"})
"""Folders beside the element's modules that are no part of it."""

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
"""No part of a path begins with a dot, so none climbs up and none is hidden."""


def find(folder: Path, path: str) -> Path | None:
    """The file of a path below a folder, if it is one that may be served."""
    parts = path.split("/")
    if not all(map(_PART.fullmatch, parts)) or parts[0] in FORBIDDEN or Path(path).suffix not in TYPES:
        return None
    found = folder.joinpath(*parts).resolve()
    # A link may point anywhere; what it points to must be below the folder still.
    return found if found.is_relative_to(folder.resolve()) and found.is_file() else None


def routes(settings: BankSettings) -> list[Route]:
    """`/assets/` and `/element/`."""
    return [_serving("/assets", ASSETS), _serving("/element", settings.element_dir)]


def _serving(prefix: str, folder: Path) -> Route:
    async def serve(request: Request) -> Response:
        found = find(folder, request.path_params["path"])
        if found is None:
            raise HTTPException(404)
        # A developer's next reload must see what was saved.
        return FileResponse(found, media_type=TYPES[found.suffix], headers={"Cache-Control": "no-cache"})

    return Route(f"{prefix}/{{path:path}}", serve)
