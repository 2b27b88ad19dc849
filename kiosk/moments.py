"""The moments at which dying hurts most: the borders of every commit and every act. Nothing happens there.

A test that kills the machine sets `happens`; in a kiosk it stays None.
"""

from __future__ import annotations

from collections.abc import Callable

happens: Callable[[str], None] | None = None


def moment(name: str) -> None:
    """Here the power may fail."""
    if happens is not None:
        happens(name)
