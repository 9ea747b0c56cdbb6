"""Offers: the usable one passes, each broken one is refused with the close code and nothing of the peer's text."""

from __future__ import annotations

import re

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from hypothesis import given
from hypothesis import strategies as st

from liveness_server.errors import RemoteProtocolError
from liveness_server.transport.sdp import announced_fps, read_candidate, read_offer, with_start_bitrate
from liveness_server.wire import MAX_CANDIDATES, MAX_SDP_CHARS, CloseCode
from server.transport.kit import SyntheticTrack, sender

HOST = "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host"


@pytest.fixture
async def offer() -> str:
    async with sender() as pc:
        return pc.localDescription.sdp


async def test_an_offer_of_one_video_is_usable(offer: str) -> None:
    assert read_offer(offer).type == "offer"


async def test_audio_and_a_second_video_are_refused() -> None:
    for kinds in (("video", "audio"), ("video", "video"), ("audio",)):
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for kind in kinds:
            pc.addTransceiver(kind, direction="sendrecv" if kind == "audio" else "sendonly")
        made = await pc.createOffer()
        await pc.close()
        refused(made.sdp)


@pytest.mark.parametrize("video", [True, False])
async def test_a_data_channel_is_refused_by_name(video: bool) -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    if video:
        pc.addTransceiver("video", direction="sendonly")
    pc.createDataChannel("x")
    made = await pc.createOffer()
    await pc.close()
    refused(made.sdp, "the offer must have no data channel")


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        ("a=sendonly", "a=recvonly"),
        ("a=sendonly", "a=inactive"),
        ("a=ice-pwd:.*\r\n", ""),
        ("a=ice-ufrag:.*\r\n", ""),
        ("a=fingerprint:.*\r\n", ""),
        ("a=fingerprint:sha-\\d+", "a=fingerprint:md2"),
        ("a=setup:actpass\r\n", ""),
        ("a=rtcp-mux\r\n", ""),
        ("(VP8|H264)/90000", "VP9/90000"),
        ("m=video", "m=vi deo"),
        ("a=setup:actpass", "a=setup:nonsense"),
        ("a=rtpmap:97 VP8/90000", "a=rtpmap:97"),
    ],
)
async def test_a_broken_offer_is_refused(offer: str, pattern: str, replacement: str) -> None:
    broken = re.sub(pattern, replacement, offer)
    assert broken != offer
    refused(broken)


@pytest.mark.parametrize("text", ["", "v=0", "\0", "m=video", "a" * (MAX_SDP_CHARS + 1), "secret-text" * 3])
def test_nonsense_is_refused(text: str) -> None:
    refused(text)


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_raise_anything_else(text: str) -> None:
    refused("v=0\r\nm=" + text)
    refused(text)


def refused(sdp: str, why: str | None = None) -> None:
    with pytest.raises(RemoteProtocolError, match=why) as caught:
        read_offer(sdp)
    assert caught.value.close_code is CloseCode.SDP_INVALID
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_host_names_and_a_flood_of_candidates_are_taken_out(offer: str) -> None:
    names = "a=candidate:1 1 udp 1 f00.local 5000 typ host\r\n"
    flood = "".join(f"a={HOST.replace('50000', str(50_000 + i))}\r\n" for i in range(MAX_CANDIDATES + 30))
    usable = read_offer(offer + names + flood).sdp
    assert ".local" not in usable
    assert usable.count("a=candidate:") <= MAX_CANDIDATES


def test_a_udp_host_candidate_is_read() -> None:
    candidate = read_candidate(HOST)
    assert candidate is not None
    assert (candidate.ip, candidate.port) == ("192.0.2.7", 50_000)


@pytest.mark.parametrize(
    "text",
    [
        "candidate:1 1 udp 1 3f1c.local 50000 typ host",
        "candidate:1 1 udp 1 internal.example 50000 typ host",
        "candidate:1 1 tcp 1 192.0.2.7 9 typ host tcptype active",
        "candidate:1 2 udp 1 192.0.2.7 50000 typ host",
        "candidate:1 1 udp 1 192.0.2.7 0 typ host",
    ],
)
def test_candidates_of_no_use_are_passed_over(text: str) -> None:
    assert read_candidate(text) is None


@pytest.mark.parametrize(
    "text",
    ["candidate:", "candidate:1 1 udp", "candidate:1 x udp 1 1.2.3.4 5 typ host", HOST.replace("50000", "99999")],
)
def test_malformed_candidates_are_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        read_candidate(text)
    assert caught.value.close_code is CloseCode.SDP_INVALID


def test_start_bitrate_is_added_for_vp8_and_merged_for_h264() -> None:
    answer = "\r\n".join(
        [
            "m=video 9 UDP/TLS/RTP/SAVPF 97 98 99",
            "a=rtpmap:97 VP8/90000",
            "a=rtcp-fb:97 nack",
            "a=rtpmap:98 rtx/90000",
            "a=fmtp:98 apt=97",
            "a=rtpmap:99 H264/90000",
            "a=fmtp:99 packetization-mode=1",
            "",
        ]
    )
    lines = with_start_bitrate(answer, 1234).splitlines()
    assert lines.index("a=fmtp:97 x-google-start-bitrate=1234") == lines.index("a=rtpmap:97 VP8/90000") + 1
    assert "a=fmtp:99 packetization-mode=1;x-google-start-bitrate=1234" in lines
    assert "a=fmtp:98 apt=97" in lines
    assert len(lines) == 8


async def test_the_hint_survives_in_an_answer_that_stock_aiortc_would_send_without() -> None:
    async with sender(SyntheticTrack()) as pc:
        answering = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        await answering.setRemoteDescription(pc.localDescription)
        stock = (await answering.createAnswer()).sdp
        await answering.close()
    assert "x-google-start-bitrate" not in stock
    assert with_start_bitrate(stock).count("x-google-start-bitrate=1500") == 3, "VP8 and both H264 profiles"


VIDEO = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n"
CHANNEL = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"


@pytest.mark.parametrize(
    ("offer", "fps"),
    [
        (VIDEO, 0.0),
        (VIDEO + "a=framerate:30\r\n", 30.0),
        (VIDEO + "a=framerate:29.97\r\n" + CHANNEL, 29.97),
        (VIDEO + CHANNEL + "a=framerate:30\r\n", 0.0),
        (VIDEO + "a=framerate:-30\r\n", 0.0),
        (VIDEO + "a=framerate:1e9\r\n", 0.0),
        (VIDEO + "a=framerate:9999999\r\n", 0.0),
    ],
    ids=["none", "whole", "before a channel", "of another section", "negative", "in powers", "absurd"],
)
def test_the_announced_frame_rate(offer: str, fps: float) -> None:
    assert announced_fps(offer) == fps
