"""How a journey is offered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """The place on the welcome page (None: not there) and the icon."""

    order: int | None
    icon: str
