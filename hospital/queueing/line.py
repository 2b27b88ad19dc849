"""The order of a line: whose turn it is. Pure: no database, no clock.

Everybody has a *place*, the moment they rightfully wait from: whoever is booked and on time from the start of their
segment, whoever registered today a little behind those booked for the same time, whoever is late from the moment they
came. The place is never lost. A priority lends some minutes: the *turn* is the place less those minutes, and turns are
called in order. So priorities are interleaved with the others instead of going before all of them.

Nobody starves: whoever was overtaken `most` times, that is, waited while somebody with a later place was called, is
called before everybody whose turn was lent. **Nobody is overtaken more than `most` times**: among those who had enough,
the earliest place goes first, so calling any of them overtakes none of the others. (Turns to come back after a missed
call are waited for, and do not count.)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Place:
    """Who waits. `after`: not before the line's so-manieth call (a missed call comes back after some others)."""

    ticket: int
    number: int
    place: dt.datetime
    turn: dt.datetime
    after: int = 0
    overtaken: int = 0

    @property
    def rightful(self) -> tuple[dt.datetime, int]:
        return self.place, self.number


def first(line: Iterable[Place], calls: int, most: int) -> Place | None:
    """Who is called next, after `calls` calls. Somebody who must let others pass goes all the same when nobody is left."""
    waiting = list(line)
    ready = [one for one in waiting if one.after <= calls]
    if not ready:
        return min(waiting, key=lambda one: (one.after, one.rightful), default=None)
    enough = [one for one in ready if one.overtaken >= most]
    if enough:
        return min(enough, key=lambda one: one.rightful)
    return min(ready, key=lambda one: (one.turn, one.rightful))


def overtakes(called: Place, other: Place, calls: int) -> bool:
    """Does calling the one pass over the other?"""
    return other.after <= calls and other.rightful < called.rightful


def order(line: Iterable[Place], calls: int, most: int) -> Iterator[Place]:
    """Everybody in the order they will be called if nobody else comes."""
    left = list(line)
    while (called := first(left, calls, most)) is not None:
        yield called
        left = [replace(one, overtaken=one.overtaken + 1) if overtakes(called, one, calls) else one
                for one in left if one.ticket != called.ticket]
        calls += 1


def ahead(line: Iterable[Place], ticket: int, calls: int, most: int) -> int:
    """How many will be called before this ticket if nobody else comes."""
    for count, one in enumerate(order(line, calls, most)):
        if one.ticket == ticket:
            return count
    raise LookupError("not in this line")
