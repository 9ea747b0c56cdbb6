"""Session descriptions: what an offer must look like, what is taken out of it, what is added to the answer.

Every refusal is a `RemoteProtocolError(SDP_INVALID)` with a text of ours: nothing a parser says about the peer's
input, and no address of the peer, reaches a log or the wire.
"""

from __future__ import annotations

import ipaddress
import re

from aiortc import RTCIceCandidate, RTCSessionDescription
from aiortc.sdp import MediaDescription, SessionDescription, candidate_from_sdp

from ..errors import RemoteProtocolError
from ..wire import MAX_CANDIDATE_CHARS, MAX_CANDIDATES, MAX_SDP_CHARS, CloseCode

CODECS = frozenset({"VP8", "H264"})
"""Video codecs the receiver can decode."""

DEFAULT_START_BITRATE = 1500
"""kbit/s. Chromium then sends 1.4 Mbit/s after half a second instead of 0.25; more overshoots a slow link."""

_FINGERPRINTS = frozenset({"sha-256", "sha-384", "sha-512"})
_FRAME_RATE = re.compile(r"^a=framerate:(\d{1,3}(?:\.\d{1,6})?)\r?$", re.MULTILINE)
_MEDIA_LINE = re.compile(r"a=rtpmap:(\d+) (?:VP8|H264)/90000", re.IGNORECASE)


def refuse(reason: str) -> RemoteProtocolError:
    """Build the error for an unusable description or candidate; `reason` is a fixed text, never the peer's."""
    return RemoteProtocolError(reason, CloseCode.SDP_INVALID)


def read_offer(sdp: str) -> RTCSessionDescription:
    """Check an offer and return it without the candidates that cannot be used. Raises `RemoteProtocolError`.

    Required: one video m-line that sends VP8 or H264, and nothing else. A data channel least of all: for each
    fragment of an unfinished message aiortc looks through all the others, on the event loop (3000 of them: 1 s).
    """
    if len(sdp) > MAX_SDP_CHARS:
        raise refuse("the offer is too long")
    usable = _without_foreign_candidates(sdp)
    offer = _parse(usable)
    _check_sections(offer)
    _check_transport(offer.media[0])
    return RTCSessionDescription(sdp=usable, type="offer")


def announced_fps(offer: str) -> float:
    """Frame rate of the video section's `a=framerate` (RFC 8866, 6.13: the highest one, a recommendation); else 0."""
    video = offer.partition("\nm=video")[2].partition("\nm=")[0]
    found = _FRAME_RATE.search(video)
    return float(found[1]) if found else 0.0


def _parse(sdp: str) -> SessionDescription:
    try:
        return SessionDescription.parse(sdp)
    except Exception:  # the parser raises whatever its regular expressions and asserts come to
        raise refuse("the offer cannot be parsed") from None


def _check_sections(offer: SessionDescription) -> None:
    kinds = [media.kind for media in offer.media]
    if "application" in kinds:
        raise refuse("the offer must have no data channel")
    if kinds != ["video"]:
        raise refuse("the offer must have exactly one video section and nothing else")
    (video,) = offer.media
    if video.direction not in {"sendonly", "sendrecv"}:
        raise refuse("the offered video must be sendonly")
    if not CODECS & {codec.name.upper() for codec in video.rtp.codecs}:
        raise refuse("the offered video must be VP8 or H264")


def _check_transport(video: MediaDescription) -> None:
    if video.ice is None or not video.ice.usernameFragment or not video.ice.password:
        raise refuse("the offer has no ICE credentials")
    algorithms = {f.algorithm.lower() for f in video.dtls.fingerprints} if video.dtls else set()
    if not algorithms & _FINGERPRINTS:
        raise refuse("the offer has no usable DTLS fingerprint")
    if not video.rtcp_mux:
        raise refuse("the offered video must multiplex RTCP")


def _without_foreign_candidates(sdp: str) -> str:
    """Drop candidates that cannot be used, and those beyond the cap, before anything resolves them.

    Their end goes too: aioice gives up at once when it knows of no candidate and that none will come, although the
    peer's own checks are on their way. What has an end here is the time to connect.
    """
    prefix = "a=candidate:"
    kept, count = [], 0
    for line in sdp.splitlines():
        if line == "a=end-of-candidates":
            continue
        if line.startswith(prefix):
            count += 1
            if count > MAX_CANDIDATES or read_candidate(line.removeprefix("a=")) is None:
                continue
        kept.append(line)
    return "\r\n".join(kept) + "\r\n"


def read_candidate(text: str) -> RTCIceCandidate | None:
    """Read a `candidate:…` line; None for one that is well-formed and of no use. Raises `RemoteProtocolError`.

    Only UDP to a literal address is of use: host names (mDNS `.local` among them) would make the server resolve
    names at a stranger's bidding, and such a peer is found as peer-reflexive anyway.
    """
    try:
        candidate = candidate_from_sdp(text.removeprefix("candidate:"))
    except (AssertionError, ValueError):
        raise refuse("a candidate cannot be parsed") from None
    if len(text) > MAX_CANDIDATE_CHARS or not 0 <= candidate.port <= 0xFFFF:
        raise refuse("a candidate is out of range")
    return candidate if _usable(candidate) else None


def _usable(candidate: RTCIceCandidate) -> bool:
    try:
        ipaddress.ip_address(candidate.ip)
    except ValueError:
        return False
    return candidate.protocol.lower() == "udp" and candidate.component == 1 and candidate.port > 0


def with_start_bitrate(answer: str, kbps: int = DEFAULT_START_BITRATE) -> str:
    """Add `x-google-start-bitrate` for VP8 and H264, merged into an fmtp line that is there already."""
    payload_types = set(_MEDIA_LINE.findall(answer))
    hint = f"x-google-start-bitrate={kbps}"
    lines = []
    for line in answer.splitlines():
        kind, _, rest = line.partition(":")
        payload_type, _, parameters = rest.partition(" ")
        if kind == "a=fmtp" and payload_type in payload_types:
            line = f"{line};{hint}" if parameters else f"{line} {hint}"  # noqa: PLW2901 - the line, amended
            payload_types.discard(payload_type)
        lines.append(line)
    for payload_type in payload_types:
        at = next(i for i, line in enumerate(lines) if line.lower().startswith(f"a=rtpmap:{payload_type} "))
        lines.insert(at + 1, f"a=fmtp:{payload_type} {hint}")
    return "\r\n".join(lines) + "\r\n"
