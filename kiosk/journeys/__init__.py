"""One file per service a patient can ask for; each reads like the story of the visit.

The file name is the registration: a module with a `TILE` is a journey, its story is the function of the module's own name,
and the tile is what the welcome page shows. Modules without one are parts that journeys share.

Stories are pure: no screen, no socket, no clock. Time and chance come in as answers.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from kiosk.journeys.tile import Tile
from kiosk.requests import Option, Request
from kiosk.words import say

Story = Callable[[], Coroutine[Request[Any], Any, None]]


def stories() -> Mapping[str, Story]:
    """Every journey by name."""
    return {name: getattr(module, name) for name, module in _modules().items()}


def tiles() -> tuple[Option[str], ...]:
    """What the welcome page offers, in order."""
    shown = {name: module.TILE for name, module in _modules().items() if module.TILE.order is not None}
    return tuple(Option(name, say(f"tile.{name}"), say(f"tile.{name}.note"), icon=tile.icon)
                 for name, tile in sorted(shown.items(), key=lambda item: item[1].order))


def _modules() -> dict[str, Any]:
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return {module.__name__.rpartition(".")[2]: module for module in modules
            if isinstance(getattr(module, "TILE", None), Tile)}
