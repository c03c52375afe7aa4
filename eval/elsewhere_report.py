"""The table that `eval.score mathif | ifeval | ...` prints: each figure with its 95 % interval over problems."""

from rich.table import Table

from eval.records import Record, Rules
from eval.scores import scores

Figure = tuple[str, str, str]  # its name, metric and slice of eval/scores.py

_ALL, _SATISFIABLE = "all", "satisfiable=True"
_LOOSE: tuple[Figure, ...] = (
    ("prompt strict", "hacc_official", _ALL),
    ("instruction strict", "met_official", _ALL),
    ("prompt loose", "hacc_loose", _ALL),
    ("instruction loose", "met_loose", _ALL),
    ("prompt strict, repaired checkers", "hacc", _ALL),
    ("instruction strict, repaired checkers", "met", _ALL),
)
_STRICT: tuple[Figure, ...] = (
    ("HAcc, official", "hacc_official", _ALL),
    ("SAcc, official", "sacc_official", _ALL),
    ("HAcc, official, satisfiable rows", "hacc_official", _SATISFIABLE),
    ("HAcc, repaired, satisfiable rows", "hacc", _SATISFIABLE),
    ("SAcc, repaired, satisfiable rows", "sacc", _SATISFIABLE),
    ("correct, with constraints", "accuracy_with", _ALL),
    ("correct, without", "accuracy_without", _ALL),
    ("correct and followed", "correct_and_hacc_official", _ALL),
    ("correct, not followed", "correct_not_hacc_official", _ALL),
    ("followed, not correct", "incorrect_and_hacc_official", _ALL),
    ("neither", "incorrect_not_hacc_official", _ALL),
    ("cases: output", "met_official", "kind=logic:output"),
    ("cases: state", "met_official", "kind=logic:state"),
    ("questions: output", "question_met", "kind=logic:output"),
    ("questions: state", "question_met", "kind=logic:state"),
    ("questions: both", "question_hacc", _ALL),
)


def table(records: list[Record], rules: Rules, title: str) -> Table:
    """Figures about which no record says anything are left out."""
    found = Table("", "%", "95 % interval", "problems", title=title)
    known = {(score.metric, score.slice): score for score in scores(records)}
    for name, *figure in _LOOSE if rules.loose else _STRICT:
        if score := known.get((figure[0], figure[1])):
            found.add_row(
                name, f"{score.value:.2f}", f"{score.low:.2f} to {score.high:.2f}", f"{score.n:,}"
            )
    return found
