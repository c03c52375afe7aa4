"""What decontamination removed and why: a JSON file, one printed line, a warning for each benchmark that was not read."""

import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from data.decontaminate.overlap import Match
from recipes.run import write_atomically
from recipes.schema import Decontaminate


class Removed(NamedTuple):
    """One row: its id, and its best match in each benchmark."""

    id: str
    matches: tuple[Match, ...]


REPORT = "decontamination.json"  # in a run directory


@dataclass
class SourceReport:
    """benchmarks: how many rows matched each, by `how`; a row can match several. exempt: why it was not compared."""

    source: str
    rows: int
    removed: int = 0
    benchmarks: dict[str, dict[str, int]] = field(default_factory=dict)
    exempt: str | None = None


@dataclass
class Report:
    """questions: of each benchmark that was compared with; unread: benchmark -> why not, and what to do."""

    settings: Decontaminate | None
    questions: dict[str, int] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    sources: list[SourceReport] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)

    def add(self, source: str, rows: int, removed: list[Removed]) -> None:
        found = SourceReport(source, rows, len(removed))
        for match in (match for row in removed for match in row.matches):
            counts = found.benchmarks.setdefault(match.benchmark, {"equal": 0, "ngram": 0})
            counts[match.how] += 1
        self.sources.append(found)
        self.removed += removed

    def write(self, path: Path) -> None:
        removed = [{"id": r.id, "matches": [m._asdict() for m in r.matches]} for r in self.removed]
        values = asdict(self) | {"removed": removed}
        write_atomically(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")

    @property
    def compared(self) -> list[SourceReport]:
        return [source for source in self.sources if source.exempt is None]

    def warn(self) -> None:
        """On stderr: what was not compared, and what to do; nothing where all data are generated."""
        if self.compared and self.settings is None:
            _warn("decontaminate: null: the data may hold questions of the benchmarks")
        for name, reason in self.unread.items():
            _warn(f"not decontaminated against {name}: {reason}")

    def tell(self, path: Path) -> None:
        """The warnings, and one line on stdout: what was found, and where it stands."""
        self.warn()
        if not self.compared or self.settings is None:
            return
        rows = sum(source.rows for source in self.compared)
        counts = Counter(match.benchmark for row in self.removed for match in row.matches)
        by_name = ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
        print(
            f"decontamination: {len(self.removed):,} of {rows:,} rows removed ({by_name or 'no match'}), compared with "
            f"{sum(self.questions.values()):,} questions of {len(self.questions)} benchmarks: {path}"
        )


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)
