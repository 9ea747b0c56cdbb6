"""The step machine: prompts one challenge after the other, and decides what each answer was worth.

One step's life, on the capture clock:

    SETTLE    the face is neutral for a random time, so that the moment of the prompt cannot be known;
              a movement that begins here is early
    PROMPTED  the challenge is out; nothing counts, and every movement is early, within the reaction floor;
              then: asked movement held -> RETURN, another movement -> wrong, deadline -> timeout
    RETURN    back to neutral; another movement here is an extra one, hence wrong; and where the challenge hid the
              face, what was clear of it was somebody else's -> changed

Every mistake costs: the step is replaced by a fresh draw and one more step is added at the end. The second wrong
movement ends the session as a failure; the second timeout, the second changed face, the third early movement, or the
third mistake of any kind, end it inconclusive. So a recording that shows every movement, in some order or in a loop,
has to be lucky at every step, and each time it is not, once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ..types import CaptureTime, ChallengeTiming, CheckResult, FaceObservation, Outcome
from . import MOVEMENTS, REGISTRY
from .base import Challenge, Hold, Progress
from .baseline import Baseline, Deviation
from .blink import PROMPTED
from .blinks import BlinkDetector
from .plan import Draw
from .rules import ActiveRules
from .same_face import SameFace
from .steps import Steps

CHECK_NAME = "active"
"""Name under which the challenges' outcome enters fusion."""


