"""Mappings from YAML or JSON into dataclasses, with pydantic, and errors that a reader can act on.

Works on our own dataclasses and on TRL's configs (dataclasses too) without constructing them first:
only the keys that were given are validated, so TRL's own defaults and `__post_init__` stay in
charge of the rest.
"""

import dataclasses
import functools
from collections.abc import Iterable
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from recipes.errors import UserError
from recipes.registry import did_you_mean

T = TypeVar("T")


@functools.cache
def _model(cls: type) -> type[BaseModel]:
    """A pydantic model with the fields of dataclass `cls`; extras are refused, annotations are
    enforced."""
    hints = get_type_hints(cls)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.init:
            required = (
                field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            )
            fields[field.name] = (hints[field.name], ... if required else None)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())
    return create_model(cls.__name__, __config__=config, **fields)


def _explain(error: Any, known: list[str]) -> str:
    """One pydantic error as `key: what was found; what was expected`."""
    key = ".".join(
        str(part) for part in error["loc"] if not str(part).startswith(("function-", "literal["))
    )
    if error["type"] == "extra_forbidden":
        return f"unknown key {key!r}.{did_you_mean(key, known)}"
    if error["type"] == "missing":
        return f"missing key {key!r}. Accepted: {', '.join(sorted(known))}"
    return f"{key}: found {error['input']!r} ({type(error['input']).__name__}); expected: {error['msg']}"


def validated(cls: type, raw: Any, where: str) -> dict[str, Any]:
    """The given keys of `raw`, converted to the annotated types of `cls`.

    Raises UserError with one line per problem, each starting with `where` (file and section).
    """
    known = [field.name for field in dataclasses.fields(cls) if field.init]
    if not isinstance(raw, dict):
        raise UserError(
            f"{where}: found {raw!r}; expected a mapping with keys from: {', '.join(known)}"
        )
    try:
        model = _model(cls).model_validate(raw)
    except ValidationError as error:
        raise UserError(
            "\n".join(f"{where}: {_explain(e, known)}" for e in error.errors())
        ) from None
    return {name: getattr(model, name) for name in model.model_fields_set}


def build(cls: type[T], raw: Any, where: str) -> T:
    """An instance of dataclass `cls` from a mapping; its own ValueErrors are prefixed with
    `where`."""
    values = validated(cls, raw, where)
    try:
        return cls(**values)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None


def one_of(key: str, found: Any, accepted: Iterable[str], where: str) -> None:
    """Raise ValueError unless `found` is one of `accepted`."""
    names = list(accepted)
    if found not in names:
        raise UserError(
            f"{where}: {key}: found {found!r}.{did_you_mean(str(found), [str(name) for name in names])}"
        )
