r"""How often answers are judged wrongly, beside math-verify: false negatives and positives on labelled pairs.

    python scripts/bench/grader_accuracy.py [PAIRS.jsonl ...]

Rows: {"gold": ..., "prediction": ..., "label": true | false, "class": ..., "contested": true where two careful readers could
differ}. Default: tests/answer_pairs, written by three examiners who had not seen the grader. Contested rows are left out.
math-verify is used as its limits ask for: gold boxed and first, the answer extracted by our rules (its own take two boxes
for a set). Bars: 1.5 % false negatives, 0.1 % false positives.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from data.answers import grade_all
from data.answers.extract import extract
from data.mirror import json_lines
from data.response import split
from recipes.cli import described

PAIRS = Path(__file__).resolve().parents[2] / "tests/answer_pairs"


class Counts(NamedTuple):
    """right, wrong: how many pairs are labelled so."""

    right: int
    wrong: int
    false_negatives: int
    false_positives: int
    undecided: int


def uncontested(path: Path) -> list[dict[str, Any]]:
    return [row.values for row in json_lines(path) if not row.values.get("contested")]


def counts(rows: list[dict[str, Any]], verdicts: list[bool | None]) -> Counts:
    pairs = [(bool(row["label"]), verdict) for row, verdict in zip(rows, verdicts, strict=True)]
    right = sum(label for label, _ in pairs)
    return Counts(
        right=right,
        wrong=len(pairs) - right,
        false_negatives=sum(label and verdict is False for label, verdict in pairs),
        false_positives=sum(not label and verdict is True for label, verdict in pairs),
        undecided=sum(verdict is None for _, verdict in pairs),
    )


def response(row: dict[str, Any]) -> str:
    """What follows the thinking, as `eval.score answers` takes it."""
    return split(row["prediction"]).response


def ours(rows: list[dict[str, Any]]) -> list[bool | None]:
    graded = grade_all([(row["gold"], response(row)) for row in rows], fallbacks=True)
    return [verdict.correct for verdict in graded]


def math_verify(rows: list[dict[str, Any]]) -> list[bool | None]:
    from math_verify import LatexExtractionConfig, parse, verify

    def parsed(text: str) -> Any:
        config = [LatexExtractionConfig()]
        return parse(f"\\boxed{{{text}}}", extraction_config=config, parsing_timeout=5)

    found: list[bool | None] = []
    for row in tqdm(rows, desc="math-verify", leave=False):
        answer = extract(response(row), fallbacks=True).answer
        same = answer is not None and verify(parsed(row["gold"]), parsed(answer), timeout_seconds=5)
        found.append(bool(same))
    return found


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("pairs", nargs="*", type=Path, metavar="PAIRS.jsonl")
    logging.disable(logging.ERROR)
    table = Table(
        "pairs", "grader", "right", "wrong", "false negatives", "false positives", "undecided"
    )
    graders: dict[str, Callable[[list[dict[str, Any]]], list[bool | None]]] = {
        "ours": ours,
        "math-verify": math_verify,
    }
    for path in parser.parse_args().pairs or sorted(PAIRS.glob("*.jsonl")):
        rows = uncontested(path)
        for name, grader in graders.items():
            c = counts(rows, grader(rows))
            table.add_row(
                path.stem, name, str(c.right), str(c.wrong),
                f"{c.false_negatives} ({100 * c.false_negatives / c.right:.2f} %)",
                f"{c.false_positives} ({100 * c.false_positives / c.wrong:.2f} %)", str(c.undecided),
            )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
