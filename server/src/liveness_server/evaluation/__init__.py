"""Instruments for measuring the system: the rendered presenter."""
