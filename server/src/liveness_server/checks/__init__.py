"""Checks: one file each, listed in REGISTRY."""
