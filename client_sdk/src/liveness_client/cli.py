"""The command `liveness-client`: run one attempt from a terminal, or verify a token.

Exit codes
    0   pass; the token is genuine
    1   fail; the token must not be believed
    2   wrong arguments
    3   inconclusive: try again
    4   no result: server or network failed, or refused
    5   the camera or the file cannot be used
    130 interrupted

Results go to standard output (with `--json` as one JSON object), progress and errors to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ._events import (
    ChallengeEvent,
    Connected,
    Decision,
    Event,
    GuidanceEvent,
    LightEvent,
    ProgressEvent,
    ResultEvent,
)
from ._sources import Source
from .client import LivenessClient
from .errors import ConfigurationError, JwksUnavailable, LivenessClientError, SourceError, VerificationError
from .verify import Verifier

EXIT_PASS, EXIT_FAIL, EXIT_USAGE, EXIT_INCONCLUSIVE, EXIT_NO_RESULT, EXIT_SOURCE = range(6)
EXIT_INTERRUPTED = 130

EXIT_OF_DECISION = {
    Decision.PASS: EXIT_PASS,
    Decision.FAIL: EXIT_FAIL,
    Decision.INCONCLUSIVE: EXIT_INCONCLUSIVE,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(argv)
    try:
        code: int = options.command(options)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except LivenessClientError as error:
        _say(f"liveness-client: {error}" if str(error) else f"liveness-client: {error.code}")
        return _exit_code(error)
    return code


def _exit_code(error: LivenessClientError) -> int:
    match error:
        case ConfigurationError():
            return EXIT_USAGE
        case SourceError():
            return EXIT_SOURCE
        case JwksUnavailable():
            return EXIT_NO_RESULT
        case VerificationError():
            return EXIT_FAIL
        case _:
            return EXIT_NO_RESULT


def _parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="liveness-client", description=summary, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="create a session and stream a camera or a file into it"))
    _add_verify(commands.add_parser("verify", help="verify a token with the issuer's public keys"))
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    environ = os.environ
    parser.set_defaults(command=_run)
    parser.add_argument("--url", default=environ.get("LIVENESS_URL"), help="the server (LIVENESS_URL)")
    parser.add_argument("--api-key", default=environ.get("LIVENESS_API_KEY"), help="(LIVENESS_API_KEY)")
    parser.add_argument("--subject", required=True, help="whose face it should be, as your system calls them")
    parser.add_argument("--audience", default="urn:liveness-client:cli", help="who the token is for")
    parser.add_argument("--purpose", default="test", help="why, for the audit")
    parser.add_argument("--policy", default="standard")
    parser.add_argument("--profile", default="standard")
    parser.add_argument("--reference", type=Path, help="JPEG or PNG of the person")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--camera", help="camera number, or its name")
    source.add_argument("--file", type=Path, help="video file, streamed in real time")
    parser.add_argument("--allow-http", action="store_true", help="speak to other hosts without TLS")
    parser.add_argument("--json", action="store_true", help="write the result as one JSON object")


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_verify)
    parser.add_argument("token", help="the token, or - to read it from standard input")
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--audience", required=True)
    parser.add_argument("--jwks", required=True, metavar="URL|FILE", help="the issuer's keys")
    parser.add_argument("--nonce", help="the nonce the session was created with")
    parser.add_argument("--acr", action="append", help="acceptable acr; may be repeated")
    parser.add_argument("--allow-http", action="store_true", help="fetch keys from other hosts without TLS")
    parser.add_argument("--json", action="store_true", help="write the claims as one JSON object")


def _run(options: argparse.Namespace) -> int:
    if not options.url or not options.api_key:
        raise ConfigurationError("give --url and --api-key, or set LIVENESS_URL and LIVENESS_API_KEY")
    result = asyncio.run(_attempt(options, _source(options)))
    answer = {"decision": str(result.decision), "hint": result.hint, "token": result.token}
    _print(answer, as_json=options.json)
    return EXIT_OF_DECISION[result.decision]


def _source(options: argparse.Namespace) -> Source:
    try:
        from ._media import CameraSource, VideoFileSource  # noqa: PLC0415 (aiortc and av are an extra)
    except ImportError as error:
        raise ConfigurationError("`run` needs an extra: pip install 'liveness-client[webrtc]'") from error
    if options.file is not None:
        return VideoFileSource(options.file)
    return CameraSource(int(options.camera) if options.camera.isdecimal() else options.camera)


async def _attempt(options: argparse.Namespace, source: Source) -> ResultEvent:
    async with LivenessClient(options.url, api_key=options.api_key, allow_http=options.allow_http) as client:
        session = await client.create_session(
            options.subject,
            options.audience,
            options.purpose,
            policy=options.policy,
            profile=options.profile,
            reference=options.reference,
        )
        _say(f"session {session.session_id}, profile {session.profile}")
        async with client.run(source, session) as attempt:
            said = ""
            async for event in attempt:
                line = describe(event)
                if line != said:  # a countdown repeats its guidance
                    _say(line)
                said = line
        return await attempt.result()


def describe(event: Event) -> str:
    """Put an event into one line for a person."""
    match event:
        case Connected():
            return "connected"
        case GuidanceEvent(code=code):
            return f"  {code.replace('_', ' ')}"
        case ChallengeEvent():
            kind = event.kind.replace("_", " ")
            return f"[{event.step}/{event.steps}] {kind} (within {event.deadline_s:.0f} s)"
        case ProgressEvent(outcome=outcome):
            return f"  {outcome}"
        case LightEvent():
            return "  colours on the screen"
        case ResultEvent():
            return f"{event.decision}" + (f": {event.hint.replace('_', ' ')}" if event.hint else "")


def _verify(options: argparse.Namespace) -> int:
    token = sys.stdin.read().strip() if options.token == "-" else options.token  # noqa: S105 (not a password)
    claims = _verifier(options).verify(token, nonce=options.nonce, required_acr=options.acr)
    _print(dict(claims.raw), as_json=options.json)
    return EXIT_PASS


def _verifier(options: argparse.Namespace) -> Verifier:
    if "://" in options.jwks:
        return Verifier(options.issuer, options.audience, jwks_url=options.jwks, allow_http=options.allow_http)
    try:
        keys = json.loads(Path(options.jwks).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--jwks {options.jwks}: not a readable JWKS file") from error
    return Verifier(options.issuer, options.audience, jwks=keys)


def _print(values: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(values))
        return
    for name, value in values.items():
        if value not in ("", [], {}):
            print(f"{name:10} {value if isinstance(value, str) else json.dumps(value)}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
