"""Every picture the element can show, by a model of each: no server, no waiting, the presenter before the camera."""

from __future__ import annotations

from typing import Any

from browser.visit import Visit

CHALLENGE = {"id": 2, "kind": "turn_left", "step": 2, "steps": 3, "deadlineS": 5}
CAMERAS = [{"deviceId": "front", "label": "Front camera"}, {"deviceId": "desk", "label": "Desk camera"}]
OPEN = {"cameras": CAMERAS, "cameraId": "front", "cameraOpen": True}

GALLERY: dict[str, dict[str, Any]] = {
    "idle": {"state": "idle"},
    "consent": {"state": "consent"},
    "preparing": {"state": "preparing"},
    "adjusting": {"state": "adjusting", **OPEN, "meter": {"light": "ok"}},
    "adjusting-too-dark": {"state": "adjusting", **OPEN, "meter": {"light": "too_dark"}},
    "connecting": {"state": "connecting", **OPEN},
    "positioning": {"state": "positioning", **OPEN, "guidance": "too_far"},
    "positioning-hold": {"state": "positioning", **OPEN, "guidance": "ok", "hold": {"seconds": 0.7}},
    "challenging": {"state": "challenging", **OPEN, "challenge": CHALLENGE, "done": 1},
    "challenging-hand": {
        "state": "challenging",
        **OPEN,
        "challenge": {**CHALLENGE, "kind": "hand_across_face", "step": 3},
        "done": 2,
    },
    "challenging-done": {"state": "challenging", **OPEN, "challenge": CHALLENGE, "outcome": "done", "done": 2},
    "challenging-retry": {"state": "challenging", **OPEN, "challenge": CHALLENGE, "outcome": "retry", "done": 1},
    "checking": {"state": "checking", **OPEN, "done": 3},
    "passed": {"state": "passed", "done": 3},
    "failed": {"state": "failed", "reason": "not_verified", "canRetry": True},
    "inconclusive": {"state": "inconclusive", "reason": "too_dark", "canRetry": True},
    "cancelled": {"state": "cancelled", "canRetry": True},
    "error-permission": {"state": "error", "problem": "permission_denied", "canRetry": True},
    "error-server": {"state": "error", "problem": "server_gone", "canRetry": True},
    "error-unsupported": {"state": "error", "problem": "unsupported"},
}
"""What each picture's model has beside what a new one has."""


async def look(visit: Visit, name: str, *, language: str = "en") -> None:
    """Show that picture."""
    await visit.page.wait_for_function("() => Boolean(globalThis.look)")
    await visit.page.evaluate("([model, language]) => look(model, language)", [GALLERY[name], language])
