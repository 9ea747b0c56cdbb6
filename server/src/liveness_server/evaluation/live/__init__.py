"""Attacks played live: a performer's frames over WebRTC to any running server, over its public interfaces alone."""

from .acts import Act, act_of
from .api import SessionApi
from .errors import (
    KeyRefused,
    LiveError,
    RequestRefused,
    ServerBusy,
    ServerProtocolError,
    ServerUnreachable,
)
from .link import pin_bitrate
from .player import Played, Player
from .stage import Stage, Ticks, Timetable

__all__ = [
    "Act",
    "KeyRefused",
    "LiveError",
    "Played",
    "Player",
    "RequestRefused",
    "ServerBusy",
    "ServerProtocolError",
    "ServerUnreachable",
    "SessionApi",
    "Stage",
    "Ticks",
    "Timetable",
    "act_of",
    "pin_bitrate",
]
