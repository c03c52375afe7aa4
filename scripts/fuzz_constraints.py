"""A million short strings through every checker, both scorers: nothing may raise, and verdicts are bools.

    NLTK_DATA=<folder> python scripts/fuzz_constraints.py [--strings 1000000] [--seed 0]

Strings are drawn from what checkers look at (marks, digits, LaTeX, quotes, scripts, odd Unicode) and from pieces of
constraints' own arguments. Prints the number of checks and the share of met verdicts.
"""

import random
import time

from tqdm import tqdm

from data.compose import MATHIF_SPACE
from data.constraints.base import CONSTRAINTS, Constraint, check_all
from recipes.cli import described
from recipes.errors import UserError

PIECES = (
    *"aAzZ019 *-_#`'\"$\\{}[]()<>.,;:!?&%|/\n\t\r\0",
    *("\u200b", "\u0301", "\ud800", "\u2028", "\x1c", "İ", "ß", "ſ", "é", "я", "中", "の", "ไ", "अ", "😀", "“", "”", "،"),
    *("the ", "I ", "Dr. ", "e.g. ", "can't ", "\\boxed{", "\\frac{1}{2}", "\\text{", "$$", "\\[", "```", "***", "******"),
    *("* ", "- ", "<<", ">>", "P.S. ", "Section 1\n", '{"a": 1}', "https://x.org ", "a@b.org ", "1,000", "<i>", "</i>"),
    *("\n\n", "[x] ", "((((", "))))", "?!", "Go. ", "WON'T ", "2024-01-02, ", "Question 1. ", "A) ", "My Answer: "),
)  # fmt: skip


def constraints(rng: random.Random) -> list[Constraint]:
    """One of each kind, arguments drawn anew; without the kinds whose data is not on this machine."""
    found = []
    for name in CONSTRAINTS:
        constraint = CONSTRAINTS[name].sample(rng, MATHIF_SPACE, "What is 2+2, or [x]?")  # type: ignore[attr-defined]
        try:
            check_all((constraint,), "One word.", "official")
        except UserError as error:
            print(f"left out {name}: {error}")
            continue
        found.append(constraint)
    return found


def text(rng: random.Random, arguments: list[str]) -> str:
    pieces = rng.choices(PIECES, k=rng.randint(1, 12)) + rng.choices(arguments, k=rng.randint(0, 2))
    rng.shuffle(pieces)
    return "".join(pieces)


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("--strings", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    kinds = constraints(rng)
    arguments = [str(value) for c in kinds for value in c.kwargs().values()]
    met = checks = 0
    started = time.perf_counter()
    for number in tqdm(range(args.strings), unit=" strings"):
        # A few kinds at a time: a million strings meet each kind 100,000 times.
        response = text(rng, arguments)
        for constraint in rng.sample(kinds, 12):
            for scorer in ("official", "repaired"):
                try:
                    (verdict,) = check_all((constraint,), response, scorer)  # type: ignore[arg-type]
                except Exception:
                    print(f"string {number}, {constraint}, {scorer}: {response!r}")
                    raise
                assert verdict in (True, False), (constraint, verdict)
                met += verdict
                checks += 1
    minutes = (time.perf_counter() - started) / 60
    print(
        f"{args.strings:,} strings, {checks:,} checks, {met / checks:.1%} met, none raised; {minutes:.1f} minutes"
    )


if __name__ == "__main__":
    main()
