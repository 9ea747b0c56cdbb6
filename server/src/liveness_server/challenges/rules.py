"""How challenges are timed, and what mistakes cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """How challenges are timed and what mistakes cost. Seconds, on the capture clock."""

    steps: int = 3
    """Challenges of a session without mistakes; 3 of 9 give 8.2 bits of plan."""
    deadline_s: float = 5.0
    """Prompt to reached. Spontaneous turns rise in 0.12-1.98 s (5th-95th percentile); reading takes about 1 s."""
    return_s: float = 4.0
    """Reached to neutral; spontaneous returns take 0.20-2.4 s."""
    reaction_s: float = 0.2
    """Floor of human reaction to a visual prompt: a choice, at the fast end of simple visual reactions (0.2-0.3 s)."""
    settle_s: tuple[float, float] = (0.4, 1.2)
    """Neutral time before a prompt, drawn uniformly."""
    settle_limit_s: float = 8.0
    """A face that is not neutral for so long while settling counts as timed out."""
    neutral_hold_s: float = 0.3
    """Neutral this long ends RETURN."""
    wrong_hold_s: float = 0.1
    """Another movement held this long is wrong (3 frames; single-frame tracking errors do not count)."""
    max_wrong: int = 1
    """Wrong movements forgiven: people mix up left and right once. A choice, like the other three counts; what they let
    through is tried in tests/attacks/test_recording_of_all_moves.py."""
    max_early: int = 2
    """Early movements forgiven: impatience is no attack."""
    max_timeouts: int = 1
    """Unanswered challenges forgiven."""
    max_mistakes: int = 2
    """Mistakes of all kinds together; without it 2 of 220 recordings passed."""

    def extended(self, factor: float) -> ActiveRules:
        """Rules with every human time limit longer (WCAG 2.2, 2.2.1: adjust up to ten times); floors stay."""
        return ActiveRules(
            steps=self.steps,
            deadline_s=self.deadline_s * factor,
            return_s=self.return_s * factor,
            settle_limit_s=self.settle_limit_s * factor,
            max_wrong=self.max_wrong,
            max_early=self.max_early + 2,
            max_timeouts=self.max_timeouts,
            max_mistakes=self.max_mistakes + 2,
        )
