"""How the whole machine is, at one look: devices, server, money's ways, clock, disk, memory, records, what is open.

The same lamps are shown in the service menu and printed by `python -m kiosk doctor`. Nothing here waits for a device: what
a device last said of itself is known. Only the hospital is asked, and only when it was there a moment ago.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from drivers.contract import Bin, Paper, State, Status, Stock
from drivers.service import Service, Snapshot
from kiosk.hospital import Hello, Hospital, Unknown
from kiosk.journal import Fact, Journal
from kiosk.journeys import tiles
from kiosk.requests import READERS, Option, Refused, Row
from kiosk.requests.service import Lamp, Level, Section, Survey
from kiosk.service.local import Local
from kiosk.settings import Settings
from kiosk.words import Text, say

CLOCK = 30.0                # seconds that the clocks of kiosk and hospital may differ
DISK = 500 * 2 ** 20        # bytes that must be free
MEMORY = 200 * 2 ** 20      # bytes that must be free
CHAIN = 600.0               # seconds between two checks of the chain of facts
FRESH = 20.0                # seconds an answer of the hospital is shown
VISITS = 20
FACTS = 2000                # the last facts that are searched for visits

STATES = {State.ONLINE: Level.GOOD, State.OFFLINE: Level.BAD, State.FAULT: Level.BAD, State.NO_DEVICE: Level.BAD,
          State.UNKNOWN: Level.UNKNOWN}
SUPPLIES: Mapping[tuple[str, str], Level] = {
    ("paper", Paper.LOW): Level.WARN, ("paper", Paper.OUT): Level.BAD, ("paper", Paper.JAMMED): Level.BAD,
    ("cards", Stock.LOW): Level.WARN, ("cards", Stock.EMPTY): Level.BAD, ("bin", Bin.FULL): Level.BAD,
    ("toner", Stock.LOW): Level.WARN, ("toner", Stock.EMPTY): Level.BAD,
    **{(kind, "unknown"): Level.UNKNOWN for kind in ("paper", "cards", "bin", "toner")}}
WORST = (Level.BAD, Level.WARN, Level.UNKNOWN, Level.GOOD)


@dataclass
class Machine:
    """What of a kiosk is looked at. `state`: its folder."""

    services: Mapping[str, Service[Any]]
    hospital: Hospital
    journal: Journal
    settings: Settings
    local: Local
    state: Path
    now: Callable[[], dt.datetime]
    begun: float = field(default_factory=time.monotonic)
    _heard: tuple[float, Hello | None, float | None] = (-1e9, None, None)
    _chain: tuple[float, int | None] | None = None

    def hello(self) -> tuple[Hello | None, float | None]:
        """The hospital's answer, and by how many seconds its clock is ahead; not older than some seconds."""
        at, hello, ahead = self._heard
        if time.monotonic() - at > FRESH:
            hello, ahead = self._ask()
            self._heard = time.monotonic(), hello, ahead
        return hello, ahead

    def heard(self) -> tuple[Hello | None, float | None]:
        """What the hospital last said, without asking it again: whoever looks must not wait for a server that is away.
        (Sync asks in each of its rounds.)"""
        return self._heard[1:] if self._heard[0] > 0 else self.hello()

    def broken_link(self) -> int | None:
        """Where the chain of facts is broken, as it was found some minutes ago: a year of facts takes seconds."""
        if self._chain is None or time.monotonic() - self._chain[0] > CHAIN:
            self._chain = time.monotonic(), self.journal.broken_link()
        return self._chain[1]

    def forget(self) -> None:
        """The next question goes to the hospital itself."""
        self._heard = (-1e9, None, None)

    def _ask(self) -> tuple[Hello | None, float | None]:
        before = self.now()
        try:
            hello = self.hospital.hello()
        except (Unknown, Refused):
            return None, None
        return hello, (hello.time - (before + (self.now() - before) / 2)).total_seconds()


def look(machine: Machine) -> Survey:
    """Everything, now."""
    facts = machine.journal.facts(after=max(0, machine.journal.last_fact() - FACTS))
    return Survey(lamps=tuple(lamps(machine)), sections=tuple(_sections(machine)),
                  visits=_visits(facts, machine.now()), changes=machine.local.changes, closed=machine.local.closed,
                  closable=tuple(_closable(machine)))


