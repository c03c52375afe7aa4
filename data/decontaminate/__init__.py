"""Decontamination: rows whose question is one of a benchmark's (data/held_out) are not trained on.

The rule and the papers behind it: overlap.py. A command for files of your own: `python -m data.decontaminate --help`.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Protocol

from tqdm import tqdm

from data.decontaminate.overlap import Overlap
from data.decontaminate.report import Removed, Report, SourceReport
from data.example import Example
from data.held_out import QUESTION_SETS, Question
from data.mirror import Unavailable
from recipes.errors import UserError
from recipes.schema import Decontaminate
from recipes.typed import one_of


class Screened(Protocol):
    """What a source says for itself (data/sources)."""

    @property
    def name(self) -> str: ...

    @property
    def generated(self) -> bool: ...


class Decontaminator:
    """Screens sources one by one and keeps the report. Benchmarks are read when the first source needs them.

    settings: None lets everything pass; where: for errors, the recipe and its section. Raises UserError for an unknown name.
    """

    def __init__(self, settings: Decontaminate | None, where: str) -> None:
        self.settings = settings
        self.where = where
        self.report = Report(settings)
        for name in (settings.against or ()) if settings else ():
            one_of("against", name, QUESTION_SETS, where)

    def prepare(self, sources: Iterable[Screened]) -> None:
        """Read the benchmarks now, if a source needs them."""
        if self.settings and not all(source.generated for source in sources):
            _ = self.overlap

    def keep(self, source: Screened, number: int, examples: Iterable[Example]) -> Iterable[Example]:
        """The examples that may be trained on. number: the source's place in the recipe's `data`.

        Raises UserError where none is left.
        """
        found = list(examples)
        if source.generated:
            self.report.sources.append(SourceReport(source.name, len(found), exempt="generated"))
            return found
        ids = [example.id for example in found]
        stays = self.screen(source.name, ids, (example.question for example in found))
        if found and not any(stays):
            raise UserError(
                f"{self.where}: all {len(found):,} rows of data.{number} ({source.name}) are questions of "
                f"{', '.join(self.report.sources[-1].benchmarks)}; expected other rows (`decontaminate: null` keeps them)"
            )
        return [example for example, stay in zip(found, stays, strict=True) if stay]

    def screen(self, source: str, ids: list[str], texts: Iterable[str]) -> list[bool]:
        """Whether each of a training set's texts stays; those that don't are in the report."""
        if self.settings is None:
            self.report.sources.append(SourceReport(source, len(ids)))
            return [True] * len(ids)
        matches = self.overlap.find(texts)
        removed = [Removed(key, found) for key, found in zip(ids, matches, strict=True) if found]
        self.report.add(source, len(ids), removed)
        return [not found for found in matches]

    @cached_property
    def overlap(self) -> Overlap:
        """Of all sets that can be read. Raises UserError when one cannot that the recipe names."""
        assert self.settings is not None, "nothing to compare with"
        questions: dict[str, list[Question]] = {}
        names = self.settings.against or tuple(QUESTION_SETS)
        for name in tqdm(names, desc="benchmarks", leave=False):
            try:
                questions[name] = list(QUESTION_SETS[name]().questions())
            except Unavailable as error:
                if self.settings.against is not None:
                    raise UserError(f"{self.where}: against: {name}: {error}") from None
                self.report.unread[name] = str(error)
        self.report.questions = {name: len(asked) for name, asked in questions.items()}
        return Overlap(questions, self.settings.ngram, self.settings.share)
