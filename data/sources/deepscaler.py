"""DeepScaleR's problems (AIME, AMC, Omni-MATH, Still), the RL data of MathIF's training study.

For RL: many rows have no worked solution, so there are no SFT targets.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from data.mirror import Row, read_rows
from data.sources import SOURCES
from data.sources.maths import MathsSource, Problem


@SOURCES.register("deepscaler")
@dataclass(frozen=True)
class DeepScaleR(MathsSource):
    """40,315 problems; they carry no difficulty (0)."""

    num_rows: int = 40315

    dataset = "deepscaler"
    has_targets = False

    def rows(self) -> Iterator[Row]:
        hub = ("agentica-org/DeepScaleR-Preview-Dataset", "deepscaler.json")
        return read_rows("deepscaler/deepscaler.json", hub, ("problem", "answer"))

    def problem(self, row: Row) -> Problem:
        return Problem(row.values["problem"].strip(), str(row.values["answer"]).strip(), None, 0)
