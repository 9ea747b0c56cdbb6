"""Face-liveness server: see server/docs/design.md."""

__version__ = "0.1.0"
