"""Every number a session is judged by says, beside it, its unit and where it comes from."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from liveness_server.challenges.blinks import BlinkConfig
from liveness_server.challenges.rules import ActiveRules
from liveness_server.checks.limits import QualityLimits
from liveness_server.engine.guidance import GuidanceConfig
from liveness_server.engine.policy import Timing


@pytest.mark.parametrize("config", [ActiveRules, BlinkConfig, GuidanceConfig, QualityLimits, Timing])
def test_every_field_is_documented(config):
    source = inspect.getsource(config)
    for field in dataclasses.fields(config):
        after = source.split(f"\n    {field.name}:", 1)[1].split("\n", 2)[1]
        assert after.strip().startswith('"""'), f"{config.__name__}.{field.name}"
