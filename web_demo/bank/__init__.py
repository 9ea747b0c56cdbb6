"""Meridian Bank: a small relying party that opens accounts and lets people in by their face.

A demonstration of how a service uses the liveness server: its own process, its own backend and API key, and the Python
SDK. It runs with `python -m bank` in `web_demo/`. The bank is invented and no money is anywhere.
"""
