"""Every single-byte fault of a line, on every answer of one good use, and what a driver makes of it."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from conformance import Subject
from conformance.memory import Crash, Hang, Memory, memory, place
from drivers.contract import DeviceError, Status

KINDS = ("drop", "double", "cut", "insert", *(f"bit {n}" for n in range(8)))
REAL = 20                   # seconds of real time in which a case of a few milliseconds has certainly hung
ATTEMPTS = 3                # to use a device again after a fault: an old answer may spoil the first


@dataclass(frozen=True)
class Fault:
    """One byte of one answer. `cut`: nothing comes from this byte on."""

    frame: int
    at: int
    kind: str

    def spoil(self, number: int, answer: bytes) -> bytes:
        if number != self.frame or not answer:
            return answer
        at = self.at % len(answer)
        before, byte, after = answer[:at], answer[at:at + 1], answer[at + 1:]
        match self.kind:
            case "drop":
                return before + after
            case "double":
                return before + byte + byte + after
            case "cut":
                return before
            case "insert":
                return before + random.Random(f"{self.frame} {self.at}").randbytes(1) + byte + after
            case _:
                return before + bytes((byte[0] ^ 1 << int(self.kind[4:]),)) + after


@dataclass(frozen=True)
class Clean:
    """One good use, without a fault."""

    frames: tuple[bytes, ...]
    identity: str
    status: Status
    seconds: float


def clean(subject: Subject) -> Clean:
    """Raises AssertionError when even that does not come out right."""
    with memory(subject) as world:
        result = world.use()
        assert result is True, f"{subject.driver}: a good use gave {result!r}"
        assert world.status
        return Clean(tuple(world.line.frames), world.identity, world.status, world.loop.seconds)


def byte_faults(frames: tuple[bytes, ...]) -> list[Fault]:
    return [Fault(number, at, kind) for number, frame in enumerate(frames) for at in range(len(frame)) for kind in KINDS]


@dataclass(frozen=True)
class Verdict:
    """`what`: right, error, unseen (a wrong value that no driver could notice: `Subject.unchecked`), wrong, crash, hang, or
    lost (well again, and it could not be used)."""

    what: str
    detail: str = ""

    @property
    def good(self) -> bool:
        return self.what in ("right", "error", "unseen")


def verdict(subject: Subject, good: Clean, fault: Fault) -> Verdict:
    """What comes of one use with one fault, and of the next without."""
    with memory(subject) as world:
        world.line.spoil = fault.spoil
        return judge(world, good)


def judge(world: Memory, good: Clean | None = None, in_time: Callable[[], bool] = lambda: True) -> Verdict:
    """Use the device as it is, then heal it and use it again. With `good` what it says of itself must be the same.

    `in_time` is asked when the first use has ended.
    """
    first = use(world, good)
    if not in_time():
        return Verdict("hang", f"too late: {first}")
    if not first.good:
        return first
    world.cancel_at = None
    for attempt in range(ATTEMPTS):
        world.twin.heal()
        if attempt == ATTEMPTS - 1:
            world.reopen()
        if (again := use(world)).what == "right":
            return first
    return again if again.what in ("crash", "hang") else Verdict("lost", f"{again} after {first}")


def use(world: Memory, good: Clean | None = None) -> Verdict:
    """Use the device as it is."""
    try:
        with alarm():
            return _judge_use(world, good)
    except Hang as error:
        return Verdict("hang", str(error))
    except Crash as error:
        return Verdict("crash", str(error))


def _judge_use(world: Memory, good: Clean | None) -> Verdict:
    try:
        result = world.use()
    except (TimeoutError, AssertionError) as error:     # it was called done, and the twin knows nothing of it
        return Verdict("wrong", place(error))
    if isinstance(result, DeviceError):
        return Verdict("error", type(result).__name__)
    told = {"use": (result, True)}
    if good:
        told |= {"identify": (world.identity, good.identity), "status": (world.status, good.status)}
    wrong = {what: value for what, (value, wanted) in told.items() if value != wanted}
    if any(what not in world.subject.unchecked for what in wrong):
        return Verdict("wrong", repr(wrong))
    return Verdict("unseen") if wrong else Verdict("right")


@contextmanager
def alarm() -> Iterator[None]:
    """Ends a loop that neither reads nor lets time pass. In the main thread only."""

    def ring(number: int, frame: FrameType | None) -> Any:
        raise Hang(f"{REAL} s of computing")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, REAL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
