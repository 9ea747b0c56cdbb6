"""Client SDK of the face-liveness server."""
