"""What a session must show before it passes: which checks confirm, which may only deny, and how long to wait."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from ..challenges.rules import ActiveRules
from ..challenges.sequence import CHECK_NAME as ACTIVE
from ..types import Profile

EXTENDED_FACTOR: Final = 10.0
"""Time limits of the extended-time profile over the standard ones (WCAG 2.2, 2.2.1 Timing Adjustable)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Limits of the session's stages, seconds. Capture clock unless said otherwise."""

    hello_s: float = 15.0
    """Server clock: hello to offer, and offer to first frame."""
    positioning_s: float = 30.0
    """Server clock: first frame to a well-positioned face."""
    steady_s: float = 0.8
    """A face must be well positioned this long; its median over that time is the baseline."""
    capture_s: float = 1.2
    """Neutral, frontal time after the last challenge: 3-4 embeddings at 30 fps with one in ten frames embedded."""
    capture_limit_s: float = 8.0
    """Longest wait for that."""
    frame_grace_s: float = 1.5
    """Server clock on top of a capture-clock limit before it counts as passed without frames: network and decode delay,
    and the bound on a sender that lets its capture clock run slow to gain time."""

    def extended(self, factor: float) -> Timing:
        """Limits on what the person does are longer; limits on machines stay."""
        return replace(self, positioning_s=self.positioning_s * factor, capture_limit_s=self.capture_limit_s * factor)


@dataclass(frozen=True, slots=True)
class Policy:
    """A named set of rules. Everything is data, so that a transcript can carry the policy it was judged by."""

    name: str
    must_confirm: frozenset[str]
    """Checks without whose PASS there is no pass."""
    may_deny: frozenset[str]
    """Checks whose FAIL fails the session and whose abstention does not matter."""
    match_required: bool
    """Whether a session needs a reference. With one, `match` must confirm under every policy."""
    production: bool
    """Whether a server in production mode may offer it."""
    rules: ActiveRules = field(default_factory=ActiveRules)
    timing: Timing = field(default_factory=Timing)
    profiles: frozenset[Profile] = frozenset(Profile)

    def acr(self, profile: Profile) -> str:
        """Authentication context class of a pass (RFC 9068 `acr`), a URN of our own."""
        return f"urn:liveness:acr:{self.name}:{profile}"

    def for_profile(self, profile: Profile) -> Policy:
        """The policy with a profile's time limits applied."""
        if profile is not Profile.EXTENDED_TIME:
            return self
        return replace(self, rules=self.rules.extended(EXTENDED_FACTOR), timing=self.timing.extended(EXTENDED_FACTOR))

    def required(self, *, with_reference: bool) -> frozenset[str]:
        """Names that must all PASS."""
        return self.must_confirm | {"match"} if with_reference or self.match_required else self.must_confirm


_SPINE: Final = frozenset({ACTIVE, "single_face", "image_quality", "face_continuity", "identity_continuity"})

POLICIES: Final[dict[str, Policy]] = {
    policy.name: policy
    for policy in (
        Policy("standard", _SPINE, frozenset({"match"}), match_required=False, production=True),
        # For the rendered presenter and first steps: later passive checks that would (rightly) deny it stay out.
        Policy("demo", _SPINE, frozenset({"match"}), match_required=False, production=False),
    )
}
"""Every policy a session may name."""
