"""`python -m bank`."""

from .cli import main

main()
