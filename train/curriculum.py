"""A curriculum over difficulty: prompts of a level that is not open yet are replaced by open ones of the same source.

Levels open at shares of the training (the schedule that "Beyond the Trade-off", https://arxiv.org/abs/2508.02150, does not
have), or when the newest level is paid well enough (mianzhang/RLIF's gate). The stream of prompts stays TRL's: its rows are
exchanged as they come, by a generator seeded by (seed, step, id of the row), so that all copies of a prompt become the same
one in every process, and a resumed run draws the same ones.
"""

import random
from collections import deque
from typing import Any

from datasets import Dataset
from transformers import TrainerCallback
from transformers.trainer_callback import ExportableState

from recipes.errors import UserError
from recipes.rl import Curriculum

Row = dict[str, Any]


class Levels(TrainerCallback, ExportableState):  # type: ignore[misc]
    """Which levels are open. A callback, so that Trainer saves how many are with every checkpoint."""

    def __init__(self, settings: Curriculum, data: Dataset, seed: int, where: str) -> None:
        """Raises UserError for a source without a prompt of the first level: nothing of it could be open."""
        self.settings = settings
        self._data, self._seed = data, seed
        self._by_gate = 1
        self._recent: deque[tuple[float, float]] = deque(maxlen=settings.gate.batches if settings.gate else 0)  # fmt: skip
        sources, difficulties = data["source"], data["difficulty"]
        self._rows: dict[str, list[list[int]]] = {}  # source -> level -> rows
        for index, (source, difficulty) in enumerate(zip(sources, difficulties, strict=True)):
            if settings.sources is None or source in settings.sources:
                empty: list[list[int]] = [[] for _ in settings.levels]
                self._rows.setdefault(source, empty)[self._level(difficulty)].append(index)
        for source in settings.sources or self._rows:
            if not self._rows.get(source, [[]])[0]:
                raise UserError(
                    f"{where}: curriculum: found no prompt of source {source!r} with a difficulty up to "
                    f"{settings.levels[0]:g}; expected some to begin with. The data has {self._spread()}"
                )

    def _level(self, difficulty: float) -> int:
        above = sum(difficulty > bound for bound in self.settings.levels)
        return min(above, len(self.settings.levels) - 1)

    def _spread(self) -> str:
        found: dict[str, list[float]] = {}
        for source, difficulty in zip(self._data["source"], self._data["difficulty"], strict=True):
            found.setdefault(source, []).append(difficulty)
        return ", ".join(f"{name}: {min(d):g} to {max(d):g}" for name, d in sorted(found.items()))

    def num_open(self, progress: float) -> int:
        """At least 1. progress: share of the training steps taken, in [0, 1]"""
        if self.settings.starts is None:
            return self._by_gate
        return 1 + sum(progress >= start for start in self.settings.starts)

    def opened(self, rows: list[Row], step: int, progress: float) -> list[Row]:
        """The rows, with others in place of those that are closed."""
        num_open = self.num_open(progress)
        return [self._instead(row, step, num_open) for row in rows]

    def _instead(self, row: Row, step: int, num_open: int) -> Row:
        levels = self._rows.get(row["source"])
        if levels is None or self._level(row["difficulty"]) < num_open:
            return row
        rng = random.Random(f"{self._seed}/{step}/{row['id']}")
        return dict(
            self._data[rng.choice([index for level in levels[:num_open] for index in level])]
        )

    def newest(self, source: str, difficulty: float, progress: float) -> bool:
        """Whether such a prompt decides when the next level opens."""
        return source in self._rows and self._level(difficulty) == self.num_open(progress) - 1

    def observe(self, total: float, count: float) -> None:
        """Of the gate's reward over one generation batch's completions of the newest level, in all processes."""
        gate = self.settings.gate
        if gate is None or not count or self._by_gate == len(self.settings.levels):
            return
        self._recent.append((total, count))
        sums = [sum(part) for part in zip(*self._recent, strict=True)]
        if len(self._recent) == gate.batches and sums[0] / sums[1] > gate.above:
            self._by_gate += 1
            self._recent.clear()

    # ------------------------------------------------------------------ saved with a checkpoint

    def state(self) -> dict[str, Any]:
        attributes = {"open": self._by_gate, "recent": [list(pair) for pair in self._recent]}
        return {"args": {}, "attributes": attributes}

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        saved = state.stateful_callbacks.get(type(self).__name__)
        if saved:
            self._by_gate = saved["attributes"]["open"]
            self._recent.extend((total, count) for total, count in saved["attributes"]["recent"])
