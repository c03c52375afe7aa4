"""What the process that is given up does: run one function on one list of arguments, and write what came out as JSON.

Nothing here is relied upon: the code that runs beside can change all of it. So the reader (data/sandbox/pool.py) takes the
bytes for a stranger's.
"""

import codecs
import importlib
import json
import os
from typing import Any, NamedTuple, NoReturn

from data.sandbox.filter import MODULES, parsed, refusal

MOST_MESSAGE = 500


class Request(NamedTuple):
    source: str
    function: str
    cases: list[list[Any]]
    timeout_s: float
    filtered: bool


def load() -> None:
    """What a source may need of the disk, before the doors close."""
    for name in MODULES:
        importlib.import_module(name)
    for name in ("ascii", "latin-1", "utf-16", "utf-32"):
        codecs.lookup(name)


def work(request: Request, arguments: list[Any], out: int) -> NoReturn:
    data = _outcome(request, arguments).encode("utf-8", "backslashreplace")
    while data:
        data = data[os.write(out, data) :]
    os._exit(0)


def _outcome(request: Request, arguments: list[Any]) -> str:
    """{"value": ...} or {"error": kind, "message": ...}"""
    try:
        tree = parsed(request.source)
        if isinstance(tree, str):
            return _error("refused", tree)
        if request.filtered and (reason := refusal(tree)):
            return _error("refused", reason)
        space: dict[str, Any] = {"__name__": "function"}
        exec(compile(tree, "function.py", "exec", dont_inherit=True), space)
        if request.function not in space:
            return _error("refused", f"it defines no {request.function}")
        value = space[request.function](*arguments)
    except MemoryError:
        return _error("memory", "MemoryError")
    except BaseException as error:  # SystemExit and KeyboardInterrupt are a stranger's words too
        return _error("raised", _described(error))
    try:
        return json.dumps({"value": value}, allow_nan=False, ensure_ascii=False)
    except MemoryError:
        return _error("memory", "MemoryError, while its value was written as JSON")
    except BaseException as error:
        return _error("output", f"its value is no JSON: {_described(error)}")


def _described(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:MOST_MESSAGE]
    except BaseException:  # its __str__ is a stranger's
        return "an exception without a message"


def _error(kind: str, message: str) -> str:
    return json.dumps({"error": kind, "message": message})
