"""What has no commit of its own and rides along with the next one: facts, news struck off, what the hospital was told.

It stays here until the commit that took it along has come through: after a rollback it waits for the next one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

Noted = tuple[str, str, str]        # a fact: when, what kind, its data as JSON


@dataclass(frozen=True)
class Ride:
    """facts: in their order. struck: the keys of delivered news. told: the last fact the hospital has, or 0."""

    facts: tuple[Noted, ...] = ()
    struck: frozenset[str] = frozenset()
    told: int = 0


NOTHING = Ride()


class Rides:
    """Any thread adds; nobody ever waits here for the disk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now = NOTHING
        """What waits at this moment."""

    def add(self, more: Ride) -> None:
        with self._lock:
            self.now = Ride(self.now.facts + more.facts, self.now.struck | more.struck, max(self.now.told, more.told))

    def arrived(self, ride: Ride) -> None:
        """It is on disk. What was added since goes on waiting."""
        if ride is NOTHING:
            return
        with self._lock:
            self.now = NOTHING if self.now is ride else Ride(
                self.now.facts[len(ride.facts):], self.now.struck - ride.struck,
                self.now.told if self.now.told != ride.told else 0)
