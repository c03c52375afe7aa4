"""Name -> class, for everything a recipe can name: a new reward, penalty, source or benchmark is
one new file.

`Registry("reward", "train.rewards")` imports the modules of that package at the first look-up, so
nothing has to be listed anywhere else. The registered name is the name in the recipe and the name
that is logged.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import TypeVar

C = TypeVar("C", bound=type)
MANY = 30


def did_you_mean(name: str, known: list[str]) -> str:
    """` Did you mean 'x'? Known: ...`, ready to be appended to an error."""
    close = get_close_matches(name, known, n=1)
    if close and len(known) > MANY:
        return f" Did you mean {close[0]!r}?"  # TRL's configs have 150 keys: nobody reads them on one line
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} Accepted: {', '.join(sorted(known))}"


class Registry:
    """The classes of one kind, found by scanning one package."""

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._classes: dict[str, type] = {}
        self._scanned = False

    def register(self, name: str) -> Callable[[C], C]:
        """Class decorator. Raises ValueError when two classes claim one name."""

        def add(cls: C) -> C:
            other = self._classes.get(name)
            if other is not None and other.__qualname__ != cls.__qualname__:
                raise ValueError(f"{self.kind} {name!r} is registered by {other!r} and by {cls!r}")
            cls.name = name  # type: ignore[attr-defined]
            self._classes[name] = cls
            return cls

        return add

    def _scan(self) -> None:
        if self._scanned:
            return
        self._scanned = True
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")

    def __getitem__(self, name: str) -> type:
        """Raises ValueError with the nearest known name."""
        self._scan()
        if name not in self._classes:
            hint = did_you_mean(str(name), list(self._classes))
            raise ValueError(f"unknown {self.kind} {name!r}.{hint}")
        return self._classes[name]

    def __iter__(self) -> Iterator[str]:
        self._scan()
        return iter(sorted(self._classes))
