"""How hard a function is to follow by hand: LogicIF's score (arXiv:2508.09125, Eq. 1; mianzhang/LogicIF, `ast_analyzer.py`).

    score = 3 * D + 2 * F + 1 * C + 0.5 * L

D: deepest nesting of if/for/while/try/with, from 0 again inside of a nested function; F: calls; C: 1 + one for every
if/for/while/except; L: mean lines of a function, its `def` to its last line. An `elif` is an `if` in the else part, so it
nests. Comprehensions, conditional expressions, boolean operators and `match` add nothing.
"""

import ast
import statistics
from collections import Counter
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
    kinds: list[type] = []
    deepest = lines = 0
    waiting: list[tuple[ast.AST, int]] = [(ast.parse(source), 0)]
    while waiting:  # one pass, since a generator scores hundreds of programs a second
        node, depth = waiting.pop()
        kind = type(node)
        kinds.append(kind)
        if isinstance(node, _FUNCTIONS):
            depth = 0
            lines += (node.end_lineno or node.lineno) - node.lineno + 1
        elif kind in _NESTS:
            depth += 1
            deepest = max(deepest, depth)
        for name in node._fields:
            child = getattr(node, name, None)
            if isinstance(child, list):
                waiting += [(part, depth) for part in child if isinstance(part, ast.AST)]
            elif isinstance(child, ast.AST) and child._fields:  # operators and contexts have none
                waiting.append((child, depth))
    found = Counter(kinds)
    return Complexity(
        nesting=deepest,
        calls=found[ast.Call],
        cyclomatic=1 + sum(found[kind] for kind in (*_BRANCHES, ast.ExceptHandler)),
        lines=lines,
        functions=sum(found[kind] for kind in _FUNCTIONS),
        structures=sum(found[kind] for kind in _NESTS),
    )


def complexity(source: str) -> dict[str, Any]:
    """The six figures of the benchmark's `complexity_metrics`. Raises SyntaxError."""
    return measure(source).row()


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
