"""What all twins share: a line, the verbs people and tests use on them, and the faults of the line as verbs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import update_wrapper
from pathlib import Path
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar

from drivers.sim.line import Line, PtyLine, TcpLine
from drivers.sim.loop import Loop

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound="Twin")


@dataclass(frozen=True)
class Verb:
    """Something one can do to a twin, as the panel shows it. `parameters`: name -> (type word, default).

    `switch`: its first argument is `on`; the twin's `state` has its name.
    """

    name: str
    chinese: str
    english: str
    fault: bool
    parameters: dict[str, tuple[str, Any]]
    switch: bool


def verb(chinese: str, english: str, *, fault: bool = False) -> Callable[
        [Callable[Concatenate[T, P], R]], Callable[Concatenate[T, P], R]]:
    """Mark a method as a verb: callable from any thread and by name, run in the bench's thread."""

    def mark(method: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[T, P], R]:
        def call(self: T, /, *args: P.args, **kwargs: P.kwargs) -> R:
            def act() -> R:
                try:
                    return method(self, *args, **kwargs)
                finally:
                    self.line.loop.changed()

            return self.line.loop.call(act)

        update_wrapper(call, method)
        parameters = list(inspect.signature(method).parameters.values())[1:]
        words = {p.name: (str(p.annotation), None if p.default is p.empty else p.default) for p in parameters}
        switch = next(iter(words), "") == "on"
        setattr(call, "verb", Verb(method.__name__, chinese, english, fault, words, switch))
        return call

    return mark


def verbs(twin: Twin | type[Twin]) -> dict[str, Verb]:
    """The verbs of a twin by name, in the order they are written."""
    kind = twin if isinstance(twin, type) else type(twin)
    members = {name: member for parent in reversed(kind.__mro__) for name, member in vars(parent).items()}
    return {name: member.verb for name, member in members.items() if hasattr(member, "verb")}


class Twin:
    """One device on one line. Subclasses say what they hear and how they are."""

    BAUD: ClassVar[int] = 115200             # of its serial line, as it leaves the factory

    @classmethod
    def cable(cls, loop: Loop, path: Path, port: int | None) -> Line:
        """Its line on the bench: a terminal at `path`, or a TCP port (0: any free one) where one was asked for.

        A device that is not on a serial line overrides this, with a `Line` of its own; ValueError for a `port` that it
        cannot be on.
        """
        return PtyLine(loop, path, cls.BAUD) if port is None else TcpLine(loop, port)

    def __init__(self, line: Line, speed: float) -> None:
        """`speed`: how many times faster than the real device it moves."""
        self.line = line
        self.speed = speed
        line.hear = self.hear

    def hear(self, data: bytes) -> None:
        """The machine wrote something."""
        raise NotImplementedError

    def well(self) -> None:
        """All of the device's own faults are mended."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """How it is, as plain data. A switch's state has the name of its verb."""
        return {**asdict(self.line.faults), "plugged": self.line.plugged, "url": self.line.url}

    def until(self, true: Callable[[], bool], timeout: float = 20.0) -> None:
        """Wait, in any thread but the bench's, until `true()` holds. Raises TimeoutError."""
        self.line.loop.until(true, timeout)

    @verb("恢复正常", "All well")
    def heal(self) -> None:
        self.line.well()
        self.well()

    @verb("拔掉", "Unplug", fault=True)
    def unplug(self) -> None:
        self.line.unplug()

    @verb("插上", "Plug in", fault=True)
    def plug(self) -> None:
        self.line.plug()

    @verb("回答丢失", "Answers lost", fault=True)
    def silent(self, on: bool = True) -> None:
        self.line.faults.silent = on

    @verb("逐字节", "Single bytes", fault=True)
    def split(self, on: bool = True, gap_ms: int = 0) -> None:
        self.line.faults.split, self.line.faults.gap_ms = on, gap_ms

    @verb("重复回答", "Answers twice", fault=True)
    def duplicate(self, on: bool = True) -> None:
        self.line.faults.duplicate = on

    @verb("迟答（毫秒）", "Slow (ms)", fault=True)
    def slow(self, ms: int = 500) -> None:
        self.line.faults.slow_ms = ms

    @verb("回答有误（次）", "Garble answers", fault=True)
    def garble(self, n: int = 1) -> None:
        self.line.faults.garble = n

    @verb("回声", "Echo", fault=True)
    def echo(self, on: bool = True) -> None:
        """The line gives back what the machine sends, as an RS-485 adapter does that cannot mute itself."""
        self.line.faults.echo = on

    @verb("回答前有杂字节", "Stray bytes first", fault=True)
    def garbage(self, n: int = 8) -> None:
        self.line.faults.garbage = n

    @verb("只答前几字节", "Answer breaks off", fault=True)
    def truncate(self, after: int = 1) -> None:
        self.line.faults.truncate = after
