r"""What the rewards of a step cost: 2,048 completions through answer + constraints + a length term, against TRL's own.

    TETHER_DATA=<mirror folder> python scripts/bench/rewards.py [--prompts 256] [--generations 8]

Prompts are MathIF's rows (real golds of five sources, one to three real constraints); completions think for some 300 words
and answer with the gold in one of several spellings, or with another row's. Wall-clock seconds of a batch: of the reading
(splitting, grading, checking) that the first reward pays for all, and of each reward after it. The worker that runs
math-verify is warm, as after a run's first step; the first batch also loads the language profiles. The peer is TRL:
`accuracy_reward` and `get_soft_overlong_punishment` (it has no constraints). Bar: 1 s.
"""

import logging
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from trl.rewards import accuracy_reward, get_soft_overlong_punishment

from data.answers import grade
from data.constraints.base import dumps
from data.example import Example
from data.tokenizer import Thinking
from eval.benchmarks.mathif import MathIF
from recipes.cli import described
from train.penalties.kimi import Kimi
from train.reward_functions import TRLReward
from train.rewards.answer import Answer
from train.rewards.constraints import Constraints
from train.samples import SampleReader

CLOSE_ID, END_ID = 1, 2
THOUGHTS = "First we add the two numbers, and then we halve the total to see what is left. "
SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text + ".",
    lambda text: text.replace("\\frac", "\\dfrac"),
    lambda text: f"x = {text}",
)


def batch(prompts: list[Example], generations: int, rng: random.Random) -> dict[str, Any]:
    """The columns of a generation batch, as TRL passes them."""
    columns: dict[str, list[Any]] = {
        key: []
        for key in ("completions", "completion_ids", "answer", "constraints", "id", "solution")
    }
    golds = [str(example.answer) for example in prompts]
    for example in prompts:
        for _ in range(generations):
            answer = str(example.answer) if rng.random() < 0.6 else rng.choice(golds)
            text = rng.choice(SPELLINGS)(answer)
            thoughts = THOUGHTS * rng.randint(10, 30)
            response = f"{THOUGHTS * rng.randint(1, 6)}\nThe answer is $\\boxed{{{text}}}$."
            content = f"<think>\n{thoughts}\n</think>\n{response}"
            num_thoughts = len(thoughts.split())
            ids = [5] * num_thoughts + [CLOSE_ID] + [5] * len(response.split()) + [END_ID]
            columns["completions"].append([{"role": "assistant", "content": content}])
            columns["completion_ids"].append(ids)
            columns["answer"].append(example.answer)
            columns["solution"].append(f"${example.answer}$")
            columns["constraints"].append(dumps(example.constraints))
            columns["id"].append(example.id)
    return columns


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("--prompts", type=int, default=256, help="groups (default 256)")
    parser.add_argument(
        "--generations", type=int, default=8, help="completions of each (default 8)"
    )
    args = parser.parse_args()
    logging.disable(logging.ERROR)
    rng = random.Random(0)
    examples = MathIF().examples(0)
    prompts = rng.sample(examples, min(args.prompts, len(examples)))
    grade(r"\boxed{\int x}", "y^y")  # starts the worker

    reader = SampleReader(Thinking(True, CLOSE_ID), frozenset((END_ID,)), args.generations)
    rewards = [TRLReward(r.name, r, reader) for r in (Answer(), Constraints(), Kimi())]  # type: ignore[attr-defined]
    for attempt in ("first batch", "another"):
        columns = batch(prompts, args.generations, rng)
        count = len(columns["completions"])
        parts = [seconds(partial(reward, **columns)) for reward in rewards]
        detail = ", ".join(f"{r.name} {part:.3f}" for r, part in zip(rewards, parts, strict=True))
        print(f"{count} completions, {attempt}: {sum(parts):.3f} s (reading and {detail})")
    undecided = sum(sample.correct is None for sample in reader.samples)
    print(f"undecided: {undecided} of {count}")

    overlong = get_soft_overlong_punishment(4096, 512)
    parts = [seconds(partial(accuracy_reward, **columns)), seconds(partial(overlong, **columns))]
    print(f"TRL: {sum(parts):.3f} s (accuracy {parts[0]:.3f}, overlong {parts[1]:.3f})")


if __name__ == "__main__":
    main()
