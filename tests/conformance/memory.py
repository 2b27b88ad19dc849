"""Twins on lines of memory, in time that passes only while a driver waits: minutes of silence cost nothing.

The twin is the real one and so is the driver; only what is between them is not. Nothing here runs beside anything else,
so the same faults give the same outcome every time.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from types import SimpleNamespace
from typing import Any, TypeVar

from conformance import Subject
from drivers.contract import Cancelled, DeviceError, Gone, Status
from drivers.sim.bench import TWINS
from drivers.sim.line import Line
from drivers.sim.loop import Loop
from drivers.sim.twin import Twin

R = TypeVar("R")

REAL: dict[str, Any] = {"time": time, "monotonic": time.monotonic}

LONGEST = 300.0             # seconds for one command, of the time here: no command may take longer, whatever happens
READS = 50_000              # reads for one command: more is a loop in which no time passes


class Crash(Exception):
    """A driver ended with something else than a DeviceError."""


class Hang(BaseException):
    """A driver does not come to an end. Not an `Exception`: no driver may swallow it."""


@dataclass(order=True)
class Timer:
    """Stands for asyncio's handle."""

    due: float
    turn: int
    act: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        self.act = None

    def cancelled(self) -> bool:
        return self.act is None

    def when(self) -> float:
        return self.due


class StillLoop(Loop):
    """The bench's loop without a thread: what is due happens while somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._timers: list[Timer] = []
        self._turns = itertools.count()

    def call(self, act: Callable[[], R], timeout: float = 10.0) -> R:
        return act()

    def later(self, seconds: float, act: Callable[[], None]) -> Any:
        timer = Timer(self.seconds + max(0.0, seconds), next(self._turns), act)
        heapq.heappush(self._timers, timer)
        return timer

    def now(self) -> float:
        return self.seconds

    def changed(self) -> None:
        """Nobody waits for it."""

    def until(self, true: Callable[[], bool], timeout: float = 5.0) -> None:
        if not self.pass_time(timeout, true):
            raise TimeoutError(f"not so after {timeout} s")

    def pass_time(self, seconds: float, enough: Callable[[], bool]) -> bool:
        """Let time pass until `enough`, for at most `seconds`; was it enough?"""
        end = self.seconds + max(0.0, seconds)
        while not enough():
            if not self._timers or self._timers[0].due > end:
                self.seconds = end
                return enough()
            timer = heapq.heappop(self._timers)
            if act := timer.act:
                self.seconds = max(self.seconds, timer.due)
                timer.act = None
                act()
        return True


class MemoryLine(Line):
    """The twin's end. `spoil(number, answer)` has the last word on each answer, counted from 0 as they leave.

    `frames` are the answers as they left.
    """

    def __init__(self, loop: StillLoop, baud: int) -> None:
        super().__init__(loop, baud)
        self.speed = baud                       # of the machine's end
        self.frames: list[bytes] = []
        self.incoming: deque[bytes] = deque()
        self.spoil: Callable[[int, bytes], bytes] = lambda number, answer: answer
        self.joined = False                     # what comes at one moment is one piece, not one for each answer
        self.unplug_after: int | None = None    # so many more bytes, then the plug is out
        self._plugged = False
        self._last = 0.0
        self._under_way = 0                     # counts up when what is under way is lost

    @property
    def url(self) -> str:
        return "memory:"

    @property
    def plugged(self) -> bool:
        return self._plugged

    def plug(self) -> None:
        self._plugged = True

    def unplug(self) -> None:
        self._plugged = False
        self._lose()

    def same_speed(self) -> bool:
        return self.speed == self.baud

    def send(self, answer: bytes) -> None:
        answer = self.faults.shape(answer)
        if self._plugged and answer and self.same_speed():
            self.frames.append(answer)
            self._queue(self.faults.pieces(self.spoil(len(self.frames) - 1, answer)))

    def said(self, data: bytes) -> None:
        """The machine wrote something."""
        if self.same_speed():
            if self.faults.echo:
                self._queue([(0.0, data)])
            self.hear(data)
        else:
            self.noise += len(data)

    def _queue(self, pieces: Iterable[tuple[float, bytes]]) -> None:
        due = self.loop.now()
        for pause, piece in pieces:
            due = self._last = max(due + pause, self._last)
            if due <= self.loop.now():
                self._arrive(piece, self._under_way)
            else:
                self.loop.later(due - self.loop.now(), partial(self._arrive, piece, self._under_way))

    def _arrive(self, piece: bytes, under_way: int) -> None:
        if under_way != self._under_way:
            return
        if self.unplug_after is not None:
            piece, left = piece[:self.unplug_after], self.unplug_after - len(piece)
            self.unplug_after = max(0, left)
            if left <= 0:
                self.unplug_after = None
                self._lose()
                self.incoming.extend([piece] if piece else [])
                self._plugged = False
                return
        if piece and self._plugged:
            self.incoming.append(piece)

    def well(self) -> None:
        self.faults = type(self.faults)()
        self.unplug_after = None
        self._lose()
        self.plug()

    def _lose(self) -> None:
        self._under_way += 1
        self._last = 0.0
        self.incoming.clear()


class MemoryLink:
    """The machine's end: a `Link`."""

    def __init__(self, line: MemoryLine, loop: StillLoop) -> None:
        self._line, self._loop = line, loop
        self.once: Callable[[], object] | None = None       # called when the driver waits, one time
        self._cancel: Timer | None = None
        self.closed = False
        self.begin()

    def begin(self) -> None:
        """A new command."""
        self._reads, self._end = 0, self._loop.seconds + LONGEST

    def read(self, timeout: float) -> bytes:
        self._check()
        self._reads += 1
        if self._reads > READS or self._loop.seconds > self._end:
            raise Hang(f"{self._reads} reads, {self._loop.seconds:.0f} s")
        if timeout > 0.1 and (act := self.once):
            self.once = None
            act()
        line = self._line
        self._loop.pass_time(timeout, lambda: bool(line.incoming) or not line.plugged or self._cancelled())
        if self._cancelled():
            self.rearm()
            raise Cancelled
        if line.incoming and line.joined:
            data = b"".join(line.incoming)
            line.incoming.clear()
            return data
        if line.incoming:
            return line.incoming.popleft()
        self._check()
        return b""

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        self._check()
        self._line.said(bytes(data))

    def drop_input(self) -> None:
        self._check()
        self._line.incoming.clear()

    def set_baud(self, baud: int) -> None:
        self._line.speed = baud

    def cancel(self, after: float = 0.0) -> None:
        """`after`: seconds from now."""
        self.rearm()
        self._cancel = self._loop.later(after, lambda: None)

    def rearm(self) -> None:
        if self._cancel:
            self._cancel.cancel()
        self._cancel = None

    def close(self) -> None:
        self.closed = True

    def _check(self) -> None:
        if self.closed or not self._line.plugged and not self._line.incoming:
            raise Gone("no such line")

    def _cancelled(self) -> bool:
        return self._cancel is not None and self._loop.seconds >= self._cancel.due


