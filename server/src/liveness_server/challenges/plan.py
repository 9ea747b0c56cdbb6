"""Which challenges, in which order: drawn from a seed nobody outside can know, and never the last plan again.

The seed is 32 bytes from the operating system, given to the engine; everything random in a session is expanded from it,
so that a transcript with its seed replays bit for bit, and so that the entropy of the plan can be stated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import permutations
from math import log2
from typing import Final

from ..types import Profile
from . import DEFAULT_POOL, REGISTRY
from .base import Family

SEED_BYTES: Final = 32

TURNS: Final = frozenset({"turn_left", "turn_right"})
"""At least one of these is in every plan that may move the head: the one cue no flat picture imitated (see `head`)."""


class Draw:
    """Uniform draws from SHA-256 in counter mode over a secret seed (Hash_DRBG's generate step, NIST SP 800-90A)."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"the seed must have {SEED_BYTES} bytes, not {len(seed)}")
        self._seed = seed
        self._counter = 0

    def below(self, n: int) -> int:
        """Uniform integer in [0, n), by rejection so that no value is favoured."""
        limit = 2**64 - 2**64 % n
        while (value := self._next()) >= limit:
            pass
        return value % n

    def uniform(self, low: float, high: float) -> float:
        """Uniform number in [low, high), to a millionth of the span."""
        return low + (high - low) * self.below(1_000_000) / 1_000_000

    def choice(self, options: Sequence[str]) -> str:
        """One of `options`."""
        return options[self.below(len(options))]

    def _next(self) -> int:
        self._counter += 1
        block = hashlib.sha256(self._seed + self._counter.to_bytes(8, "big")).digest()
        return int.from_bytes(block[:8], "big")


def pool_of(profile: Profile, kinds: Sequence[str] = ()) -> tuple[str, ...]:
    """Kinds a profile may ask for, in registry order: of `kinds`, or of the default pool when that is empty.

    Raises ValueError for a kind that is not in the registry.
    """
    if unknown := sorted(set(kinds) - set(REGISTRY)):
        raise ValueError(f"no such challenge: {', '.join(unknown)}; there are {', '.join(REGISTRY)}")
    wanted, still = kinds or DEFAULT_POOL, profile is Profile.MOTION_FREE
    return tuple(kind for kind, c in REGISTRY.items() if kind in wanted and (not still or c.family is Family.FACE))


def draw_plan(
    draw: Draw,
    profile: Profile,
    steps: int,
    previous: tuple[str, ...],
    *,
    kinds: Sequence[str] = (),
    one_of: Sequence[str] = (),
) -> tuple[tuple[str, ...], float]:
    """Draw an ordered plan without repetition, other than `previous`; return it with its entropy in bits.

    `kinds` and `one_of` are those of `ActiveRules`. Raises ValueError when the profile's pool is too small for `steps`,
    or lacks what must be in the plan.
    """
    plans = [plan for plan in _admissible(pool_of(profile, kinds), steps, set(one_of)) if plan != previous]
    if not plans:
        needed = f" with one of {', '.join(one_of)}" if one_of else ""
        raise ValueError(f"profile {profile} has no plan of {steps} steps{needed}")
    return plans[draw.below(len(plans))], log2(len(plans))


def _admissible(pool: tuple[str, ...], steps: int, one_of: set[str]) -> list[tuple[str, ...]]:
    groups = [group for group in (TURNS & set(pool), one_of) if group]
    return [plan for plan in permutations(pool, steps) if all(group & set(plan) for group in groups)]
