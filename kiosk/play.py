"""One play of a journey: a coroutine, what it was answered so far, and how to bring it back from that.

Durability is replay. The history of answers *is* the state of a visit: after a crash, a step back, or never, the story
is played from its first line with the recorded answers, and stands where it stood. A story that asks something else
than the record says has diverged; that is reported, never guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from kiosk import care, exam_care, queue_care, requests, tickets, words
from kiosk.requests import Ask, Do, Left, Refused, Request, Unfinished
from kiosk.wire import Registry, ordered_text, to_json
from kiosk.words import Text

T = TypeVar("T")

Story = Callable[[], Coroutine[Request[Any], Any, None]]

RECORDS = Registry(care, exam_care, queue_care, requests, tickets, words)
"""What answers are made of."""


class Result(StrEnum):
    INTENT = "intent"      # an act that was begun; its outcome is not known
    DONE = "done"
    REFUSED = "refused"
    LEFT = "left"


@dataclass(frozen=True)
class Entry:
    """One request of a play and what came of it. `value`: the answer, the refusal, or the `Left`.

    On disk a request is its name and fingerprint, the value sealed bytes; in memory they are themselves. What lies on
    disk is made once: for a list of two weeks' times that takes longer than the commit (`Journal.prepare`).
    """

    position: int
    epoch: int
    result: Result
    value: Any = field(default=None, repr=False)
    request: Request[Any] | None = None
    name: str = ""
    fingerprint: str = ""
    _sealed: list[bytes] = field(default_factory=list, init=False, repr=False, compare=False)

    def records(self, request: Request[Any]) -> bool:
        """Is this the record of `request`?"""
        if self.request is not None:
            return self.request == request
        return self.asked == (type(request).__name__, fingerprint(request))

    def came(self, value: Any) -> Entry:
        """The outcome of this intent: an answer or `Refused`. What was asked is not hashed again."""
        return Entry(self.position, self.epoch, _result(value), value, self.request, *self.asked)

    @cached_property
    def asked(self) -> tuple[str, str]:
        """The name and the fingerprint of the request."""
        if self.request is None or self.fingerprint:
            return self.name, self.fingerprint
        return type(self.request).__name__, fingerprint(self.request)

    @property
    def packed(self) -> Any:
        """What came of it as JSON data, for `unpacked`. Raises TypeError for a value that is no record."""
        match self.value:
            case Refused(reason=reason, data=data):
                return {"reason": reason, "data": to_json(data)}
            case Left(why=why):
                return {"why": why}
        return RECORDS.pack(self.value)

    def sealed(self, seal: Callable[[Any], bytes]) -> bytes:
        """`packed` as it lies on disk: `seal` is asked once."""
        if not self._sealed:
            self._sealed.append(seal(self.packed))
        return self._sealed[0]


def _result(value: Any) -> Result:
    return Result.REFUSED if isinstance(value, Refused) else Result.LEFT if isinstance(value, Left) else Result.DONE


def unpacked(result: Result, data: Any) -> Any:
    """The value of an entry that was `packed`. Raises Misfit, KeyError, TypeError."""
    match result:
        case Result.REFUSED:
            return Refused(data["reason"], **data["data"])
        case Result.LEFT:
            return Left(data["why"])
    return RECORDS.unpack(data)


@dataclass(frozen=True)
class End:
    """The story is over. why: None for its last line, or what ended it."""

    why: Unfinished | None = None


class Broken(Unfinished):
    """The story failed by a fault of its own. Where, not what: its words may be a person's."""


class Diverged(Broken):
    """The story, played again, asks something else than the record says."""


def fingerprint(request: Request[Any]) -> str:
    """What was asked, in sixteen characters: the request's name and data, not its words."""
    said = f"{type(request).__name__} {ordered_text(to_json(request))}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


