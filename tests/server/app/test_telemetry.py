"""No key with a `pii` segment reaches a log, wherever it hides."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from liveness_server.app.telemetry import configure_logging, drop_pii


@pytest.mark.parametrize("key", ["pii", "pii.subject", "subject_pii", "PII-name", "a.pii.b"])
def test_personal_keys_are_dropped(key: str) -> None:
    assert drop_pii(None, "info", {"event": "e", key: "Grace"}) == {"event": "e"}


@pytest.mark.parametrize("key", ["piix", "copii", "opinion", "session_id"])
def test_other_keys_stay(key: str) -> None:
    assert drop_pii(None, "info", {key: 1}) == {key: 1}


nested = st.recursive(
    st.integers() | st.text("xyz", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["pii", "a", "pii.x", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["event", "pii", "c"]), nested))
def test_no_depth_hides_a_personal_key(event: dict[str, object]) -> None:
    assert '"pii' not in json.dumps(drop_pii(None, "info", event))


@pytest.mark.parametrize("as_json", [True, False])
def test_the_configured_logger_drops_them_too(log_stream: io.StringIO, as_json: bool) -> None:
    configure_logging("info", json=as_json, stream=log_stream)
    structlog.get_logger("x").info("seen", pii_subject="Grace", session="s1", inner={"pii": "Hopper"})
    logging.getLogger("library").warning("plain %s", "text")
    structlog.get_logger("x").debug("too quiet")
    text = log_stream.getvalue()
    assert "Grace" not in text
    assert "Hopper" not in text
    assert "s1" in text
    assert "plain text" in text
    assert "too quiet" not in text


def test_an_exception_is_one_json_line(log_stream: io.StringIO) -> None:
    try:
        raise LookupError("gone")
    except LookupError:
        structlog.get_logger("x").exception("failed")
    (line,) = log_stream.getvalue().splitlines()
    assert "LookupError: gone" in json.loads(line)["exception"]


@pytest.mark.usefixtures("log_stream")
@pytest.mark.parametrize("library", ["aioice", "aiortc.rtcrtpreceiver", "uvicorn.error", "websockets.server"])
def test_addresses_of_people_are_not_logged(library: str) -> None:
    assert not logging.getLogger(library).isEnabledFor(logging.INFO)
