"""The examples in the docstrings are run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from liveness_server import vision


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(vision.__path__)])
def test_docstring_examples(name: str) -> None:
    failures, _ = doctest.testmod(importlib.import_module(f"liveness_server.vision.{name}"))
    assert failures == 0
