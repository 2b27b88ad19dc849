"""The boards' own line: a small server of Server-Sent Events beside the one of pages.

A board stays connected and is sent its place's state whenever that changes. Hundreds of them cost no thread each: they
hang on one event loop. The database is the truth, whichever process changed it: its versions are asked for every PERIOD
seconds, one query for all, and a place's state is written once for everybody who reads it in one language. Who is slow
misses states in between, never the latest.

GET /board/<key>[?language=en] (see `boards.key`) answers `text/event-stream`. The data of an event is the state; an event
`breath` says that the line is there though nothing happens.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

from django.db import connections

from hospital.queueing import boards

PERIOD = 0.2        # seconds between two looks at the versions
REST = 1.0          # seconds after a look that failed
ANEW = 30.0         # seconds after which a state is written anew: what a board says of the wait changes without a call
BREATH = 5.0        # seconds after which a silent line is written to, so that either end notices a dead one
PATIENCE = 5.0      # seconds a follower may take to ask, or to take what it is sent
FOLLOWERS = 1000    # more are turned away

T = TypeVar("T")
log = logging.getLogger(__name__)
_port = 0


def port() -> int:
    """Where this process has its line; 0 while it has none, and boards ask the server of pages instead."""
    return _port


class View(NamedTuple):
    """A place in a language: what a board shows."""

    place: int | str
    language: str


class Follower:
    """One board, and the latest that it should be shown."""

    def __init__(self) -> None:
        self._state = ""
        self._news = asyncio.Event()

    def show(self, state: str) -> None:
        self._state = state
        self._news.set()

    async def next(self) -> str | None:
        """The latest state, or None when nothing happened for a breath."""
        try:
            await asyncio.wait_for(self._news.wait(), BREATH)
        except TimeoutError:
            return None
        self._news.clear()
        return self._state


class Feed:
    """`write` says what stands on the board of a place, in "zh" or "en"."""

    def __init__(self, write: Callable[[int | str, str], str]) -> None:
        self._write = write
        self._followers: dict[View, set[Follower]] = defaultdict(set)
        self._states: dict[View, tuple[str, float]] = {}    # and when that was written, on the loop's clock
        self._known: dict[int, tuple[int, int]] = {}
        self._books = ThreadPoolExecutor(1, "boards")       # the one thread that asks the database

    def run_until(self, stop: threading.Event, door: socket.socket) -> None:
        """Serve whoever comes to `door`, a bound socket, until `stop` is set. For a thread of its own."""
        asyncio.run(self._serve(stop, door))

    async def _serve(self, stop: threading.Event, door: socket.socket) -> None:
        global _port
        server = await asyncio.start_server(self._follow, sock=door, limit=1 << 12, backlog=FOLLOWERS)
        _port = door.getsockname()[1]
        try:
            while not stop.is_set():
                try:
                    await self._look()
                except Exception as trouble:    # the next look may do better; what it would have told is not forgotten
                    log.error("boards: %s", type(trouble).__name__)
                    await self._ask(connections.close_all)
                    await asyncio.sleep(REST)
                await asyncio.sleep(PERIOD)
        finally:
            _port = 0
            server.close()
            await self._ask(connections.close_all)
            self._books.shutdown()

    async def _look(self) -> None:
        """What changed since the last look, told to whom it concerns."""
        now = await self._ask(boards.versions)
        changed = {(now.get(queue) or self._known[queue])[0] for queue in now.keys() | self._known.keys()
                   if now.get(queue) != self._known.get(queue)}
        for view in [view for view, followers in self._followers.items() if followers]:
            if await self._is_news(view, changed):
                before, _ = self._states.get(view, ("", 0))
                state = await self._state(view)
                if state != before:
                    for follower in self._followers[view]:
                        follower.show(state)
        for view in [view for view, followers in self._followers.items() if not followers]:
            del self._followers[view]
            self._states.pop(view, None)
        self._known = now

    async def _is_news(self, view: View, changed: set[int]) -> bool:
        _, written = self._states.get(view, ("", 0))
        if asyncio.get_running_loop().time() - written >= ANEW:
            return True
        if not changed or view.place == boards.CORRIDOR:
            return bool(changed)
        return not changed.isdisjoint(await self._ask(lambda: boards.departments_of(view.place)))

    async def _state(self, view: View) -> str:
        state = await self._ask(lambda: self._write(*view))
        self._states[view] = state, asyncio.get_running_loop().time()
        return state

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        view, follower = None, Follower()
        try:
            view = await self._view(reader)
            if view is None or sum(map(len, self._followers.values())) >= FOLLOWERS:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n"
                         b"Access-Control-Allow-Origin: *\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n")
            self._followers[view].add(follower)
            follower.show(self._states[view][0] if view in self._states else await self._state(view))
            while True:
                state = await follower.next()
                writer.write(_event(state))
                await asyncio.wait_for(writer.drain(), PATIENCE)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass                                    # it comes again by itself
        except asyncio.CancelledError:
            pass                                    # the server ends, and every line with it
        except Exception as trouble:
            log.error("a board: %s", type(trouble).__name__)
        finally:
            if view is not None:
                self._followers[view].discard(follower)
            writer.close()

    async def _view(self, reader: asyncio.StreamReader) -> View | None:
        """What the request asks for; None for anything that is not ours."""
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        method, _, rest = head.decode("latin-1").partition(" ")
        url = urlsplit(rest.partition(" ")[0])
        if method != "GET" or not url.path.startswith("/board/"):
            return None
        place = boards.place_of(url.path.removeprefix("/board/"))
        return None if place is None else View(place, "en" if parse_qs(url.query).get("language") == ["en"] else "zh")

    async def _ask(self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._books, question)


def _event(state: str | None) -> bytes:
    if state is None:
        return b"event: breath\ndata:\n\n"
    return "".join(f"data: {line}\n" for line in state.splitlines() or [""]).encode() + b"\n"
