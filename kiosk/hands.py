"""Who does the desk's work: a few threads that take tasks in turn, and a clock for what must be tried again later."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Protocol

Task = Callable[[], None]

log = logging.getLogger(__name__)


class Hands(Protocol):
    """`do` takes a task and returns at once; `after` does the same when `seconds` have passed."""

    def do(self, task: Task) -> None: ...
    def after(self, seconds: float, task: Task) -> None: ...


class Threads:
    """`count` tasks at once; who waits for a free hand waits in line."""

    def __init__(self, count: int) -> None:
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        for number in range(count):
            threading.Thread(target=self._work, name=f"desk-{number}", daemon=True).start()

    def do(self, task: Task) -> None:
        self._tasks.put(task)

    def after(self, seconds: float, task: Task) -> None:
        timer = threading.Timer(seconds, lambda: self.do(task))
        timer.daemon = True
        timer.start()

    def _work(self) -> None:
        while True:
            task = self._tasks.get()
            try:
                task()
            except Exception as error:      # a hand must not be lost to one bad task
                log.error("task failed: %s", type(error).__name__)