class Memory:
    """One driver before one twin: the `Twins` and the `Desk` of a subject, without a bench and without a service."""

    def __init__(self, subject: Subject, other: type[Twin] | None = None, speed: float = 1.0) -> None:
        """`other`: another twin than the driver's own."""
        self.subject, self.loop = subject, StillLoop()
        kind = other or TWINS[subject.device].load()
        self.line = MemoryLine(self.loop, kind.BAUD)
        self.twin: Any = kind(self.line, speed)
        self.devices = {subject.device: self.twin}
        self.twin.plug()
        if not other:
            subject.prepare(self.twin)
        self.cancel_at: float | None = None                 # when whatever command there is is taken back
        self.link: Any = None                                # a MemoryLink, once connected
        self.device: Any = None
        self.identity = ""
        self.status: Status | None = None

    def open(self) -> None:
        """Connect as the service does. Raises DeviceError."""
        self.link = MemoryLink(self.line, self.loop)
        self.line.incoming.clear()
        self.line.speed = self.line.baud
        device = self.subject.module.Device(self.link, **self.subject.options)
        self.identity = device.identify()
        self.link.begin()
        self.status = device.status()
        self.device = device

    def do(self, work: Callable[[Any], Any], once_it_waits: Callable[[], object] | None = None) -> Any:
        try:
            if not self.device:
                self.open()
            self.link.rearm()
            self.link.begin()
            self.link.once = once_it_waits
            if self.cancel_at is not None and self.cancel_at >= self.loop.seconds:
                self.link.cancel(self.cancel_at - self.loop.seconds)
            return work(self.device)
        except Exception as error:
            if not isinstance(error, DeviceError):
                raise Crash(place(error)) from error
            if isinstance(error, Gone) or type(error) is DeviceError or self.link.closed:
                self.device = None
            return error
        finally:
            if self.link:
                self.link.once = None

    def use(self) -> Any:
        return self.subject.use(self, self)

    def reopen(self) -> None:
        """As after the service has hung up."""
        self.device = None


def place(error: BaseException) -> str:
    """The kind of a bug and where it is."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{type(error).__name__} at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else repr(error)


@contextmanager
def still(loop: StillLoop) -> Iterator[None]:
    """Within, what drivers and twins think the time is, is the loop's."""
    clock = SimpleNamespace(**{name: getattr(time, name) for name in dir(time) if not name.startswith("_")})
    clock.monotonic = clock.perf_counter = loop.now
    clock.sleep = lambda seconds: loop.pass_time(seconds, lambda: False)
    ours = {"time": clock, "monotonic": loop.now}
    clocks = _clocks(len(sys.modules))
    for module, word in clocks:
        setattr(module, word, ours[word])
    try:
        yield
    finally:
        for module, word in clocks:
            setattr(module, word, REAL[word])


@cache
def _clocks(modules: int) -> list[tuple[Any, str]]:
    """Where drivers and twins look at the time, as long as no more modules are loaded."""
    return [(module, word) for name, module in sys.modules.items() if name.startswith("drivers.") and module is not None
            for word, real in REAL.items() if getattr(module, word, None) is real]


@contextmanager
def memory(subject: Subject, other: type[Twin] | None = None, speed: float = 1.0) -> Iterator[Memory]:
    """A driver and a twin, not connected yet."""
    subject.module                              # loaded before its clock is changed
    world = Memory(subject, other, speed)
    with still(world.loop):
        yield world
