"""Questions of which the figures were chosen before looking: what a study's claims script is, apart from its questions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from eval.contrasts import Estimate
from eval.export import write_table
from recipes import cli
from recipes.run import RunDir
from recipes.schema import StudyRecipe, load_recipe


class Question(NamedTuple):
    """any_sign: whether a difference in either direction is a yes"""

    text: str
    any_sign: bool = False


def verdict(found: Estimate, any_sign: bool = False) -> str:
    """yes where the interval is above 0; any_sign: where it excludes 0, for a question whether something changes."""
    if found.high < 0:
        return "yes" if any_sign else "the opposite"
    return "yes" if found.low > 0 else "not shown"


def answered(found: Mapping[Question, Estimate], out: Path, name: str) -> Table:
    """Questions that were asked before looking, with their figures; also <name>.csv and .parquet in `out`."""
    table = Table("question", "points (95 %)", "n", "", title="as planned in docs/log.md")
    written = []
    for question, one in found.items():
        said = verdict(one, question.any_sign)
        table.add_row(
            question.text, f"{one.value:.1f} [{one.low:.1f}, {one.high:.1f}]", str(one.n), said
        )
        written.append({"question": question.text, **one._asdict(), "verdict": said})
    write_table(written, out, name)
    return table


def ask(
    name: str,
    description: str | None,
    questions: Mapping[Question, Callable[[str], Estimate]],
    rates: Callable[[str], Table],
) -> None:
    """The whole of a command with --config STUDY.yaml: print the rates and the answers, write <name>.csv and .parquet into
    the study's folder. Figures and rates are of the study's name."""
    parser = cli.described(description)
    parser.add_argument("--config", required=True, metavar="STUDY.yaml")
    args = parser.parse_args()
    cli.guard(lambda: _ask(name, args.config, questions, rates))


def _ask(
    name: str,
    config: str,
    questions: Mapping[Question, Callable[[str], Estimate]],
    rates: Callable[[str], Table],
) -> None:
    study = load_recipe(config, StudyRecipe, []).name
    out = RunDir.named(study).path
    table = answered({question: figure(study) for question, figure in questions.items()}, out, name)
    console = Console(width=140, highlight=False)
    console.print(rates(study), table)
    console.print(f"wrote {out}/{name}.csv (and .parquet)")