def lamps(machine: Machine) -> Iterator[Lamp]:
    """A lamp for each thing that can fail."""
    for name, service in machine.services.items():
        snapshot = service.snapshot
        yield device(name, replace(snapshot, since=snapshot.since.astimezone(machine.now().tzinfo)))
    hello, ahead = machine.heard()
    yield from _server(hello, ahead)
    yield _disk(machine.state)
    yield _memory()
    yield _facts(machine)
    yield _obligations(machine.journal)


def device(name: str, snapshot: Snapshot) -> Lamp:
    """A device as it last said it was."""
    status = snapshot.status
    supplies = list(_supplies(status))
    level = worst([STATES[status.state], *(SUPPLIES.get(supply, Level.GOOD) for supply in supplies)])
    words: Text = say(f"state.{status.state}")
    if status.cause and status.state is not State.ONLINE:
        words = say(f"cause.{status.cause}")
    for kind, supply in supplies:
        if not status.cause or CAUSES.get((kind, supply)) != status.cause:
            words = say("lamp.two", one=words, two=say(f"supply.{kind}.{supply}"))
    cause = snapshot.last_fault.partition(":")[0]
    wrong = status.cause or _cause_of(supplies)
    return Lamp(name, say(f"device.{name}"), level, words, snapshot.since, say(f"cause.{cause}") if cause else None,
                say(f"advice.{wrong}") if level is Level.BAD and wrong else None, snapshot.identity)


def _supplies(status: Status) -> Iterator[tuple[str, Paper | Stock | Bin]]:
    if status.state is not State.ONLINE and status.state is not State.OFFLINE:
        return                             # what it last had says nothing of now
    for kind, supply in (("paper", status.paper), ("cards", status.cards), ("bin", status.bin), ("toner", status.toner)):
        if supply is not None:
            yield kind, supply


CAUSES = {("paper", Paper.OUT): "paper_out", ("paper", Paper.JAMMED): "paper_jam", ("cards", Stock.EMPTY): "no_cards",
          ("bin", Bin.FULL): "bin_full", ("toner", Stock.EMPTY): "toner_out"}


def _cause_of(supplies: Sequence[tuple[str, Any]]) -> str:
    return next((CAUSES[supply] for supply in supplies if supply in CAUSES), "")


def worst(levels: Sequence[Level]) -> Level:
    return next(level for level in WORST if level in levels)


def _server(hello: Hello | None, ahead: float | None) -> Iterator[Lamp]:
    if hello is None or ahead is None:
        yield Lamp("server", say("device.server"), Level.BAD, say("lamp.server_gone"), advice=say("lamp.server_advice"))
        yield Lamp("clock", say("device.clock"), Level.UNKNOWN, say("lamp.clock_unknown"))
        return
    yield Lamp("server", say("device.server"), Level.GOOD, say("lamp.server_well", version=hello.version))
    yield Lamp("channels", say("device.channels"), Level.GOOD if hello.channels else Level.WARN,
               say("lamp.channels", count=len(hello.channels)) if hello.channels else say("lamp.no_channels"))
    off = abs(ahead) > CLOCK
    yield Lamp("clock", say("device.clock"), Level.BAD if off else Level.GOOD, say("lamp.clock", seconds=abs(ahead)),
               advice=say("lamp.clock_advice") if off else None)


