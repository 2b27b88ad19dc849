"""A stage without a screen: an inbox and timers, on the thread that asks. For settling what is owed."""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from collections.abc import Callable
from typing import Any

from kiosk.visit import Scene


class Loop:
    """Ports for a stage that nobody sees. `post` may be called from any thread, the rest from one."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._cancelled: set[int] = set()
        self._count = itertools.count()

    def post(self, message: Any) -> None:
        self._inbox.put(message)

    def show(self, scene: Scene) -> None:
        """Nobody looks."""

    def now(self) -> float:
        return time.monotonic()

    def after(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        number = next(self._count)
        heapq.heappush(self._timers, (self.now() + seconds, number, call))
        return lambda: self._cancelled.add(number)

    def run(self, receive: Callable[[Any], None], until: Callable[[], bool], seconds: float) -> bool:
        """Deliver messages and timers until `until` holds (True) or `seconds` have passed (False)."""
        end = self.now() + seconds
        while not until():
            if self.now() >= end:
                return False
            self._ring()
            try:
                receive(self._inbox.get(timeout=max(0.0, min(end, self._next()) - self.now())))
            except queue.Empty:
                pass
        return True

    def _next(self) -> float:
        return min(self._timers[0][0] if self._timers else float("inf"), self.now() + 0.5)

    def _ring(self) -> None:
        while self._timers and self._timers[0][0] <= self.now():
            _, number, call = heapq.heappop(self._timers)
            if number in self._cancelled:
                self._cancelled.discard(number)
            else:
                call()
