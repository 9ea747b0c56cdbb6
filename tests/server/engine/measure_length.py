"""How long sessions last, of people who do everything right: the table in server/docs/policies.md.

    python tests/server/engine/measure_length.py [SESSIONS]

The people are scripted: they begin each movement so long after its prompt, take the time of `acting`, hold still at the
end, have a pulse, and answer the light where a policy wants one. What real people take was not measured.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from acting import OFFSET, Actor, frame_times, spec
from lifelike import living
from liveness_server import wire
from liveness_server.engine.policy import Policy
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.session import Session
from liveness_server.types import FaceObservation, Outcome, Profile, ServerTime, SkinRegions
from reflecting import ROOM, SKIN, Scene

DELAYS_S = (0.5, 2.0)
"""From prompt to movement: at once, and after reading it."""
SESSIONS = 8


@dataclass
class Screen:
    """Lights the person while the client shows colours; a pulse goes on under them."""

    asked: float | None = None
    colours: dict[int, tuple[np.ndarray, np.ndarray]] | None = None

    def ask(self, light: wire.Light, t: float) -> None:
        rows = zip(*Scene(noise=0.05).traces(light.steps, 15.0), strict=True)
        self.colours = {round((at + t) * 30): (skin / SKIN, behind / ROOM) for at, skin, behind in rows}

    def shine(self, shown: FaceObservation, state: str) -> FaceObservation:
        lit = (self.colours or {}).get(round(shown.t * 30))
        if lit is None:
            return shown
        skin, behind = shown.face.skin, tuple((np.array(shown.face.skin.background) * lit[1]).tolist())
        regions = [tuple((np.array(region) * lit[0]).tolist()) for region in (skin.forehead, skin.cheek_left)]
        colours = SkinRegions(regions[0], regions[1], tuple((np.array(skin.cheek_right) * lit[0]).tolist()), behind)
        return replace(shown, face=replace(shown.face, skin=colours))


def length(policy: Policy, seed: int, delay_s: float, features: tuple[str, ...]) -> float:
    """Capture seconds from the first frame to the verdict, which must be a pass."""
    profile = min(policy.profiles, key=list(Profile).index)
    session = Session(spec(policy=policy, seed=seed, profile=profile))
    session.receive_hello(ServerTime(1000.1), features)
    session.receive_offer(ServerTime(1000.2))
    screen = Screen()
    actor = living(Actor(delay_s=delay_s, alter=screen.shine))
    for t in frame_times():
        session.receive_observation(actor.show(t, session.state), ServerTime(OFFSET + t))
        for message in session.messages_to_send():
            actor.hear(message, t)
            if isinstance(message, wire.Light):
                screen.ask(message, t)
        if session.ended:
            break
    assert session.verdict is not None
    assert session.verdict.decision is Outcome.PASS, (policy.name, seed, session.verdict.reasons)
    return t


def main() -> None:
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else SESSIONS
    for name, policy in shipped_policies().items():
        wants = "light_response" in policy.must_confirm
        for features in ((), ("light",)) if "light_response" in policy.deciding else ((),):
            if wants and not features:
                continue
            told = []
            for delay_s in DELAYS_S:
                taken = [length(policy, seed, delay_s, features) for seed in range(sessions)]
                told.append(f"{min(taken):.0f}-{max(taken):.0f} s")
            print(name, *features, *told, f"N={sessions}", flush=True)


if __name__ == "__main__":
    main()