def _disk(state: Path) -> Lamp:
    free = shutil.disk_usage(state).free
    short = free < DISK
    return Lamp("disk", say("device.disk"), Level.BAD if short else Level.GOOD, say("lamp.disk", free=free // 2 ** 20),
                advice=say("lamp.disk_advice") if short else None)


def _memory() -> Lamp:
    free = _kilobytes("/proc/meminfo", "MemAvailable")
    short = free * 1024 < MEMORY
    return Lamp("memory", say("device.memory"), Level.BAD if short else Level.GOOD,
                say("lamp.memory", free=free // 1024),
                advice=say("lamp.memory_advice") if short else None)


def _kilobytes(file: str, name: str) -> int:
    """A line `name:   1234 kB` of Linux's own tables (proc(5))."""
    lines = Path(file).read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _facts(machine: Machine) -> Lamp:
    broken = machine.broken_link()
    return Lamp("facts", say("device.facts"), Level.GOOD if broken is None else Level.BAD,
                say("lamp.facts_whole") if broken is None else say("lamp.facts_broken", number=broken),
                advice=say("lamp.facts_advice") if broken is not None else None)


def _obligations(journal: Journal) -> Lamp:
    visits, owed, lost = journal.open_visits(), journal.owed(), journal.unreadable()
    held = ", ".join(visit.id[:8].upper() for visit in visits if visit.held)
    if held or lost:
        return Lamp("obligations", say("device.obligations"), Level.BAD, say("lamp.obligations_held", held=held or "?"),
                    advice=say("lamp.obligations_advice"))
    return Lamp("obligations", say("device.obligations"), Level.GOOD,
                say("lamp.obligations", open=len(visits), owed=len(owed)) if visits or owed
                else say("lamp.obligations_none"))


# What is counted and written.


def _sections(machine: Machine) -> Iterator[Section]:
    minutes = int(time.monotonic() - machine.begun) // 60
    yield Section(say("section.machine"), (
        Row(say("row.kiosk"), machine.settings.kiosk),
        Row(say("row.version"), importlib.metadata.version("hospital-kiosk")),
        Row(say("row.config"), _configuration(machine)),
        Row(say("row.uptime"), say("lamp.hours", hours=minutes // 60, minutes=minutes % 60))))
    yield Section(say("section.counters"), tuple(_counters(machine)))
    if machine.local.closed:
        yield Section(say("section.closed"), tuple(
            Row(_title(closure.what), say(f"closed.{closure.reason}")) for closure in machine.local.closed))


def _closable(machine: Machine) -> Iterator[Option[str]]:
    for what in ("all", "pay"):
        yield Option(what, _title(what), icon=what)
    for tile in tiles():
        yield Option(tile.value, tile.title, icon=tile.icon)
    for device in (*READERS, "printer", "terminal"):
        if device in machine.services:
            yield Option(device, _title(device), icon=device)


def _title(what: str) -> Text:
    return next((tile.title for tile in tiles() if tile.value == what), say(f"function.{what}"))


def _configuration(machine: Machine) -> Text:
    """Eight characters by which two machines' settings files are told apart, and when the file was last changed."""
    file = machine.state / "kiosk.ini"
    if not file.exists():
        return say("lamp.local_none")
    at = dt.datetime.fromtimestamp(file.stat().st_mtime, machine.now().tzinfo)
    return say("lamp.config", digest=hashlib.sha256(file.read_bytes()).hexdigest()[:8], day=at.date(), start=at)


def _counters(machine: Machine) -> Iterator[Row]:
    midnight = machine.now().replace(hour=0, minute=0, second=0, microsecond=0)
    yield Row(say("row.visits_today"), say("lamp.visits", count=machine.journal.count_from("visit", midnight)))
    for counter, what, kind in (("row.tickets", "printer", "printed"), ("row.cards_issued", "cards", "card_issued"),
                                ("row.cards_captured", "box", "card_captured")):
        if what == "printer" or "cards" in machine.services:
            yield Row(say(counter), say("lamp.sheets", count=machine.journal.count(kind, "counted", what)))


def _visits(facts: Sequence[Fact], now: dt.datetime) -> tuple[Row, ...]:
    """The last visits: when, which service, how it ended; the newest first. Facts know no names."""
    rows: list[tuple[dt.datetime, str, str]] = []
    for fact in facts:
        if fact.kind == "visit":
            rows.append((_when(fact, now), fact.data["journey"], "open"))
        elif fact.kind == "end" and rows:
            at = next((at for at in range(len(rows) - 1, -1, -1)
                       if rows[at][1] == fact.data["journey"] and rows[at][2] == "open"), None)
            if at is not None:
                rows[at] = (*rows[at][:2], str(fact.data["how"]).partition(" ")[0])
    return tuple(Row(say("service.when", day=when.date(), start=when),
                     say("visit.how", journey=say(f"tile.{journey}"), how=say(f"visit.how.{how}")))
                 for when, journey, how in reversed(rows[-VISITS:]))


def _when(fact: Fact, now: dt.datetime) -> dt.datetime:
    return dt.datetime.fromisoformat(fact.at).astimezone(now.tzinfo)
