"""Who is calling: `Authorization: Bearer lsk_<id>_<secret>`, and what that key may do."""

from __future__ import annotations

from starlette.requests import Request

from ..store.api_keys import ApiKey, ApiKeys, Scope
from .problems import InsufficientScope, Unauthorized


async def authorized_key(request: Request, keys: ApiKeys, scope: Scope) -> ApiKey:
    """The caller's key. Raises `Unauthorized` without a live one, `InsufficientScope` when it lacks `scope`."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    key = await keys.authenticate(text.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise Unauthorized
    if scope not in key.scopes:
        raise InsufficientScope(f"needs {scope}")
    return key
