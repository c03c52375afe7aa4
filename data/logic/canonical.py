"""One text for programs that differ in names only: for duplicates, and for the split.

The Python source with every name renamed in order of appearance. Constants count: two programs with other numbers are two
programs. Wording is not part of it.
"""

import re
from keyword import kwlist

_NAME = re.compile(r"[a-z_]\w*")
_KEPT = frozenset(kwlist) | {"f", "_", "abs", "append", "len", "max", "min", "range"}


def canonical(source: str) -> str:
    names: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        name = match.group()
        return name if name in _KEPT else names.setdefault(name, f"v{len(names)}")

    return _NAME.sub(renamed, source)
