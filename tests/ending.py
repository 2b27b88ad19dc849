"""The end of a server of ours that runs in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def ask_to_end(server: Any, close: Callable[[], object]) -> None:
    """Have `close` called by a waitress server's own thread, soon. `pull_trigger` does it in two steps; a worker's pull
    between them would be answered first, and the second step written to what `close` has closed, or to whoever has its
    number by then."""
    trigger = server.trigger
    with trigger.lock:
        trigger.thunks.append(close)
        trigger._physical_pull()
