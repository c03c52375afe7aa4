"""How hard a function is to follow by hand: LogicIF's score (arXiv:2508.09125, Eq. 1; mianzhang/LogicIF, `ast_analyzer.py`).

    score = 3 * D + 2 * F + 1 * C + 0.5 * L

D: deepest nesting of if/for/while/try/with, from 0 again inside of a nested function; F: calls; C: 1 + one for every
if/for/while/except; L: mean lines of a function, its `def` to its last line. An `elif` is an `if` in the else part, so it
nests. Comprehensions, conditional expressions, boolean operators and `match` add nothing.
"""

import ast
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["easy", "medium", "hard"]
LEVELS: tuple[Level, ...] = ("easy", "medium", "hard")

_BRANCHES = (ast.If, ast.For, ast.While)
_NESTS = (*_BRANCHES, ast.Try, ast.With)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Complexity:
    """nesting: D; calls: F; cyclomatic: C; lines, functions: L is their ratio; structures: if/for/while/try/with"""

    nesting: int
    calls: int
    cyclomatic: int
    lines: int
    functions: int
    structures: int

    @property
    def mean_lines(self) -> float:
        """0 without a function."""
        return self.lines / self.functions if self.functions else 0.0

    @property
    def score(self) -> float:
        found = 3 * self.nesting + 2 * self.calls + self.cyclomatic + 0.5 * self.mean_lines
        return round(found, 2)

    def row(self) -> dict[str, Any]:
        """The benchmark's `complexity_metrics`."""
        return {
            "cyclomatic_complexity": self.cyclomatic,
            "max_nesting_depth": self.nesting,
            "code_complexity_score": self.score,
            "total_control_structures": self.structures,
            "function_calls": self.calls,
            "total_function_lines": self.lines,
        }


def measure(source: str) -> Complexity:
    """Raises SyntaxError for what is no Python."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    functions = [node for node in nodes if isinstance(node, _FUNCTIONS)]
    return Complexity(
        nesting=_deepest(tree, 0),
        calls=sum(isinstance(node, ast.Call) for node in nodes),
        cyclomatic=1 + sum(isinstance(node, (*_BRANCHES, ast.ExceptHandler)) for node in nodes),
        lines=sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in functions),
        functions=len(functions),
        structures=sum(isinstance(node, _NESTS) for node in nodes),
    )


def complexity(source: str) -> dict[str, Any]:
    """The six figures of the benchmark's `complexity_metrics`. Raises SyntaxError."""
    return measure(source).row()


def _deepest(node: ast.AST, depth: int) -> int:
    if isinstance(node, _FUNCTIONS):
        depth = 0
    elif isinstance(node, _NESTS):
        depth += 1
    return max((_deepest(child, depth) for child in ast.iter_child_nodes(node)), default=depth)


def terciles(scores: Sequence[float]) -> list[Level]:
    """The benchmark's levels, which depend on all of its scores: up to the first tercile easy, up to the second medium."""
    if len(scores) < 2:
        return ["easy"] * len(scores)
    low, high = statistics.quantiles(scores, n=3, method="inclusive")
    return [LEVELS[(score > low) + (score > high)] for score in scores]


def absolute_level(found: Complexity) -> Level:
    """By the thresholds that upstream ships too, and its benchmark does not use."""
    level = (found.score >= 15) + (found.score >= 30)
    if found.nesting >= 5 or found.cyclomatic >= 15:
        level += 1
    if level == 0 and (found.mean_lines >= 80 or found.structures >= 12):
        level = 1
    return LEVELS[min(level, 2)]
