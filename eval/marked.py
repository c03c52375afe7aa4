"""JSON lines that are known by what decides their content.

A file is written line by line under a `.part` name and renamed when it is complete, so interrupted work continues with the
first missing line and a file that exists is whole. The first line holds a fingerprint of everything that decides the
content; a file with another fingerprint is not used.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from recipes.errors import UserError

L = TypeVar("L")


def fingerprint(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


class MarkedFile(Generic[L]):
    """kind: the dataclass of a line; later fields have defaults, so that files of before can be read."""

    kind: ClassVar[Any]

    def __init__(self, path: Path, mark: str) -> None:
        self.path = path
        self.part = path.with_suffix(".part")
        self.mark = mark

    @classmethod
    def found(cls, path: Path) -> Self:
        """A whole file, whatever decided its content. Raises UserError for none."""
        mark = cls.mark_of(path)
        if mark is None:
            raise UserError(
                f"{path}: line 1: found no fingerprint; expected what a sweep writes there"
            )
        return cls(path, mark)

    def complete(self) -> bool:
        return self.mark_of(self.path) == self.mark

    def partial(self) -> list[L]:
        """Records that an interrupted run left behind; a half-written last line is dropped."""
        if self.mark_of(self.part) != self.mark:
            return []
        return self._read(self.part)

    def start(self, kept: list[L]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"fingerprint": self.mark}), *(_line(record) for record in kept)]
        self.part.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def append(self, records: list[L]) -> None:
        with self.part.open("a", encoding="utf-8") as file:
            file.writelines(_line(record) + "\n" for record in records)

    def finish(self) -> None:
        self.part.replace(self.path)

    def read(self) -> list[L]:
        assert self.complete(), f"{self.path} is not complete"
        return self._read(self.path)

    @staticmethod
    def mark_of(path: Path) -> str | None:
        """The fingerprint in a file; None where there is no such file, or it was not begun whole."""
        if not path.is_file():
            return None
        with path.open(encoding="utf-8") as file:
            try:
                found = json.loads(file.readline())
            except json.JSONDecodeError:
                return None
        mark = found.get("fingerprint")
        return mark if isinstance(mark, str) else None

    def _read(self, path: Path) -> list[L]:
        records: list[L] = []
        lines = path.read_text(encoding="utf-8").split("\n")[1:]
        for index, line in enumerate(lines):
            try:
                records.append(self.kind(**json.loads(line)))
            except json.JSONDecodeError:
                # Only the end of a file that was cut off while it was written.
                assert index >= len(lines) - 1, f"{path}: line {index + 2} is damaged"
        return records


def _line(record: Any) -> str:
    return json.dumps(asdict(record), ensure_ascii=False)
