"""MathIF (https://arxiv.org/abs/2505.14810): 420 problems of five sources in 15 files.

Keyed by (file, id), because ids of gsm8k_double repeat those of gsm8k_single.
"""

from collections.abc import Iterator

from data.held_out import QUESTION_SETS, QuestionSet
from data.mirror import Row, read_rows

SOURCES = ("gsm8k", "math500", "minerva", "olympiad", "aime")  # in the paper's order of difficulty
COUNTS = ("single", "double", "triple")
HUB = "TingchenFu/MathIF"


def read_file(source: str, count: str, required: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    """The rows of one file, each with its key."""
    file = f"{source}_{count}"
    for row in read_rows(f"mathif/{file}.jsonl", (HUB, f"{file}.jsonl"), ("id", *required)):
        yield f"{file}/{row.values['id']}", row


@QUESTION_SETS.register("mathif")
class MathIF(QuestionSet):
    key = "question"

    def rows(self) -> Iterator[tuple[str, Row]]:
        for source in SOURCES:
            for count in COUNTS:
                yield from read_file(source, count, (self.key,))
