"""Functions of a user's file, each with what it needs of that file, which is read and never imported: it is a stranger's."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recipes.errors import UserError


@dataclass(frozen=True)
class Function:
    """source: its own, after that of the functions, constants and imports which it uses; docstring: None without one"""

    name: str
    source: str
    docstring: str | None


def read_functions(path: Path) -> dict[str, Function]:
    """The functions at the top of the file, by name. Raises UserError."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected Python functions")
    text = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise UserError(f"{path}:{error.lineno}: found no Python: {error.msg}") from None
    found = {
        node.name: Function(node.name, _with_needs(node, tree, text), ast.get_docstring(node))
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    if not found:
        raise UserError(f"{path}: found no function; expected `def` at the top of the file")
    return found


def _with_needs(function: ast.FunctionDef, tree: ast.Module, text: str) -> str:
    kept: set[ast.stmt] = set()
    waiting: list[ast.stmt] = [function]
    while waiting:
        statement = waiting.pop()
        if statement in kept:
            continue
        kept.add(statement)
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        waiting += [other for other in tree.body if used.intersection(_defined(other))]
    lines = text.splitlines()
    ranges = sorted({_lines_of(statement) for statement in kept})
    return "\n".join(line for first, last in ranges for line in lines[first - 1 : last]) + "\n"


def _defined(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement at the top of the file gives a value to."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((one.asname or one.name).partition(".")[0] for one in names)
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            yield from (
                node.id for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            )  # fmt: skip


def _lines_of(statement: ast.stmt) -> tuple[int, int]:
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(one.lineno for one in decorators)])
    return first, statement.end_lineno or statement.lineno
