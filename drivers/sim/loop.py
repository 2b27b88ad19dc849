"""One thread in which all twins of a bench live: what they hear, say and wait for happens here, one thing at a time.

So a twin needs no locks; other threads come in by `call` and wait for changes by `until`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

R = TypeVar("R")


class Loop:
    """A running event loop with a count of changes. Started once, stopped once."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="bench", daemon=True)
        self._news = threading.Condition()
        self._version = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def call(self, act: Callable[[], R], timeout: float = 10.0) -> R:
        """Run `act` in the loop's thread and give its result; from that thread itself, at once."""
        if threading.current_thread() is self._thread:
            return act()
        done: Future[R] = Future()

        def run() -> None:
            try:
                done.set_result(act())
            except BaseException as error:  # it belongs to the caller, not to the loop
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result(timeout)

    def later(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        """Run `act` in `seconds`, unless the handle is cancelled before."""

        def run() -> None:
            act()
            self.changed()

        return self._loop.call_later(seconds, run)

    def now(self) -> float:
        """Seconds on the loop's clock."""
        return self._loop.time()

    def on_readable(self, fd: int, act: Callable[[], None]) -> None:
        def run() -> None:
            act()
            self.changed()

        self._loop.add_reader(fd, run)

    def on_writable(self, fd: int, act: Callable[[], None]) -> None:
        self._loop.add_writer(fd, act)

    def forget_readable(self, fd: int) -> None:
        self._loop.remove_reader(fd)

    def forget_writable(self, fd: int) -> None:
        self._loop.remove_writer(fd)

    # What other threads may know.

    def changed(self) -> None:
        """Something happened: wake everybody who waits."""
        with self._news:
            self._version += 1
            self._news.notify_all()

    @property
    def version(self) -> int:
        """Rises with everything that happens."""
        return self._version

    def wait(self, version: int, timeout: float) -> int:
        """Wait until something happens after `version`, up to `timeout` seconds; the version reached."""
        with self._news:
            self._news.wait_for(lambda: self._version != version, timeout)
            return self._version

    def until(self, true: Callable[[], bool], timeout: float = 20.0) -> None:
        """Wait until `true()` holds. Raises TimeoutError after `timeout` seconds."""
        end = time.monotonic() + timeout
        while True:
            version = self._version
            if true():                       # outside the lock: it may ask the loop itself
                return
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"not so after {timeout} s")
            self.wait(version, left)
