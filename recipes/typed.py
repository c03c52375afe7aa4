"""Mappings from YAML or JSON into dataclasses, with pydantic, and errors that a reader can act on.

Works on our own dataclasses and on TRL's configs (dataclasses too) without constructing them first:
only the keys that were given are validated, so TRL's own defaults and `__post_init__` stay in
charge of the rest.
"""

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from recipes.errors import UserError
from recipes.registry import Registry, did_you_mean

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


def _keys(cls: type) -> list[str]:
    return [field.name for field in dataclasses.fields(cls) if field.init]


def _section(cls: type, path: list[str]) -> type:
    """The dataclass that `path` leads to from `cls`, through sections that are dataclasses themselves."""
    for key in path:
        hint = get_type_hints(cls).get(key)
        nested = [kind for kind in (hint, *get_args(hint)) if dataclasses.is_dataclass(kind)]
        if not nested:
            break
        cls = nested[0]  # type: ignore[assignment]
    return cls


def _explain(error: Any, cls: type, also: Sequence[str]) -> str:
    """One pydantic error as `key: what was found; what was expected`. also: as in `build`"""
    parts = [str(part) for part in error["loc"]]
    parts = [part for part in parts if not part.startswith(("function-", "literal["))]
    path, last = parts[:-1], parts[-1]
    known = [*_keys(_section(cls, path)), *(() if path else also)]
    inside = f"{'.'.join(path)}: " if path else ""
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{inside}unknown key {last!r}.{did_you_mean(last, known)}"
    if error["type"] == "missing":
        return f"{inside}missing key {last!r}. Accepted: {', '.join(sorted(known))}"
    key = ".".join(parts)
    if error["type"] == "value_error":  # raised by a section's own __post_init__
        return f"{key}: {error['ctx']['error']}"
    return f"{key}: found {error['input']!r} ({type(error['input']).__name__}); expected: {error['msg']}"


def validated(cls: type, raw: Any, where: str, also: Sequence[str] = ()) -> dict[str, Any]:
    """The given keys of `raw`, converted to the annotated types of `cls`.

    Raises UserError with one line per problem, each starting with `where` (file and section).
    """
    if not isinstance(raw, dict):
        raise UserError(
            f"{where}: found {raw!r}; expected a mapping with keys from: {', '.join(_keys(cls))}"
        )
    try:
        model = _model(cls).model_validate(raw)
    except ValidationError as error:
        raise UserError(
            "\n".join(f"{where}: {_explain(e, cls, also)}" for e in error.errors())
        ) from None
    return {name: getattr(model, name) for name in model.model_fields_set}


def build(cls: type[T], raw: Any, where: str, also: Sequence[str] = ()) -> T:
    """An instance of dataclass `cls` from a mapping; its own ValueErrors are prefixed with `where`.

    also: keys that were accepted beside those of `cls` and taken out of the mapping, for what an error lists
    """
    values = validated(cls, raw, where, also)
    try:
        return cls(**values)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None


def build_named(
    registry: Registry, entry: dict[str, Any], where: str, also: Sequence[str] = ()
) -> Any:
    """The registered class that `entry` names, from the other keys of it. Raises UserError for no name, an unknown one or a
    bad setting. also: as in `build`"""
    settings = dict(entry)
    if "name" not in settings:
        raise UserError(f"{where}: missing key 'name'. Accepted: {', '.join(registry)}")
    try:
        cls = registry[settings.pop("name")]
    except ValueError as error:
        raise UserError(f"{where}: name: {error}") from None
    return build(cls, settings, where, ("name", *also))


def one_of(key: str, found: Any, accepted: Iterable[str], where: str) -> None:
    """Raise ValueError unless `found` is one of `accepted`."""
    names = list(accepted)
    if found not in names:
        raise UserError(
            f"{where}: {key}: found {found!r}.{did_you_mean(str(found), [str(name) for name in names])}"
        )
