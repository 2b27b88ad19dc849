"""What survives the machine: the town with its hospital and its payment office, the paper in people's hands, the seed."""

from __future__ import annotations

import heapq
import pickle
import random
from collections.abc import Callable, Sequence
from typing import Any

from kiosk import moments
from kiosk.hospital import Fact
from lobby import Printer
from town import Town
from town_hospital import TownHospital
from virtual import Clock, Fuse, PowerCut


class Borders(Fuse):
    """The town's own moments (between what the hospital did and its answer) are the machine's moments too."""

    def pass_(self, moment: str) -> None:
        moments.moment(moment)


class Time(Clock):
    """Time that goes on when a machine dies: `reboot` starts the machine again whose work was cut short."""

    def __init__(self) -> None:
        super().__init__()
        self._queue: list[list[Any]] = []
        self.reboot: dict[str, Callable[[], None]] = {}

    def after(self, seconds: float, call: Callable[[], None], owner: str = "") -> Callable[[], None]:
        alarm = [self.seconds + seconds, next(self._turns), call, owner]
        heapq.heappush(self._queue, alarm)
        return lambda: alarm.__setitem__(2, None)

    def drop(self, owner: str) -> None:
        self._queue = [alarm for alarm in self._queue if alarm[3] != owner and alarm[2] is not None]
        heapq.heapify(self._queue)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_queue": [], "reboot": {}}

    def go(self, seconds: float = 0.0) -> None:
        end = self.seconds + seconds
        while self._queue and self._queue[0][0] <= end:
            due, _, call, owner = heapq.heappop(self._queue)
            if call is None:
                continue                    # called off
            if due > self.seconds:
                self.seconds = due
            try:
                call()
            except PowerCut:
                self.reboot[owner]()
        if end > self.seconds:
            self.seconds = end


class Hospital(TownHospital):
    """The town's hospital, which also hears what the machines have to tell."""

    def tell_facts(self, facts: Sequence[Fact], key: str) -> None:
        """The line may be down."""
        with self._asked():
            self._town.heard.update({(fact.id, fact.at): (fact.kind, fact.data) for fact in facts})


class Outside(Town):
    """A town that can be carried over the machine's death. `told`: what people read that the books must bear out."""

    clock: Time

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.fuse, self.hospital = Time(), Borders(), Hospital(self)
        self.printer = Printer(self.fuse)
        self.visitors: list[str] = []
        self.told: list[str] = []
        self.heard: dict[tuple[int, str], tuple[str, Any]] = {}      # facts, by their number and time
        self.deaths = 0                  # of the machine, so far

    def carried(self) -> bytes:
        """All of it, but for what the machine itself had still to do."""
        return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def from_carried(data: bytes) -> Outside:
        town = pickle.loads(data)
        assert isinstance(town, Outside)
        return town

    def phone(self, no: str) -> None:
        """Whose phone pays now: the next payment is for this order."""
        if no in self.orders:
            self.orders[no] = self.orders.pop(no)

    def mend(self) -> None:
        """Whatever failed outside works again."""
        self.away, self.lose = False, 0
        self.shut_channels.clear()
        self.office_back()
        self.printer.trouble, self.printer.torn = None, False


FRESH = Outside().carried()


def town() -> Outside:
    """A new town; unpickling is cheaper than founding."""
    return Outside.from_carried(FRESH)


def dice(*seed: Any) -> random.Random:
    """Chance, from the seed and what it is for."""
    return random.Random(" ".join(map(str, seed)))
