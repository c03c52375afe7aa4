"""Sets of weights: a whole model in a folder, a LoRA adapter on one, or a point between two models.

A digest stands for everything that decides what a checkpoint writes: its weights, its config, how it stops, its tokenizer.
Hashing a large model takes half a minute, so the hash of a file is kept under its size and time (runs/.digests).
"""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from recipes.errors import UserError
from recipes.run import runs_root, write_atomically

ADAPTER, CONFIG, INDEX = "adapter_config.json", "config.json", "model.safetensors.index.json"
TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model",
)  # fmt: skip
# Of a config, what says how it was saved and not what the model is.
VOLATILE = ("_name_or_path", "transformers_version", "use_cache")
SETTLED_S = (
    2.0  # a file changed less than this ago may change again within the resolution of its time
)


@dataclass(frozen=True)
class Weights:
    """path: a folder, or what a server calls its model

    base:  of an adapter: the folder of the model that it is added to
    other, share: of an interpolation, (1 - share) * path + share * other
    """

    path: str
    base: str | None = None
    other: str | None = None
    share: float = 0.0

    @property
    def tokenizer(self) -> str:
        """The folder of the tokenizer: an adapter may have none of its own."""
        own = any((Path(self.path) / name).is_file() for name in TOKENIZER)
        return self.path if own or self.base is None else self.base

    @property
    def architecture(self) -> str:
        """The folder whose config says what the module is."""
        return self.base or self.path

    def digest(self) -> str:
        parts = [self.path, self.base, self.other]
        found = [content(folder) for folder in parts if folder]
        return _hash([*found, repr(self.share)] if self.other else found)


def weight_files(folder: str) -> list[Path]:
    """Those that are loaded: folders of Hub models may hold the weights in several formats."""
    root = Path(folder)
    if (root / INDEX).is_file():
        names = json.loads((root / INDEX).read_text(encoding="utf-8"))["weight_map"].values()
        return [root / name for name in sorted(set(names))]
    for pattern in ("model.safetensors", "adapter_model.safetensors", "*.safetensors", "*.bin"):
        if found := sorted(root.glob(pattern)):
            return found
    raise UserError(f"{folder}: found no weights; expected model.safetensors or {INDEX} in it")


def content(folder: str) -> str:
    """Digest of what a folder's model writes."""
    root = Path(folder)
    parts = [file_digest(path) for path in weight_files(folder)]
    parts += [name + file_digest(root / name) for name in TOKENIZER if (root / name).is_file()]
    for name in (CONFIG, "generation_config.json", ADAPTER):
        if (root / name).is_file():
            parts.append(name + json.dumps(_settings(root / name), sort_keys=True))
    return _hash(parts)


def tokenizer_digest(folder: str) -> str:
    root = Path(folder)
    return _hash([name + file_digest(root / name) for name in TOKENIZER if (root / name).is_file()])


def config_of(folder: str) -> dict[str, Any]:
    """Raises UserError for a folder without a config."""
    path = Path(folder) / CONFIG
    if not path.is_file():
        raise UserError(f"{folder}: found no {CONFIG}; expected a saved model")
    return _settings(path)


def _settings(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {key: value for key, value in found.items() if key not in VOLATILE}


def _hash(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256, kept under the file's size, time and inode."""
    found = path.resolve().stat()
    return _file_digest(str(path.resolve()), found.st_size, found.st_mtime_ns, found.st_ino)


@cache
def _file_digest(path: str, size: int, mtime_ns: int, inode: int) -> str:
    facts = {"path": path, "size": size, "mtime_ns": mtime_ns, "inode": inode}
    kept = runs_root() / ".digests" / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.json"
    if kept.is_file():
        known = json.loads(kept.read_text(encoding="utf-8"))
        if {key: known.get(key) for key in facts} == facts:
            return str(known["sha256"])
    with open(path, "rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    if time.time() - mtime_ns / 1e9 > SETTLED_S:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, json.dumps(facts | {"sha256": digest}))
    return digest


class Tensors:
    """The tensors of a folder's safetensors by name, read one at a time."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._files: dict[str, Any] = {}
        for path in weight_files(folder):
            if path.suffix != ".safetensors":
                raise UserError(
                    f"{path}: found no safetensors; save the model with save_pretrained"
                )
            file = safe_open(path, framework="pt")
            self._files |= dict.fromkeys(file.keys(), file)

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._files[name].get_slice(name).get_shape())

    def dtype(self, name: str) -> str:
        found: str = self._files[name].get_slice(name).get_dtype()
        return found

    def read(self, name: str) -> torch.Tensor:
        found: torch.Tensor = self._files[name].get_tensor(name)
        return found


class Between(Tensors):
    """(1 - share) * a + share * b in float32. Raises UserError where a and b differ in names or shapes."""

    def __init__(self, weights: Weights) -> None:
        assert weights.other is not None
        super().__init__(weights.path)
        self._other, self._share = Tensors(weights.other), weights.share
        check_alike(self, self._other)

    def read(self, name: str) -> torch.Tensor:
        return torch.lerp(super().read(name).float(), self._other.read(name).float(), self._share)


def check_alike(a: Tensors, b: Tensors) -> None:
    """Raises UserError unless a and b can be interpolated."""
    where = f"{a.folder}:{b.folder}"
    if only := sorted(set(a) ^ set(b)):
        holder = a if only[0] in a else b
        raise UserError(
            f"{where}: found {only[0]} in {holder.folder} only ({len(only)} such weights); expected models of one kind"
        )
    for name in a:
        if a.shape(name) != b.shape(name):
            raise UserError(
                f"{where}: {name}: found shapes {a.shape(name)} and {b.shape(name)}; expected the same"
            )
