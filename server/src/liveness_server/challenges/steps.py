"""The steps of a plan: what is done, what is to come, and what takes the place of a mistake."""

from __future__ import annotations

from math import log2

from .plan import TURNS, Draw


class Steps:
    """One session's queue of kinds, from the plan as drawn."""

    def __init__(self, plan: tuple[str, ...], pool: tuple[str, ...], one_of: tuple[str, ...], draw: Draw) -> None:
        self.entropy_bits = 0.0
        """Entropy added by replacements and penalty steps, beyond the plan's own."""
        self._queue = list(plan)
        self._finished: list[str] = []
        self._pool = pool
        self._groups = [kinds for group in (TURNS, one_of) if (kinds := set(group) & set(pool))]
        self._draw = draw

    def __len__(self) -> int:
        return len(self._finished) + len(self._queue)

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return not self._queue

    @property
    def kind(self) -> str:
        """Kind of the step under way; there must be one."""
        return self._queue[0]

    @property
    def number(self) -> int:
        """Number of the step under way, from 1; that of the last when all are done."""
        return min(len(self._finished) + 1, len(self))

    def done(self) -> None:
        """The step under way is done."""
        self._finished.append(self._queue.pop(0))

    def replace(self) -> None:
        """Draw another kind for the step under way, and a penalty step for the end, which pays what is owed."""
        self._queue[0] = self._fresh(self._queue, self._pool)
        self._queue.append(self._fresh(self._queue, self._owed() or self._pool))

    def _owed(self) -> tuple[str, ...]:
        """Kinds one of which must still come: a turn, and one of `one_of`, unless done or in the queue.

        A mistake takes one kind away, so what pays for one group pays for every other that is owed.
        """
        kept = {*self._finished, *self._queue}
        owed = [group for group in self._groups if not kept & group]
        return tuple(kind for kind in self._pool if owed and all(kind in group for group in owed))

    def _fresh(self, taken: list[str], pool: tuple[str, ...]) -> str:
        """Draw a kind: of the pool, one that is not `taken`, or not the first of those, or what there is."""
        preferred = ([k for k in pool if k not in taken], [k for k in pool if k != taken[0]], list(pool))
        options = next(kinds for kinds in preferred if kinds)
        self.entropy_bits += log2(len(options))
        return self._draw.choice(options)
