"""Two hundred boards on the feed, and a call in every department at once: how long until each board has its own."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable

from hospital.figures._books import empty

BOARDS, DEPARTMENTS, WAITING = 200, 16, 6
LONGEST = 1.0       # seconds from a call to the last board that shows it


def main() -> int:
    with empty():
        from django.db import connections

        from hospital.figures._outpatients import area
        from hospital.console.views.boards import written
        from hospital.queueing import boards, calling
        from hospital.queueing.feed import Feed
        rooms = area(DEPARTMENTS, WAITING)
        keys = [boards.key(rooms[at % DEPARTMENTS][1].department_id) for at in range(BOARDS)]
        stop, door = threading.Event(), socket.create_server(("127.0.0.1", 0))

        def call() -> list[float]:
            called = []
            for who, room in rooms:
                calling.call_next(who, room)
                called.append(time.monotonic())
            connections.close_all()
            return called

        server = threading.Thread(target=Feed(written).run_until, args=(stop, door))
        server.start()
        try:
            took = asyncio.run(_follow(door.getsockname()[1], keys, call))
        finally:
            stop.set()
            server.join()
    took.sort()
    print(f"boards: {len(took)} of {BOARDS} had a call on each of {DEPARTMENTS} departments; median "
          f"{took[len(took) // 2]:.2f} s, the last {took[-1]:.2f} s (at most {LONGEST} s)")
    return int(len(took) < BOARDS or took[-1] > LONGEST)


async def _follow(port: int, keys: list[str], call: Callable[[], list[float]]) -> list[float]:
    """Seconds until each board was told of its call."""
    told: dict[int, float] = {}
    lines = [await asyncio.open_connection("127.0.0.1", port, limit=1 << 20) for _ in keys]

    async def watch(board: int, reader: asyncio.StreamReader, first: asyncio.Event) -> None:
        while True:
            line = await reader.readline()
            if line.startswith(b"data: "):
                first.set()
            if b"data-ticket" in line:
                told[board] = time.monotonic()
                return
    seen = [asyncio.Event() for _ in keys]
    watching = [asyncio.create_task(watch(at, lines[at][0], seen[at])) for at in range(len(keys))]
    for (_, writer), key in zip(lines, keys, strict=True):
        writer.write(f"GET /board/{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await asyncio.wait_for(asyncio.gather(*(one.wait() for one in seen)), 60)
    called = await asyncio.to_thread(call)
    await asyncio.wait(watching, timeout=30)
    for _, writer in lines:
        writer.close()
    return [moment - called[board % DEPARTMENTS] for board, moment in told.items()]
