"""The challenges of one session: drawn from its seed, run by the step machine, and told to the person."""

from __future__ import annotations

from .. import wire
from ..challenges.plan import Draw, draw_plan, pool_of
from ..challenges.sequence import ActiveSequence, Effect, Ended, Prompt, Stage
from ..types import Profile
from .guidance import WAIT
from .policy import Policy


class Challenging:
    """Draws the plan and owns the sequence; says what of it a frame shows, and what the person should hear."""

    def __init__(self, policy: Policy, profile: Profile, previous: tuple[str, ...], draw: Draw) -> None:
        rules = policy.rules
        self.plan, self._plan_bits = draw_plan(
            draw, profile, rules.steps, previous, kinds=rules.kinds, one_of=rules.one_of
        )
        self.sequence = ActiveSequence(rules, draw, self.plan, pool_of(profile, rules.kinds))
        self._armed: tuple[int, Stage] | None = None
        self._covered = False

    @property
    def entropy_bits(self) -> float:
        """Entropy of the plan and of what replaced mistakes."""
        return self._plan_bits + self.sequence.entropy_bits

    def covers(self) -> bool:
        """Whether this frame's face is covered. After a step that failed the hand may be there until the next prompt.

        To be asked once per frame.
        """
        sequence = self.sequence
        lingers = self._covered and sequence.stage is Stage.SETTLE and sequence.timings[-1].outcome != "done"
        self._covered = sequence.hides_face or lingers
        return self._covered

    def new_limit_s(self) -> float | None:
        """Seconds the stage under way may take, once when it begins; None ever after."""
        armed = (len(self.sequence.timings), self.sequence.stage)
        if armed == self._armed:
            return None
        self._armed = armed
        return self.sequence.stage_limit_s


def told(effects: list[Effect]) -> list[wire.AnyServerMessage]:
    """What the person should hear of what happened."""
    early = any(isinstance(effect, Ended) and effect.outcome == "early" for effect in effects)
    return [*(_message(effect) for effect in effects if effect.id), *([wire.Guidance(WAIT)] if early else [])]


def _message(effect: Effect) -> wire.AnyServerMessage:
    if isinstance(effect, Prompt):
        return wire.Challenge(effect.id, effect.kind, effect.deadline_s, effect.step, effect.steps)
    return wire.Progress(effect.id, "done" if effect.outcome == "done" else "retry")
