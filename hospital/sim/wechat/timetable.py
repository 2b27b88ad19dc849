"""Things to be done later, in the background."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Timetable:
    """Jobs run at their time, a few at once; what is not due when it closes is dropped."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()   # jobs of the same moment keep their order
        self._wake = threading.Condition()
        self._open = True
        self._hands = ThreadPoolExecutor(4, thread_name_prefix="timetable")
        self._thread = threading.Thread(target=self._run, name="timetable", daemon=True)
        self._thread.start()

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        with self._wake:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._count), job))
            self._wake.notify()

    def close(self) -> None:
        """Stop; jobs that run now are waited for."""
        with self._wake:
            self._open = False
            self._wake.notify()
        self._thread.join()
        self._hands.shutdown()

    def _run(self) -> None:
        with self._wake:
            while self._open:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._hands.submit(heapq.heappop(self._due)[2])
                else:
                    self._wake.wait(wait)