class Stage(StrEnum):
    """Where the step under way stands."""

    SETTLE = "settle"
    PROMPTED = "prompted"
    RETURN = "return"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Prompt:
    """Effect: tell the person to do this."""

    id: int
    kind: str
    deadline_s: float
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Effect: the challenge `id` is over (`done`, `wrong`, `early`, `timeout`, `changed`); id 0 if never prompted."""

    id: int
    outcome: str


Effect = Prompt | Ended


class ActiveSequence:
    """All steps of one session. Feed it every observation from the end of positioning on."""

    def __init__(self, rules: ActiveRules, draw: Draw, plan: tuple[str, ...], pool: tuple[str, ...]) -> None:
        self.rules = rules
        self.timings: list[ChallengeTiming] = []
        self._draw = draw
        self._watched = tuple(dict.fromkeys((*MOVEMENTS, *(REGISTRY[kind] for kind in pool))))
        self._plan = Steps(plan, pool, rules.one_of, draw)
        self._prompts = 0
        self._counts = {"wrong": 0, "early": 0, "timeout": 0, "changed": 0}
        self._blinks = BlinkDetector(max_width_s=PROMPTED.max_width_s)
        self._faces = SameFace()
        self._baseline: Baseline | None = None
        self._failure: tuple[Outcome, str] | None = None
        self._stage = Stage.SETTLE
        self._handlers: dict[Stage, Callable[[Deviation], list[Effect]]] = {
            Stage.SETTLE: self._settle,
            Stage.PROMPTED: self._prompted,
            Stage.RETURN: self._returning,
        }

    # Public: what the session asks and feeds.

    @property
    def over(self) -> bool:
        """No further prompt will come."""
        return self._stage is Stage.OVER

    @property
    def step(self) -> int:
        """Number of the step under way, from 1."""
        return self._plan.number

    @property
    def entropy_bits(self) -> float:
        """Entropy added by replacements and penalty steps, beyond the plan's own."""
        return self._plan.entropy_bits

    @property
    def hides_face(self) -> bool:
        """Whether the challenge under way covers the face or turns it away (`Challenge.hides_face`)."""
        return self._stage in {Stage.PROMPTED, Stage.RETURN} and self._challenge.hides_face

    @property
    def stage_limit_s(self) -> float:
        """Seconds the stage under way may last at most; the shell watches it on the server's clock as well."""
        limits = {Stage.SETTLE: self.rules.settle_limit_s, Stage.PROMPTED: self.rules.deadline_s}
        return limits.get(self._stage, self.rules.return_s)

    @property
    def stage(self) -> Stage:
        """Where the step under way stands."""
        return self._stage

    def watch(self, observation: FaceObservation) -> None:
        """Learn the open eye's rest level, and the face, before the first prompt (while positioning)."""
        self._blinks.update(observation)
        if observation.face is not None and observation.face.embedding is not None:
            self._faces.watch(observation.face.embedding)

    def begin(self, baseline: Baseline, t: CaptureTime) -> None:
        """Start the first step at capture time `t`."""
        self._baseline = baseline
        self._enter_settle(t)

    def update(self, observation: FaceObservation) -> list[Effect]:
        """Take one observation; return what to tell the person."""
        assert self._baseline is not None, "begin() comes first"
        blink = self._blinks.update(observation)
        if self.over:
            return []
        if observation.face is None:
            return self._absent(observation.t)
        deviation = Deviation.of(observation.face, observation.t, self._baseline, blink, observation.width)
        if observation.face.embedding is not None:
            self._faces.update(deviation, observation.face.embedding, hidden=self.hides_face)
        return self._handlers[self._stage](deviation)

    def give_up(self) -> list[Effect]:
        """The stage's limit has passed on the server's clock: no more frames are coming in time."""
        return [] if self.over else self._retry("timeout", self._last_t)

    def result(self) -> CheckResult:
        """PASS when every step was done; what ended it otherwise."""
        if self._failure is not None:
            return CheckResult(CHECK_NAME, *self._failure, quality=1.0)
        if self.over:
            return CheckResult(CHECK_NAME, Outcome.PASS, "ok", 1.0)
        return CheckResult(CHECK_NAME, Outcome.INCONCLUSIVE, "incomplete")

    # Private: the stages.

    def _rests(self, deviation: Deviation) -> bool:
        return all(c.at_rest(deviation) for c in self._watched)

    def _stirs(self, deviation: Deviation) -> bool:
        return any(c.started(deviation) for c in self._watched)

    def _enter_settle(self, t: CaptureTime) -> None:
        self._stage, self._entered, self._last_t = Stage.SETTLE, t, t
        self._neutral = Hold(self._draw.uniform(*self.rules.settle_s))
        self._was_neutral = False

    def _settle(self, deviation: Deviation) -> list[Effect]:
        self._last_t = deviation.t
        neutral = self._rests(deviation)
        if self._was_neutral and self._stirs(deviation):
            return self._retry("early", deviation.t)
        self._was_neutral = self._was_neutral or neutral
        if self._neutral.update(deviation, neutral):
            return [self._prompt(deviation.t)]
        return self._timeout_after(self.rules.settle_limit_s, deviation.t)

    def _prompt(self, t: CaptureTime) -> Prompt:
        self._stage, self._entered = Stage.PROMPTED, t
        self._prompts += 1
        self._kind = self._plan.kind
        self._challenge: Challenge = REGISTRY[self._kind](CaptureTime(t + self.rules.reaction_s), self.rules)
        self._wrong = Hold(self.rules.wrong_hold_s)
        self._faces.begin()
        return Prompt(self._prompts, self._kind, self.rules.deadline_s, self.step, len(self._plan))

    def _prompted(self, deviation: Deviation) -> list[Effect]:
        self._last_t = deviation.t
        if deviation.t < self._challenge.earliest:
            return self._retry("early", deviation.t) if self._stirs(deviation) else []
        progress = self._challenge.update(deviation)
        if progress is Progress.WRONG or self._other_movement(deviation):
            return self._retry("wrong", deviation.t)
        if progress is Progress.REACHED:
            self._stage, self._entered = Stage.RETURN, deviation.t
            self._neutral = Hold(self.rules.neutral_hold_s)
            return []
        return self._timeout_after(self.rules.deadline_s, deviation.t)

    def _returning(self, deviation: Deviation) -> list[Effect]:
        self._last_t = deviation.t
        if self._other_movement(deviation):
            return self._retry("wrong", deviation.t)
        if self._neutral.update(deviation, self._rests(deviation)):
            return self._finish(deviation.t)
        return self._timeout_after(self.rules.return_s, deviation.t)

    def _finish(self, t: CaptureTime) -> list[Effect]:
        if self._faces.changed:
            return self._retry("changed", t)
        self._note("done", t)
        self._plan.done()
        ended = Ended(self._prompts, "done")
        if self._plan.over:
            self._stage = Stage.OVER
        else:
            self._enter_settle(t)
        return [ended]

    def _absent(self, t: CaptureTime) -> list[Effect]:
        # Without a face nothing is held and nothing is reached; the deadline goes on.
        self._last_t = t
        self._neutral.reset()
        if self._stage is Stage.PROMPTED:
            self._challenge.lost(t)
        return self._timeout_after(self.stage_limit_s, t)

    def _timeout_after(self, limit_s: float, t: CaptureTime) -> list[Effect]:
        return self._retry("timeout", t) if t - self._entered > limit_s else []

    # Private: mistakes.

    def _other_movement(self, deviation: Deviation) -> bool:
        asked = self._challenge
        others = (m for m in MOVEMENTS if m is not type(asked) and m.kind not in asked.tolerates)
        wrong = not asked.excuses(deviation) and any(m.reached(deviation, self.rules) for m in others)
        return self._wrong.update(deviation, wrong)

    def _retry(self, mistake: str, t: CaptureTime) -> list[Effect]:
        ended = Ended(0 if self._stage is Stage.SETTLE else self._prompts, mistake)
        self._note(mistake, t)
        self._counts[mistake] += 1
        if self._budget_spent(mistake):
            self._stage = Stage.OVER
        else:
            self._plan.replace()
            self._enter_settle(t)
        return [ended]

    def _budget_spent(self, mistake: str) -> bool:
        budget, end = {
            "wrong": (self.rules.max_wrong, (Outcome.FAIL, "wrong_movement")),
            "early": (self.rules.max_early, (Outcome.INCONCLUSIVE, "early_movement")),
            "timeout": (self.rules.max_timeouts, (Outcome.INCONCLUSIVE, "not_performed")),
            "changed": (self.rules.max_timeouts, (Outcome.INCONCLUSIVE, "face_changed")),
        }[mistake]
        if self._counts[mistake] > budget:
            self._failure = end
        elif sum(self._counts.values()) > self.rules.max_mistakes:
            self._failure = (Outcome.INCONCLUSIVE, "too_many_mistakes")
        return self._failure is not None

    def _note(self, outcome: str, t: CaptureTime) -> None:
        if self._stage is Stage.SETTLE:
            self.timings.append(ChallengeTiming(self._plan.kind, outcome, t))
            return
        onset = self._challenge.onset
        self.timings.append(
            ChallengeTiming(
                kind=self._kind,
                outcome=outcome,
                issued_t=CaptureTime(self._challenge.earliest - self.rules.reaction_s),
                onset_s=None if onset is None else round(onset - self._challenge.earliest + self.rules.reaction_s, 3),
                done_s=round(t - self._challenge.earliest + self.rules.reaction_s, 3) if outcome == "done" else None,
            )
        )
