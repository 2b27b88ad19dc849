"""Records as JSON and back, led by their own type hints: for answers on disk and answers of the hospital.

Only what records are made of: str, int, bool, None, dates and times, enums, tuples, and dataclasses of these. Text
that does not fit its type raises `Misfit`; nothing is guessed.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, Union

T = TypeVar("T")


class Misfit(ValueError):
    """The JSON does not have the shape that the type promises."""


PLAIN = frozenset((str, int, bool, types.NoneType))
"""What JSON has itself. Nearly all that a record holds: asked first, by the exact type (an enum's words are a str too)."""


text = json.JSONEncoder(ensure_ascii=False).encode
"""Plain JSON data as text."""

ordered_text = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
"""The same text for the same data, whatever order it was put together in."""


def to_json(value: Any) -> Any:
    """A record as plain JSON data. A field whose metadata says `kept: False` is left out: it is never written anywhere."""
    kind: Any = type(value)
    return value if kind in PLAIN else _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], Any]:
    """How a value of this type is written, found once: a list of two weeks' times is thousands of the same few types."""
    if issubclass(kind, dt.date):
        return lambda value: value.isoformat()
    if issubclass(kind, enum.Enum):
        return lambda value: value.value
    if issubclass(kind, tuple | list):
        return lambda value: [to_json(item) for item in value]
    if issubclass(kind, dict):
        return lambda value: {key: to_json(item) for key, item in value.items()}
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"a {kind.__name__} has no form on the wire")
    names = tuple(field.name for field in dataclasses.fields(kind) if field.metadata.get("kept", True))
    return lambda value: {name: part if type(part := getattr(value, name)) in PLAIN else to_json(part) for name in names}


def from_json(kind: Any, data: Any) -> Any:
    """The record of type `kind` that `data` describes. Fields the type does not know are passed over.

    Raises Misfit.
    """
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(typing.get_args(kind), data)
    if origin is tuple:
        if not isinstance(data, list):
            raise Misfit(f"a list was expected, not {type(data).__name__}")
        inner = typing.get_args(kind)[0]
        return tuple(from_json(inner, item) for item in data)
    if dataclasses.is_dataclass(kind):
        return _record(kind, data)
    return _plain(kind, data)


def _one_of(kinds: tuple[Any, ...], data: Any) -> Any:
    for kind in sorted(kinds, key=lambda kind: kind is not type(None)):
        try:
            return from_json(kind, data)
        except Misfit:
            continue
    raise Misfit(f"{type(data).__name__} fits none of {kinds}")


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)


def _record(kind: Any, data: Any) -> Any:
    if not isinstance(data, dict):
        raise Misfit(f"{kind.__name__} is an object, not {type(data).__name__}")
    hints = _hints(kind)
    try:
        return kind(**{field.name: from_json(hints[field.name], data[field.name])
                       for field in dataclasses.fields(kind) if field.name in data})
    except TypeError as missing:
        raise Misfit(f"{kind.__name__}: a field is missing") from missing


def _plain(kind: Any, data: Any) -> Any:
    if kind is type(None):
        if data is None:
            return None
    elif kind in (dt.datetime, dt.date) and isinstance(data, str):
        try:
            return kind.fromisoformat(data)
        except ValueError as bad:
            raise Misfit(f"not a {kind.__name__}") from bad
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(data)
        except ValueError as bad:
            raise Misfit(f"not a {kind.__name__}") from bad
    elif kind is Any or type(data) is kind:
        return data
    raise Misfit(f"{getattr(kind, '__name__', kind)} was expected, not {type(data).__name__}")


class Registry:
    """Names for the types that may lie on disk, so that an answer can say what it is: those of these modules' own."""

    def __init__(self, *modules: types.ModuleType) -> None:
        self.types: dict[str, Any] = {"str": str, "int": int, "bool": bool, "date": dt.date, "datetime": dt.datetime}
        for module in modules:
            for name, kind in vars(module).items():
                own = isinstance(kind, type) and kind.__module__.startswith(module.__name__)
                if own and (dataclasses.is_dataclass(kind) or issubclass(kind, enum.Enum)):
                    self.types[name] = kind

    def pack(self, value: Any) -> dict[str, Any]:
        """`value` with the name of its type; a tuple is packed item by item."""
        if value is None:
            return {"is": "none"}
        if isinstance(value, tuple):
            return {"is": "tuple", "of": [self.pack(item) for item in value]}
        name = type(value).__name__
        if self.types.get(name) is not type(value):
            raise TypeError(f"{name} is not a type that answers are made of")
        return {"is": name, "of": to_json(value)}

    def unpack(self, packed: Mapping[str, Any]) -> Any:
        """What `pack` was given. Raises Misfit."""
        name = packed.get("is")
        if name == "none":
            return None
        if name == "tuple":
            return tuple(self.unpack(item) for item in packed["of"])
        if name not in self.types:
            raise Misfit(f"unknown type {name}")
        return from_json(self.types[name], packed["of"])
