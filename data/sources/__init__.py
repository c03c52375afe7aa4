"""Training sources: what `data:` in a recipe can name. One file each; `load` yields examples."""

from collections.abc import Iterator
from typing import Any, Protocol

from datasets import Dataset
from tqdm import tqdm

from data.example import Example
from recipes.errors import UserError
from recipes.registry import Registry
from recipes.typed import build

SOURCES = Registry("data source", "data.sources")


class Source(Protocol):
    """has_targets: whether its examples have a completion that SFT can learn."""

    @property
    def has_targets(self) -> bool: ...

    def __len__(self) -> int: ...

    def load(self, seed: int) -> Iterator[Example]: ...


def build_sources(data: tuple[dict[str, Any], ...], where: str) -> list[Source]:
    """The sources that a recipe names, validated; nothing is read yet. `where` is the recipe's
    path."""
    sources: list[Source] = []
    for index, entry in enumerate(data):
        here = f"{where}: data.{index}"
        if "name" not in entry:
            raise UserError(f"{here}: missing key 'name'. Accepted: {', '.join(SOURCES)}")
        try:
            cls = SOURCES[entry["name"]]
        except ValueError as error:
            raise UserError(f"{here}: {error}") from None
        sources.append(build(cls, {k: v for k, v in entry.items() if k != "name"}, here))
    return sources


def require_targets(sources: list[Source], where: str) -> None:
    """Raises UserError for a source that SFT cannot learn from."""
    for index, source in enumerate(sources):
        if not source.has_targets:
            name = source.name  # type: ignore[attr-defined]
            raise UserError(
                f"{where}: data.{index}: {name!r} has no completions to learn; use it in a GRPO recipe"
            )


def num_rows(sources: list[Source]) -> int:
    return sum(len(source) for source in sources)


def load_mixture(sources: list[Source], seed: int, system_prompt: str | None = None) -> Dataset:
    """All rows of all sources, behind the system prompt if there is one; the order is shuffled by the seed, so that
    sources mix even without a trainer's shuffle."""
    system = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    rows = []
    with tqdm(desc="data", unit=" rows", total=num_rows(sources), leave=False) as progress:
        for number, source in enumerate(sources):
            for example in source.load(seed):
                row = example.row()
                row["prompt"] = system + row["prompt"]
                # Rewards know a group by its prompt's id, and two entries of one source count from 0 both.
                row["id"] = f"{number}/{row['id']}"
                rows.append(row)
                progress.update()
    return Dataset.from_list(rows).shuffle(seed=seed)
