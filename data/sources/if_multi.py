"""IF_multi_constraints_upto5, the training prompts of IF-RLVR (https://arxiv.org/abs/2507.02833): up to five of IFEval's
and IFTrain's constraints on open-ended requests.

For RL on constraints: there is no answer to grade and no SFT target. The prompt is used as it is written.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from data.constraints.base import Constraint, from_spec
from data.example import Example
from data.mirror import Row, read_rows
from data.sources import SOURCES
from recipes.errors import UserError


@SOURCES.register("if_multi")
@dataclass(frozen=True)
class IFMulti:
    """num_rows: how many prompts, from the start of the file (95,373)."""

    num_rows: int = 95373

    has_targets = False
    generated = False

    def __post_init__(self) -> None:
        if self.num_rows < 1:
            raise ValueError(f"num_rows: found {self.num_rows}; expected at least 1")

    def __len__(self) -> int:
        return self.num_rows

    def load(self, seed: int) -> Iterator[Example]:
        hub = ("allenai/IF_multi_constraints_upto5", "data/train-00000-of-00001.parquet")
        rows = read_rows("if_multi/train.jsonl", hub, ("key", "messages", "ground_truth"))
        for row in islice(rows, self.num_rows):
            text = _prompt(row)
            yield Example(
                id=f"if_multi-{row.values['key']}",
                source="if_multi",
                question=text,
                answer=None,
                constraints=_constraints(row),
                text=text,
            )


def _prompt(row: Row) -> str:
    messages = row.values["messages"]
    roles = [message.get("role") for message in messages] if isinstance(messages, list) else None
    if roles != ["user"]:
        raise UserError(f"{row.where}: messages: found roles {roles}; expected one user message")
    return str(messages[0]["content"])


def _constraints(row: Row) -> tuple[Constraint, ...]:
    """`ground_truth` is a Python or JSON literal: a list whose first element is an object, or the JSON of one."""
    spec: Any = _literal(row.values["ground_truth"])
    if isinstance(spec, list) and spec:
        spec = _literal(spec[0]) if isinstance(spec[0], str) else spec[0]
    names, arguments = (
        (spec.get("instruction_id"), spec.get("kwargs")) if isinstance(spec, dict) else (None, None)
    )
    if (
        not isinstance(names, list)
        or not isinstance(arguments, list)
        or len(names) != len(arguments)
    ):
        found = str(row.values["ground_truth"])[:80]
        raise UserError(
            f"{row.where}: ground_truth: found {found!r}; expected instruction_id and kwargs of equal length"
        )
    pairs = zip(names, arguments, strict=True)
    return tuple(from_spec(name, kwargs, row.where) for name, kwargs in pairs)


def _literal(text: Any) -> Any:
    """None for a text that is no literal."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
