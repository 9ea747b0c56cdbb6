"""Run a kept transcript again: the same verdict, bit for bit, or a word on where it differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from .. import __version__
from ..errors import LivenessError
from ..types import FaceObservation, ServerTime, StreamStats, Verdict
from ..wire import ClientStats, CloseCode, LightShown
from .session import Session
from .states import Input
from .transcript import FORMAT, Entry, Header


class TranscriptError(LivenessError):
    """The lines are not a transcript this version can replay; the message says which line and why."""

    code = "transcript"


class Closing(msgspec.Struct, frozen=True, tag_field="event", tag="verdict"):
    """Last line of a transcript file: what the session decided when it was live."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Replay:
    """A session played again, and what it had said when live."""

    session: Session
    recorded: Verdict | None
    engine: str
    """Version of the engine that recorded it."""

    @property
    def same(self) -> bool:
        """Whether the replayed verdict equals the recorded one in every bit, transcript hash included."""
        return self.recorded is not None and self.session.verdict == self.recorded

    @property
    def same_engine(self) -> bool:
        """Whether this version recorded it; a difference is expected otherwise."""
        return self.engine == __version__


_Line = Header | Entry | Closing
_decoder: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)


def closing_line(verdict: Verdict) -> str:
    """Line that completes a transcript file."""
    return msgspec.json.encode(Closing(verdict), order="deterministic").decode()


def replay(lines: Iterable[str]) -> Replay:
    """Feed a transcript to a fresh session. Raises TranscriptError on anything that is not one."""
    decoded = (_decode(number, line) for number, line in enumerate(lines, 1) if line.strip())
    header = next(decoded, None)
    if not isinstance(header, Header):
        raise TranscriptError("line 1 is not a transcript header")
    if header.format != FORMAT:
        raise TranscriptError(f"transcript format {header.format} is not supported; this version reads {FORMAT}")
    session = Session(header.spec, keep_transcript=False)
    recorded = None
    for line in decoded:
        if isinstance(line, Closing):
            recorded = line.verdict
        elif isinstance(line, Entry):
            _feed(session, line)
    return Replay(session, recorded, header.engine)


def _decode(number: int, line: str) -> _Line:
    try:
        return _decoder.decode(line)
    except msgspec.MsgspecError as error:
        # The text of the line is face-derived: only its number may be shown.
        raise TranscriptError(f"line {number} is not a transcript line") from error


def _feed(session: Session, entry: Entry) -> None:
    try:
        _FEEDS[entry.input](session, entry)
    except (msgspec.MsgspecError, LivenessError) as error:
        raise TranscriptError(f"input {entry.input} at {entry.now} cannot be replayed") from error


def _payload(entry: Entry, kind: Any) -> Any:
    return msgspec.json.decode(entry.payload, type=kind)


def _plain(method: Callable[[Session, ServerTime], None]) -> Callable[[Session, Entry], None]:
    return lambda session, entry: method(session, entry.now)


_FEEDS: Final[dict[Input, Callable[[Session, Entry], None]]] = {
    Input.HELLO: lambda s, e: s.receive_hello(e.now, _payload(e, tuple[str, ...] | None) or ()),
    Input.OFFER: _plain(Session.receive_offer),
    Input.OBSERVATION: lambda s, e: s.receive_observation(_payload(e, FaceObservation), e.now),
    Input.STATS: lambda s, e: s.receive_stats(_payload(e, StreamStats), e.now),
    Input.LIGHT_SHOWN: lambda s, e: s.receive_light_shown(_payload(e, LightShown), e.now),
    Input.CLIENT_STATS: lambda s, e: s.receive_client_stats(_payload(e, ClientStats), e.now),
    Input.TICK: _plain(Session.receive_tick),
    Input.CANCEL: _plain(Session.receive_cancel),
    Input.GONE: _plain(Session.receive_gone),
    Input.MEDIA_LOST: _plain(Session.receive_media_lost),
    Input.DELETED: _plain(Session.receive_deleted),
    Input.OVERLOAD: _plain(Session.receive_overload),
    Input.FAULT: _plain(Session.receive_fault),
    Input.VIOLATION: lambda s, e: s.receive_violation(_payload(e, CloseCode), e.now),
}
