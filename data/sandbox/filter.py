"""What a source must not contain to be run, found in its syntax tree.

A filter, not a guarantee: Python has more ways round it than it has rules. What holds is the jail (data/sandbox/jail.py).
The filter says clearly, and early, that a source wants something that it cannot have.
"""

import ast
from collections.abc import Iterator

MODULES = (
    "math", "itertools", "functools", "collections", "collections.abc", "heapq", "bisect", "string", "re", "copy", "typing",
    "fractions", "decimal",
)  # fmt: skip
NAMES = frozenset({
    "exec", "eval", "compile", "open", "input", "breakpoint", "help", "exit", "quit",
    "getattr", "setattr", "delattr", "globals", "locals", "vars", "dir", "memoryview",
})  # fmt: skip
# Modules that the allowed ones import, and so have as attributes.
THROUGH = frozenset({
    "sys", "os", "io", "builtins", "importlib", "types", "enum", "subprocess", "socket", "ctypes", "gc", "inspect", "pickle",
    "marshal", "weakref", "threading", "signal", "codecs", "copyreg", "operator",
})  # fmt: skip
MOST_CHARACTERS = 100_000


def parsed(source: str) -> ast.Module | str:
    """The tree, or why there is none."""
    if len(source) > MOST_CHARACTERS:
        return f"{len(source):,} characters; at most {MOST_CHARACTERS:,} are run"
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:  # ValueError: null bytes, or surrogates
        return f"no Python: {error}"
    except (RecursionError, MemoryError):
        return "nested too deeply to be parsed"


def refusal(tree: ast.Module) -> str | None:
    """The first reason not to run it, with its line; None for none."""
    for node in ast.walk(tree):
        for reason in _reasons(node):
            return f"line {getattr(node, 'lineno', '?')}: {reason}"
    return None


def _reasons(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (_module(one.name) for one in names if one.name not in MODULES)
        case ast.ImportFrom(module=module, level=level, names=names):
            if level or module not in MODULES:
                yield _module("." * level + (module or ""))
            yield from (_attribute(one.name) for one in names if _hidden(one.name))
        case ast.Attribute(attr=name) if _hidden(name):
            yield _attribute(name)
        case ast.Name(id=name) if name in NAMES or (_dunder(name) and name != "__name__"):
            yield f"the name {name} is not allowed"
        case ast.Constant(value=str(text)) if "__" in text and text != "__main__":
            yield "a text with `__` is not allowed: a format can reach attributes"


def _hidden(name: str) -> bool:
    return name.startswith("_") or name in THROUGH


def _dunder(name: str) -> bool:
    return name.startswith("__")


def _module(name: str) -> str:
    return f"import of {name} is not allowed; allowed are {', '.join(MODULES)}"


def _attribute(name: str) -> str:
    return f"the attribute {name} is not allowed"
