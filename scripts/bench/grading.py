r"""How fast answers are graded, against math-verify, and where the two disagree.

    TETHER_DATA=<mirror folder> python scripts/bench/grading.py [--rows N]

Prints gradings per CPU second, in one process, and the ratio to math-verify (gold boxed and first, time-outs None):
`numbers`, responses that end in a boxed number, right or wrong; `mixed`, MathIF's golds (AIME, GSM8K, MATH-500, Minerva,
OlympiadBench), each against other spellings of itself and other golds; what ours leaves to math-verify counts as ours.
Bars: 20,000 per second on numbers, ten times math-verify on the mixed set. Then a batch of hanging answers, and the
disagreements on the mixed set.
"""

import json
import logging
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from math_verify import LatexExtractionConfig, parse, verify

from data.answers import grade
from data.answers.clean import clean
from data.answers.guards import over_limit
from data.answers.pool import Pool
from data.answers.settle import settle
from data.answers.worker import judge
from recipes.cli import described

SENTENCES = "Let us add the two numbers. That gives the total, which we halve. " * 4
SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text + ".",
    lambda text: text.replace("\\frac", "\\dfrac").replace("(", "\\left(").replace(")", "\\right)"),
    lambda text: f"x = {text}",
    lambda text: text.replace("+", " + ").replace("-", "- ").replace("^2", "^{2}"),
)


class Pair(NamedTuple):
    gold: str
    answer: str


def numbers(num: int, rng: random.Random) -> list[Pair]:
    found = []
    for _ in range(num):
        value = rng.choice((rng.randint(-999, 99_999), round(rng.uniform(0, 100), 2)))
        above, below = rng.randint(1, 99), rng.randint(2, 99)
        gold, same = rng.choice(
            (
                (f"{value}", f"{value}"),
                (f"{value}", f"{value:,}"),
                (rf"\frac{{{above}}}{{{below}}}", f"{above}/{below}"),
            )
        )
        found.append(Pair(gold, same if rng.random() < 0.6 else f"{rng.randint(0, 999)}"))
    return found


def mixed(num: int, rng: random.Random) -> list[Pair]:
    folder = Path(os.environ["TETHER_DATA"]) / "mathif"
    rows = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.open()
        if line.strip()
    ]
    golds = sorted({row["answer"].replace("$", "") for row in rows})
    found = []
    for _ in range(num):
        gold = rng.choice(golds)
        found.append(
            Pair(gold, rng.choice(SPELLINGS)(gold) if rng.random() < 0.6 else rng.choice(golds))
        )
    return found


def math_verify(pair: Pair) -> bool:
    config = [LatexExtractionConfig()]
    gold, answer = (
        parse(f"\\boxed{{{text}}}", extraction_config=config, parsing_timeout=None) for text in pair
    )
    return bool(verify(gold, answer, timeout_seconds=None))


def ours(pair: Pair) -> bool | None:
    """`grade` with math-verify in this process, so that its time is ours."""
    gold, answer = clean(pair.gold), clean(pair.answer)
    found = settle(gold, answer).correct
    if found is not None:
        return found
    if over_limit(answer) or over_limit(gold):
        return False
    verdict = judge(gold, answer)
    return verdict if isinstance(verdict, bool) else None


def timed(
    check: Callable[[Pair], bool | None], pairs: list[Pair]
) -> tuple[list[bool | None], float]:
    started = time.process_time()
    verdicts = [check(pair) for pair in pairs]
    return verdicts, len(pairs) / (time.process_time() - started)


def report(name: str, ours_rate: float, peer_rate: float) -> None:
    print(
        f"{name:8} ours {ours_rate:9,.0f}/s  math-verify {peer_rate:7,.0f}/s  ratio {ours_rate / peer_rate:6.1f}"
    )


def hanging(num: int) -> float:
    """Seconds for a batch that only the deadline ends. The guards let none of these through; here they are left out."""
    pool = Pool()
    pool.ask("1", "1")  # starts it
    started = time.perf_counter()
    pool.ask_all([("7", "10^{10^{10}}")] * num)
    elapsed = time.perf_counter() - started
    pool.close()
    return elapsed


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("--rows", type=int, default=2000, help="pairs of each kind (default 2000)")
    num = parser.parse_args().rows
    logging.disable(logging.ERROR)
    rng = random.Random(0)

    pairs = numbers(num, rng)
    graded = {pair: f"{SENTENCES}\nSo the answer is $\\boxed{{{pair.answer}}}$." for pair in pairs}
    _, rate = timed(lambda pair: grade(graded[pair], pair.gold).correct, pairs * 10)
    report("numbers", rate, timed(math_verify, pairs)[1])

    pairs = mixed(num, rng)
    math_verify(pairs[0])  # its grammar is read once
    verdicts, rate = timed(ours, pairs)
    others, other_rate = timed(math_verify, pairs)
    report("mixed", rate, other_rate)
    left = sum(settle(clean(pair.gold), clean(pair.answer)).correct is None for pair in pairs)
    print(f"left to math-verify: {left} of {num}")
    print(f"64 hanging answers in one batch: {hanging(64):.1f} s")
    differ = {
        pair: (one, other)
        for pair, one, other in zip(pairs, verdicts, others, strict=True)
        if one is not other
    }
    print(f"disagreements (ours, math-verify): {len(differ)} distinct pairs")
    for pair, found in sorted(differ.items()):
        print(f"  {pair.gold} ≟ {pair.answer}: {found}")


if __name__ == "__main__":
    main()
