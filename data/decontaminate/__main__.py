"""Take the benchmarks' questions out of a file of your own.

    python -m data.decontaminate FILE.jsonl --key question --out clean.jsonl --report report.json

Rows are JSON objects, one a line; `--key` is the one that holds the question, a text. What is left is written in its order.
The report says which rows went, and for each the benchmark, the id of its question, whether they are equal or share n-grams,
which share of the question's words, and the longest run of words that both have. One line on stdout; a warning on stderr for
each benchmark that could not be read (set TETHER_DATA to a folder that holds it).
"""

import argparse
import json
from pathlib import Path

from tqdm import tqdm

from data.decontaminate import Decontaminator
from data.held_out import QUESTION_SETS
from data.mirror import Row, json_lines
from recipes.cli import described, guard
from recipes.errors import UserError
from recipes.run import write_atomically
from recipes.schema import Decontaminate
from recipes.typed import build


def parse() -> argparse.Namespace:
    default = Decontaminate()
    parser = described(__doc__, "python -m data.decontaminate")
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--key", required=True, help="of the question in a row")
    parser.add_argument("--out", type=Path, required=True, metavar="CLEAN.jsonl")
    parser.add_argument("--report", type=Path, required=True, metavar="REPORT.json")
    parser.add_argument(
        "--against", nargs="+", metavar="NAME", help=f"default: all of {', '.join(QUESTION_SETS)}"
    )
    parser.add_argument(
        "--ngram", type=int, default=default.ngram, metavar="N",
        help="words in a row that a text must share with a question (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--share", type=float, default=default.share, metavar="S",
        help="a row goes when more than this share of a question's words lie in them (default: %(default)s)",
    )  # fmt: skip
    return parser.parse_args()


def read(path: Path, key: str) -> list[Row]:
    """Raises UserError naming file and line for a row without a question."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected JSON lines")
    rows = list(tqdm(json_lines(path), desc="rows", unit=" rows", leave=False))
    for where, values in rows:
        if not isinstance(values.get(key), str):
            raise UserError(
                f"{where}: {key}: found {values.get(key)!r}; expected a text. Keys: {', '.join(values)}"
            )
    return rows


def main(args: argparse.Namespace) -> None:
    given = {"ngram": args.ngram, "share": args.share, "against": args.against}
    decontaminator = Decontaminator(build(Decontaminate, given, "command line"), "command line")
    rows = read(args.file, args.key)
    ids = [str(row.values.get("id", row.where)) for row in rows]
    texts = tqdm((row.values[args.key] for row in rows), total=len(rows), desc="decontaminate", unit=" rows")  # fmt: skip
    stays = decontaminator.screen(str(args.file), ids, texts)
    kept = (row for row, stay in zip(rows, stays, strict=True) if stay)
    lines = [json.dumps(row.values, ensure_ascii=False) + "\n" for row in kept]
    write_atomically(args.out, "".join(lines))
    decontaminator.report.write(args.report)
    decontaminator.report.tell(args.report)


if __name__ == "__main__":
    arguments = parse()
    guard(lambda: main(arguments))
