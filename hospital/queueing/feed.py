"""The boards' own line: a small server of Server-Sent Events beside the one of pages.

A board stays connected and is sent its place's state whenever that changes. Hundreds of them cost no thread each: they
hang on one event loop. The database is the truth, whichever process changed it: its versions are asked for every PERIOD
seconds, one query for all, and a place's state is made once for everybody who follows it. Who is slow misses states in
between, never the latest.

GET /board/<key> (see `boards.key`) answers `text/event-stream`; the data of an event is the state, JSON unless the
server was given another way to write it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connections

from hospital.queueing import boards

PERIOD = 0.2        # seconds between two looks at the versions
BREATH = 15.0       # seconds after which a silent line is written to, so that a dead one is noticed
PATIENCE = 5.0      # seconds a follower may take to ask, or to take what it is sent
FOLLOWERS = 1000    # more are turned away
CORRIDOR = ""

Place = int | str
T = TypeVar("T")
log = logging.getLogger(__name__)


def as_json(place: Place) -> str:
    """A board; of the corridor, its lines."""
    state = [asdict(one) for one in boards.corridor()] if place == CORRIDOR else asdict(boards.board(place))
    return json.dumps(state, cls=DjangoJSONEncoder, ensure_ascii=False)


class Follower:
    """One board, and the latest that it should be shown."""

    def __init__(self) -> None:
        self._state = ""
        self._news = asyncio.Event()

    def show(self, state: str) -> None:
        self._state = state
        self._news.set()

    async def next(self) -> str:
        """The latest state, or "" when nothing happened for a breath."""
        try:
            await asyncio.wait_for(self._news.wait(), BREATH)
        except TimeoutError:
            return ""
        self._news.clear()
        return self._state


class Feed:
    """`state` writes what stands on the board of a place."""

    def __init__(self, state: Callable[[Place], str] = as_json) -> None:
        self._write = state
        self._followers: dict[Place, set[Follower]] = defaultdict(set)
        self._states: dict[Place, str] = {}
        self._known: dict[int, tuple[int, int]] = {}
        self._books = ThreadPoolExecutor(1, "boards")       # the one thread that asks the database

    def run_until(self, stop: threading.Event, host: str, port: int, ready: Callable[[int], None] = lambda port: None,
                  ) -> None:
        """Serve until `stop` is set; `ready` is told the port. For a thread of its own."""
        asyncio.run(self._serve(stop, host, port, ready))

    async def _serve(self, stop: threading.Event, host: str, port: int, ready: Callable[[int], None]) -> None:
        server = await asyncio.start_server(self._follow, host, port, limit=1 << 12, backlog=FOLLOWERS)
        ready(server.sockets[0].getsockname()[1])
        try:
            while not stop.is_set():
                try:
                    await self._look()
                except DatabaseError as trouble:
                    log.error("boards: %s", type(trouble).__name__)
                    await self._ask(connections.close_all)
                await asyncio.sleep(PERIOD)
        finally:
            server.close()
            await self._ask(connections.close_all)
            self._books.shutdown()

    async def _look(self) -> None:
        """What changed since the last look, told to whom it concerns."""
        now = await self._ask(boards.versions)
        changed = {(now.get(queue) or self._known[queue])[0] for queue in now.keys() | self._known.keys()
                   if now.get(queue) != self._known.get(queue)}
        self._known = now
        if not changed:
            return
        for place in [place for place, followers in self._followers.items() if followers]:
            if place == CORRIDOR or changed & await self._ask(lambda place=place: boards.departments_of(place)):
                self._states[place] = await self._ask(lambda place=place: self._write(place))
                for follower in self._followers[place]:
                    follower.show(self._states[place])
        for place in self._states.keys() - {place for place, followers in self._followers.items() if followers}:
            del self._states[place]

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place, follower = None, Follower()
        try:
            place = await self._place(reader)
            if place is None or sum(map(len, self._followers.values())) >= FOLLOWERS:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n"
                         b"Access-Control-Allow-Origin: *\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n")
            self._followers[place].add(follower)
            follower.show(self._states.get(place) or await self._ask(lambda: self._write(place)))
            while True:
                state = await follower.next()
                writer.write(f"data: {state}\n\n".encode() if state else b": \n\n")
                await asyncio.wait_for(writer.drain(), PATIENCE)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, DatabaseError):
            pass                                    # it comes again by itself: EventSource does
        except asyncio.CancelledError:
            pass                                    # the server ends, and every line with it
        finally:
            if place is not None:
                self._followers[place].discard(follower)
            writer.close()

    async def _place(self, reader: asyncio.StreamReader) -> Place | None:
        """Which place the request is for; None for anything that is not ours."""
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        method, _, rest = head.decode("latin-1").partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        return boards.place_of(path.removeprefix("/board/")) if method == "GET" and path.startswith("/board/") else None

    async def _ask(self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._books, question)
