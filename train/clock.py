"""Where the time of a GRPO run goes: shares of the wall clock between two logs."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Parts must not overlap."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._since = time.perf_counter()

    @contextmanager
    def measuring(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[part] += time.perf_counter() - began

    def shares(self) -> dict[str, float]:
        """Of each part since the last call, in [0, 1]; starts anew."""
        now = time.perf_counter()
        wall = now - self._since
        found = {f"time/{part}_share": spent / wall for part, spent in self._seconds.items()}
        self._seconds.clear()
        self._since = now
        return found
