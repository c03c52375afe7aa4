"""Training sources: what `data:` in a recipe can name. One file each; `load` yields examples."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

from datasets import Dataset
from tqdm import tqdm

from data.decontaminate import Decontaminator
from data.example import Example
from recipes.errors import UserError
from recipes.registry import Registry
from recipes.typed import build_named

SOURCES = Registry("data source", "data.sources")


class Source(Protocol):
    """name: in a recipe, set by SOURCES.register.
    has_targets: whether its examples have a completion that SFT can learn.
    generated: whether a program draws its problems, whose own split keeps those of the benchmark out (of the tiny world: a
        hash of the computation). Such a source is not decontaminated: text could only match its templates' wording.
    """

    @property
    def name(self) -> str: ...

    @property
    def has_targets(self) -> bool: ...

    @property
    def generated(self) -> bool: ...

    def __len__(self) -> int: ...

    def load(self, seed: int) -> Iterator[Example]: ...


def build_sources(data: tuple[dict[str, Any], ...], where: str) -> list[Source]:
    """The sources that a recipe names, validated; nothing is read yet. `where` is the recipe's
    path."""
    return [
        build_named(SOURCES, entry, f"{where}: data.{index}") for index, entry in enumerate(data)
    ]


def require_targets(sources: list[Source], where: str) -> None:
    """Raises UserError for a source that SFT cannot learn from."""
    for index, source in enumerate(sources):
        if not source.has_targets:
            raise UserError(
                f"{where}: data.{index}: {source.name!r} has no completions to learn; use it in a GRPO recipe"
            )


def num_rows(sources: list[Source]) -> int:
    """An upper bound: decontamination removes rows, and a file may be shorter than its source expects."""
    return sum(len(source) for source in sources)


def load_mixture(
    sources: list[Source],
    seed: int,
    decontaminator: Decontaminator,
    system_prompt: str | None = None,
) -> Dataset:
    """All rows of all sources that may be trained on, behind the system prompt if there is one; the order is shuffled by the
    seed, so that sources mix even without a trainer's shuffle. Raises UserError when there is none."""
    system = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    rows = []
    for example in load_examples(sources, seed, decontaminator):
        row = example.row()
        rows.append(row | {"prompt": system + row["prompt"]})
    if not rows:
        names = ", ".join(source.name for source in sources)
        raise UserError(f"data: found no rows in {names or 'no source'}; expected at least one")
    return Dataset.from_list(rows).shuffle(seed=seed)


def load_examples(
    sources: list[Source], seed: int, decontaminator: Decontaminator
) -> Iterator[Example]:
    """All examples that may be trained on, in the order of their sources."""
    with tqdm(desc="data", unit=" rows", total=num_rows(sources), leave=False) as progress:
        for number, source in enumerate(sources):
            # Rewards know a group by its prompt's id, and two entries of one source count from 0 both.
            examples = (replace(e, id=f"{number}/{e.id}") for e in source.load(seed))
            yield from decontaminator.keep(source, number, _counted(examples, progress))


def _counted(examples: Iterator[Example], progress: "tqdm[Any]") -> Iterator[Example]:
    for example in examples:
        progress.update()
        yield example
