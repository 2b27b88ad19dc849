"""The machine under torture: stage, desk, ears and journal as they are, on one thread and a virtual clock."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import kiosk.journal
import kiosk.stage
from core import SIGN, Core
from drivers import contract as d
from kiosk import moments
from kiosk.desk import Desk, Lobby, News
from kiosk.journal import Journal, machine_key
from kiosk.journeys import stories, tiles
from kiosk.numbers import code_rules
from kiosk.stage import Stage
from kiosk.sync import Sync
from kiosk.visit import Comfort, Scene
from lobby import Service
from torture.outside import Outside
from virtual import PowerCut

STORIES, TILES = dict(stories()), tiles()

CODES = code_rules(visit_card=r"V\d{12}|1\d{15}")      # bar codes, and numbers on stripes


class Machine(Core):
    """`make_journal` opens its memory, on `folder` or elsewhere. What a test plants into it are subclasses of its parts."""

    stage_type: type[Stage] = Stage
    desk_type: type[Desk] = Desk
    sync_type: type[Sync] = Sync
    greeting, patience = Comfort(), 60          # its settings, from the next start on

    def __init__(self, outside: Outside, folder: Path, make_journal: Callable[[Path], Any] | None = None,
                 name: str = "kiosk") -> None:
        self.outside, self.name, self._make = outside, name, make_journal or on_disk
        self.hospital: Any = outside.hospital
        self.last: Scene | None = None
        super().__init__(outside, folder, STORIES)

    def switch_on(self) -> None:
        self._life += 1
        self._owner = f"{self.name} {self._life}"
        self.outside.clock.reboot[self._owner] = self.reboot
        self.printer = self.paper.device = self.outside.printer
        for service in (self.reader, self.scanner, self.paper):
            service.on_news = lambda name, works: self.post(News(name, works))
        self.journal = self._make(self.folder)
        self.sync = self.sync_type(self.journal, self.hospital, self.post)
        self.desk = self.desk_type(self.journal, self.hospital, Lobby(*cast(Any, (self.reader, self.scanner, self.paper))),
                                   SIGN, CODES, self.post, self._wake, self.hospital.departments,
                                   self.town.clock.wall, self)
        self.stage = self.stage_type(self, self.desk, self.journeys, TILES, self.town.clock.wall, self.greeting,
                                     self.patience)
        self.stage.start()
        self.do(self._round)
        self.settle()

    def reboot(self) -> None:
        """The power failed; it comes back, perhaps to fail again at once."""
        while True:
            self.die()
            try:
                self.switch_on()
                return
            except PowerCut:
                pass

    def die(self) -> None:
        """The power is gone: nothing of the machine goes on."""
        self.outside.deaths += 1
        self.town.clock.drop(self._owner)
        self.outside.clock.reboot.pop(self._owner, None)
        for service in (self.reader, self.scanner, self.paper):
            service.forget()

    @property
    def _name(self) -> str:
        return self._owner

    @property
    def scene(self) -> Scene:
        assert self.last is not None
        return self.last

    def show(self, scene: Scene) -> None:
        self.last = scene

    def after(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        return self.town.clock.after(seconds, call, self._owner)

    def _wake(self) -> None:
        self.after(0, self._deliver)

    def unplug(self, service: Service, plugged: bool) -> None:
        if service.plugged != plugged:
            service.plug() if plugged else service.unplug()

    def present(self, what: Any) -> None:
        """A card on the reader; it does not stay there for the next."""
        self.reader.present(what)
        self.settle(1)
        self.reader.device.lying = None

    def scan(self, code: str) -> None:
        self.scanner.present(code)
        self.settle(1)
        self.scanner.device.lying = None


def on_disk(folder: Path) -> Journal:
    return Journal(folder / "journal.sqlite3", machine_key(folder / "machine.key"))


@contextmanager
def reckoned(outside: Outside, chance: random.Random, happens: Callable[[str], None] | None = None) -> Iterator[None]:
    """Within, nothing is left to true chance or the true time; `happens` is called at every moment."""
    uuids, now, before = kiosk.stage.uuid, kiosk.journal._now, moments.happens
    kiosk.stage.uuid = cast(Any, SimpleNamespace(uuid4=lambda: uuid.UUID(int=chance.getrandbits(128))))
    kiosk.journal._now = lambda: outside.clock.wall().isoformat(timespec="milliseconds")
    moments.happens = happens
    try:
        yield
    finally:
        kiosk.stage.uuid, kiosk.journal._now, moments.happens = uuids, now, before


BAD_CARDS = (d.CardMoved(), d.CardRefused())
