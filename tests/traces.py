"""What a kiosk still knows of a person who has left: in its memory, and on its glass."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from types import FunctionType, ModuleType
from typing import Any

KIOSK = ("kiosk", "screens", "kivy", "drivers")
TESTS = ("_pytest", "pluggy", "hypothesis", "tables")
"""Whose objects are the tests' own: a table that tells what a person does knows who they are."""


def kept(secrets: Sequence[str], roots: Iterable[Any], outside: Iterable[Any]) -> list[str]:
    """Where, from `roots` and the kiosk's own modules, one of the secrets can still be read: the way to it.

    Nothing is looked into that is `outside`: other libraries' modules, and what the kiosk may know of the town.
    """
    gc.collect()
    modules = [module for module in list(sys.modules.values()) if isinstance(module, ModuleType)]
    own = [module for module in modules if _of_kiosk(module.__name__)]
    strangers = [part for module in modules if module not in own for part in (module, vars(module))]
    stops = {id(one) for one in (*outside, *strangers)}
    start = [*roots, *map(vars, own), *_living()]
    stops |= {id(one) for one in (start, stops)}
    came: dict[int, Any] = {id(one): None for one in start}
    found, rest = [], [one for one in start if id(one) not in stops]
    while rest:
        one = rest.pop()
        for next_ in gc.get_referents(one):
            if id(next_) in came or id(next_) in stops:
                continue
            came[id(next_)] = one
            kind = type(next_)      # a weak proxy is asked nothing: what it stood for may be gone
            if isinstance(kind.__module__, str) and kind.__module__.partition(".")[0] in TESTS:
                continue
            if issubclass(kind, str | bytes):
                if _tells(next_, secrets):
                    found.append(_way(next_, came))
            elif not issubclass(kind, int | float | complex):
                rest.append(next_)
    return found


def _living() -> Iterator[Any]:
    """Everything alive whose class is the kiosk's, but for what a town may own too: values."""
    values = ("kiosk.care", "kiosk.words", "drivers.contract")
    return (one for one in gc.get_objects() if _of_kiosk(type(one).__module__)
            and not type(one).__module__.startswith(values))


def _of_kiosk(name: Any) -> bool:
    return isinstance(name, str) and name.partition(".")[0] in KIOSK and not name.startswith("kivy.tests")


def _tells(text: str | bytes, secrets: Sequence[str]) -> bool:
    if isinstance(text, bytes):
        return any(secret.encode() in text for secret in secrets)
    return any(secret in text for secret in secrets)


def _way(last: Any, came: dict[int, Any]) -> str:
    steps, one = [repr(last)[:40]], came[id(last)]
    while one is not None and len(steps) < 12:
        steps.append(one.__qualname__ if isinstance(one, FunctionType) else type(one).__qualname__)
        one = came[id(one)]
    return " < ".join(steps)


class Shown:
    """The pictures of letters that tell of a person: afterwards they must be gone, from the glass and from everywhere."""

    def __init__(self, tells: Sequence[str]) -> None:
        self._tells = tells
        self._textures: list[tuple[str, weakref.ref[Any]]] = []

    def note(self, marks: Iterable[Any]) -> None:
        self._textures += [(mark.text, weakref.ref(mark._image.texture)) for mark in marks if _tells(mark.text, self._tells)]

    def left(self) -> list[str]:
        gc.collect()
        return [f"letters {text!r}" for text, texture in self._textures if texture() is not None]
