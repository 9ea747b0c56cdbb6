"""Server and client read every golden vector alike: `*.json` beside this file, for any third implementation too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from liveness_client import _wire as client_wire
from liveness_client._fields import WireError
from liveness_client.errors import SignalingError, signaling_error
from liveness_server import wire as server_wire

HERE = Path(__file__).parent
DIRECTIONS = ("client", "server")
MEASURES = ("MAX_RATE", "MAX_SIDE", "MAX_BITRATE_KBPS", "MAX_RTT_S", "MAX_DROPPED")


class Vector(NamedTuple):
    direction: str
    name: str
    text: str
    means: dict[str, Any] | None


def _vectors(kind: str) -> list[Any]:
    found = []
    for direction in DIRECTIONS:
        for entry in json.loads((HERE / f"{direction}_messages.json").read_text("utf-8"))[kind]:
            vector = Vector(direction, entry["name"], _text_of(entry), entry.get("means"))
            found.append(pytest.param(vector, id=f"{direction}: {vector.name}"))
    return found


def _text_of(entry: dict[str, Any]) -> str:
    if "text" in entry:
        return str(entry["text"])
    return json.dumps({**entry["message"], entry["field"]: "x" * entry["chars"]})


def _server_decode(vector: Vector) -> dict[str, Any]:
    decode = server_wire.decode_client if vector.direction == "client" else server_wire.decode_server
    message = decode(vector.text)
    fields = {name: msgspec.to_builtins(getattr(message, name)) for name in message.__struct_fields__}
    fields |= {"ice_servers": [_whole(each) for each in message.ice_servers]} if "ice_servers" in fields else {}
    return {"type": message.__struct_config__.tag, **fields}


def _whole(server: server_wire.IceServer) -> dict[str, Any]:
    return {"urls": server.urls, "username": server.username, "credential": server.credential}


def _client_decode(vector: Vector) -> dict[str, Any]:
    decode = client_wire.decode_client if vector.direction == "client" else client_wire.decode_server
    return dict(json.loads(client_wire.encode(decode(vector.text))))


@pytest.mark.parametrize("vector", _vectors("valid"))
def test_both_read_a_valid_message_alike(vector: Vector) -> None:
    assert _server_decode(vector) == vector.means
    assert _client_decode(vector) == vector.means


@pytest.mark.parametrize("vector", [*_vectors("malformed"), *_vectors("oversize")])
def test_both_refuse_a_malformed_message(vector: Vector) -> None:
    with pytest.raises(msgspec.DecodeError):
        _server_decode(vector)
    with pytest.raises(WireError) as refused:
        _client_decode(vector)
    assert vector.text == "" or vector.text not in str(refused.value)


@pytest.mark.parametrize("vector", _vectors("valid"))
def test_what_one_writes_the_other_reads(vector: Vector) -> None:
    client_decode = getattr(client_wire, f"decode_{vector.direction}")
    server_decode = getattr(server_wire, f"decode_{vector.direction}")
    by_client = client_wire.encode(client_decode(vector.text))
    by_server = server_wire.encode(server_decode(vector.text))
    assert server_decode(by_client) == server_decode(vector.text)
    assert client_decode(by_server) == client_decode(vector.text)


def test_close_codes_and_limits_agree() -> None:
    golden = json.loads((HERE / "close_codes.json").read_text("utf-8"))["codes"]
    for wire in (server_wire, client_wire):
        assert {code.name: int(code) for code in wire.CloseCode} == golden
    assert {int(k): v for k, v in server_wire.CLOSE_MEANING.items()} == client_wire.CLOSE_MEANING
    limits = ("SUBPROTOCOL", "MAX_MESSAGE_BYTES", "MAX_SDP_CHARS", "MAX_CANDIDATE_CHARS")
    for limit in (*limits, "MAX_FEATURES", "MAX_LIGHT_STEPS", "MAX_SHOWN_S", *MEASURES):
        assert getattr(server_wire, limit) == getattr(client_wire, limit)


def test_both_know_the_same_messages() -> None:
    for direction, tags in (("client", client_wire.CLIENT_TAGS), ("server", client_wire.SERVER_TAGS)):
        names = {param.values[0].means["type"] for param in _vectors("valid") if param.values[0].direction == direction}
        assert names == set(tags)


@pytest.mark.parametrize("code", [c for c in client_wire.CloseCode if c is not client_wire.CloseCode.OK])
def test_every_close_code_is_an_error_of_its_own(code: client_wire.CloseCode) -> None:
    error = signaling_error(code)
    assert type(error) is not SignalingError
    assert error.close_code == code
    assert str(error) == client_wire.CLOSE_MEANING[code]
    assert sum(kind.close_code == code for kind in SignalingError.__subclasses__()) == 1
