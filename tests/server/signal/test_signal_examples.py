"""The examples in the docstrings are run, and every function says shape, unit and parameter."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

from liveness_server import signal

MODULES = [module.name for module in pkgutil.iter_modules(signal.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    failures, _ = doctest.testmod(importlib.import_module(f"liveness_server.signal.{name}"))
    assert failures == 0


@pytest.mark.parametrize("name", ["rppg", "spectral", "resample", "filters", "lines"])
def test_every_public_function_documents_shapes(name):
    module = importlib.import_module(f"liveness_server.signal.{name}")
    for function in vars(module).values():
        if inspect.isfunction(function) and function.__module__ == module.__name__ and function.__name__[0] != "_":
            text = function.__doc__ or ""
            assert "Examples" in text, function.__name__
