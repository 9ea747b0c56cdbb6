"""Landmark networks that live as long as the attack that needs them."""

from __future__ import annotations

import weakref

from ...vision.mediapipe_faces import MediaPipeTracker


def own_tracker(owner: object, bundle: bytes) -> MediaPipeTracker:
    """A tracker that is closed when `owner` is forgotten: performers need no closing, and MediaPipe does."""
    tracker = MediaPipeTracker(bundle)
    weakref.finalize(owner, tracker.close)
    return tracker