class Play:
    """A journey being played for one visit.

    `visit` is its id (32 hex digits), `epoch` counts the plays of this visit (a step back begins a new one), `gone` says
    that nobody stands here any more. Begin with `resume`, go on with `answer`.
    """

    def __init__(self, visit: str, journey: str, story: Story, epoch: int = 0, history: Sequence[Entry] = (),
                 saved: int = 0) -> None:
        self.visit, self.journey, self.epoch = visit, journey, epoch
        self.history: list[Entry] = list(history)
        self.saved = saved
        """How many entries of the history are on disk already."""
        self.written = saved > 0
        """Whether anything of this visit is on disk."""
        self.gone = False
        self.request: Request[Any] | None = None
        self._story = story
        self._asked: list[Request[Any]] = []
        self._cut: int | None = None

    @property
    def reference(self) -> str:
        """The number on a slip by which staff find what it is about: orders' keys begin with it."""
        return self.visit[:8].upper()

    @property
    def key(self) -> str:
        """The idempotency key of the present request: the same act always carries the same one."""
        return f"{self.visit}-{self.epoch}-{len(self.history)}"

    def resume(self) -> Request[Any] | End:
        """Play from the first line through the history, to the first request without an outcome.

        Raises Diverged.
        """
        self._coroutine = self._story()
        recorded, self.history = self.history, []
        step = self._advance(lambda: self._coroutine.send(None))
        for entry in recorded:
            if isinstance(step, End):
                raise Diverged(f"{self.journey} ended at {entry.position}, the record goes on")
            if not entry.records(step):
                raise Diverged(f"{self.journey} asks {type(step).__name__} at {entry.position}, the record has another")
            if entry.result is Result.INTENT:
                self.saved = len(self.history)
                return step
            step = self._feed(entry, step)
        return step

    def answer(self, value: Any) -> Request[Any] | End:
        """Give the present request its outcome: an answer, `Refused` or `Left`."""
        assert self.request is not None, "nothing is asked"
        if isinstance(value, Left) and value.why == "back":
            self._cut = self._way_back()
        return self._feed(self._entry(value), self.request)

    def intent(self) -> Entry:
        """The present request as it is written down before it is tried."""
        assert self.request is not None
        return Entry(len(self.history), self.epoch, Result.INTENT, request=self.request)

    def unsaved(self) -> list[Entry]:
        """The entries that are not on disk yet; from now on they count as written."""
        fresh = self.history[self.saved:]
        self.saved = len(self.history)
        return fresh

    def can_back(self) -> bool:
        return self._way_back() is not None

    def stepped_back(self) -> Play:
        """The next play of this visit, after `Left("back")` has taken this one to its end."""
        assert self._cut is not None
        again = Play(self.visit, self.journey, self._story, self.epoch + 1, self.history[:self._cut])
        again.written = self.written
        return again

    def trail(self) -> tuple[Text, ...]:
        """What the person chose so far, in two words each."""
        answered = [(ask, entry) for ask, entry in zip(self._asked, self.history)
                    if isinstance(ask, Ask) and entry.result is Result.DONE]
        return tuple(text for ask, entry in answered if (text := ask.trail(entry.value)) is not None)

    def last(self, kind: type[T]) -> T | None:
        """The last answer of this kind."""
        return next((entry.value for entry in reversed(self.history) if isinstance(entry.value, kind)), None)

    def end(self) -> None:
        """Forget everything: the coroutine's own variables too."""
        self._coroutine.close()
        self.history.clear()
        self._asked.clear()
        self.request = None

    def _entry(self, value: Any) -> Entry:
        return Entry(len(self.history), self.epoch, _result(value), value, self.request)

    def _way_back(self) -> int | None:
        """Where the history is cut for a step back: before the last question that can be asked again, and before
        everything that leaving takes back."""
        acts = [(at, request) for at, request in enumerate(self._asked[:len(self.history)]) if isinstance(request, Do)]
        if any(act.final for _, act in acts):
            return None
        done = [at for at, act in acts if act.undone and self.history[at].result is Result.DONE]
        asks = [at for at, request in enumerate(self._asked[:done[0] if done else len(self.history)])
                if isinstance(request, Ask) and request.revisit and self.history[at].result is Result.DONE
                and not self._same_question(request)]
        return asks[-1] if asks else None

    def _same_question(self, asked: Ask[Any]) -> bool:
        """The present question, asked before with an older list: not where somebody who goes back wants to be."""
        now = self.request
        return isinstance(now, Ask) and (type(asked), asked.title) == (type(now), now.title)

    def _feed(self, entry: Entry, request: Request[Any]) -> Request[Any] | End:
        self.history.append(entry)
        value = entry.value
        if isinstance(value, Unfinished):
            return self._advance(lambda: self._coroutine.throw(value))
        return self._advance(lambda: self._coroutine.send(value))

    def _advance(self, move: Callable[[], Request[Any]]) -> Request[Any] | End:
        self.request = None
        try:
            self.request = move()
        except StopIteration:
            return End()
        except Unfinished as why:
            return End(why)
        except Exception as fault:
            return End(Broken(_where(fault)))
        self._asked.append(self.request)
        return self.request


def _where(fault: BaseException) -> str:
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
    return f"{type(fault).__name__}{place}"
