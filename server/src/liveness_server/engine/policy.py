"""What a session must show before it passes: which checks confirm, which may only deny, and how long to wait.

The shipped policies are files in `engine/policies`; `policy_files` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ..challenges import CALIBRATED_ON
from ..challenges.rules import ActiveRules, refuse_odd_numbers
from ..challenges.sequence import CHECK_NAME as ACTIVE
from ..checks import REGISTRY
from ..types import Profile
from .fusion import Terms

EXTENDED_FACTOR: Final = 10.0
"""Time limits of the extended-time profile over the standard ones (WCAG 2.2, 2.2.1 Timing Adjustable)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Limits of the session's stages, seconds. Capture clock unless said otherwise."""

    hello_s: float = 15.0
    """Server clock: hello to offer, and offer to first frame. A choice."""
    positioning_s: float = 30.0
    """Server clock: first frame to a well-positioned face. A choice."""
    steady_s: float = 0.8
    """A face must be well positioned this long; its median over that time is the baseline. Neutral of the notes on head
    movement: 0.5 s and more."""
    capture_s: float = 1.2
    """Neutral, frontal time after the last challenge: 3-4 embeddings at 30 fps with one in ten frames embedded."""
    capture_limit_s: float = 8.0
    """Longest wait for that. A choice."""
    wait_s: float = 0.0
    """Longest calm time after the last challenge in which confirmations that are still missing are waited for. Each
    policy's choice: a pulse judges windows of 8 to 12 s."""
    frame_grace_s: float = 1.5
    """Server clock on top of a capture-clock limit before it counts as passed without frames: network and decode delay,
    and the bound on a sender that lets its capture clock run slow to gain time. A choice."""

    def __post_init__(self) -> None:
        refuse_odd_numbers(self)

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
    confirm_one_of: tuple[frozenset[str], ...] = ()
    """Groups of checks; of each at least one must PASS."""
    rules: ActiveRules = field(default_factory=ActiveRules)
    timing: Timing = field(default_factory=Timing)
    profiles: frozenset[Profile] = frozenset(Profile)
    description: str = ""

    def acr(self, profile: Profile) -> str:
        """Authentication context class of a pass (RFC 9068 `acr`), a URN of our own."""
        return f"urn:liveness:acr:{self.name}:{profile}"

    def for_profile(self, profile: Profile) -> Policy:
        """The policy with a profile's time limits applied."""
        if profile is not Profile.EXTENDED_TIME:
            return self
        return replace(self, rules=self.rules.extended(EXTENDED_FACTOR), timing=self.timing.extended(EXTENDED_FACTOR))

    def terms(self, *, with_reference: bool) -> Terms:
        """What the checks of a session must say; with a reference, `match` must confirm under every policy."""
        match = {"match"} if with_reference or self.match_required else set()
        return Terms(self.must_confirm | match, self.confirm_one_of, self.may_deny)

    @property
    def deciding(self) -> frozenset[str]:
        """Every check that has a say."""
        return self.must_confirm.union(self.may_deny, *self.confirm_one_of)

    def uncalibrated(self, loaded: Mapping[str, str]) -> list[str]:
        """Say which thresholds were not measured for the loaded models (role -> SHA-256); empty when all were."""
        return [
            f"{name}: measured with the {role} model {digest[:12]}, loaded is {loaded.get(role, 'none')[:12]}"
            for name, calibrated_on in self._calibrations()
            for role, digest in sorted(calibrated_on.items())
            if loaded.get(role) != digest
        ]

    def _calibrations(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """What each deciding check was measured with; the challenges are one of them."""
        yield ACTIVE, CALIBRATED_ON
        for name in sorted(self.deciding & set(REGISTRY)):
            yield name, REGISTRY[name].calibrated_on
