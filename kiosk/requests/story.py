"""What a story is made of: requests that it awaits, and how it is told that it does not go on as hoped."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Generic, TypeVar

A = TypeVar("A", covariant=True)


class Request(Generic[A]):
    """Something a story waits for. The one line of machinery."""

    def __await__(self) -> Generator[Request[A], A, A]:
        return (yield self)


# How a story is told that it does not go on as hoped.


class Unfinished(Exception):
    """The story does not go on as hoped: undo what was opened, then let it pass."""


class Left(Unfinished):
    """The person is done with this question without an answer.

    why: back (one step), home, timeout, closed (a door was opened, the power fails), crash, gone (an earlier `Left` and
    nobody stands here any more).
    """

    def __init__(self, why: str = "home") -> None:
        super().__init__(why)
        self.why = why


class Declined(Unfinished):
    """The person was asked and said no."""


class Refused(Unfinished):
    """The other side said no, for a reason that has a sentence (`refused.<reason>`). `data` may have any names, `reason`
    too."""

    def __init__(self, reason: str, /, **data: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.data = data
