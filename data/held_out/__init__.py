"""The questions that models are scored on, which no model may be trained on.

One file each: where a benchmark's questions are and what they are called. `decontaminate:` in a recipe can name them; all
count where it does not.
"""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from data.mirror import Row, read_rows
from recipes.errors import UserError
from recipes.registry import Registry

QUESTION_SETS = Registry("question set", "data.held_out")


class Question(NamedTuple):
    id: str
    text: str


class QuestionSet:
    """A published file of questions.

    path:   in the mirror folder ($TETHER_DATA); hub: data set and file in the Hub (data/mirror.py)
    key:    of the question in a row; id_key: of its id, None for the row's number
    """

    path: ClassVar[str]
    hub: ClassVar[tuple[str, str]]
    key: ClassVar[str]
    id_key: ClassVar[str | None] = None

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Each row with its id."""
        for number, row in enumerate(read_rows(self.path, self.hub, (self.key,))):
            yield str(row.values[self.id_key] if self.id_key else number), row

    def questions(self) -> Iterator[Question]:
        """Raises Unavailable when the file cannot be had, UserError for a row that is no question."""
        for identifier, row in self.rows():
            text = row.values[self.key]
            if not isinstance(text, str):
                raise UserError(
                    f"{row.where}: {self.key}: found {type(text).__name__}; expected a text"
                )
            yield Question(identifier, text)
