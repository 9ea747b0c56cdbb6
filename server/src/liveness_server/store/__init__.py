"""Persistent state through SQLAlchemy Core."""
