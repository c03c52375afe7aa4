"""GSM8K training problems (https://arxiv.org/abs/2110.14168) with sampled constraints.

SFT targets: the data set's worked solution without its `<<calculator>>` marks is the reasoning, and
the response is written by the constructive satisfier, so it meets its constraints by construction.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from data.compose import MATHIF_SPACE, TINY_SPACE, compose
from data.constraints.draft import Material
from data.constraints.split import KINDS
from data.example import Example, completion
from data.mirror import read_rows
from data.sources import SOURCES
from recipes.errors import UserError

_MARKS = re.compile(r"<<[^<>]*>>")


@SOURCES.register("gsm8k")
@dataclass(frozen=True)
class GSM8K:
    """num_rows: how many problems, from the start of the file (7,473 in train).

    lengths: `mathif` samples MathIF's argument ranges (up to 1,024 words), `short` those of the
        tiny world.
    """

    num_rows: int = 7473
    num_constraints: tuple[int, ...] = (0, 1, 2, 3)
    kinds: Literal["train", "held_out", "unseen", "base"] = "train"
    lengths: Literal["mathif", "short"] = "mathif"
    split: Literal["train", "test"] = "train"

    def __len__(self) -> int:
        return self.num_rows

    def load(self, seed: int) -> Iterator[Example]:
        rng = random.Random(f"gsm8k {seed}")
        space = MATHIF_SPACE if self.lengths == "mathif" else TINY_SPACE
        hub = ("openai/gsm8k", f"main/{self.split}-00000-of-00001.parquet")
        for index, row in enumerate(
            read_rows(f"gsm8k/{self.split}.jsonl", hub, ("question", "answer"))
        ):
            if index == self.num_rows:
                return
            solution, mark, answer = row.values["answer"].rpartition("####")
            if not mark or not answer.strip():
                raise UserError(
                    f"{row.where}: answer: found no '#### N'; expected the gold after '####'"
                )
            question, gold = row.values["question"].strip(), answer.strip().replace(",", "")
            material = Material(question, gold)
            composed = compose(
                material, rng.choice(self.num_constraints), KINDS[self.kinds], space, rng
            )
            yield Example(
                id=f"gsm8k-{self.split}-{index}",
                source="gsm8k",
                question=question,
                answer=gold,
                constraints=composed.constraints,
                difficulty=solution.strip().count("\n") + 1,
                completion=completion(_MARKS.sub("", solution).strip(), composed.witness),
            )
