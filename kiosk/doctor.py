"""Is this machine well? Devices, server, clock, disk, records: each check is one sentence.

The checks ask the real devices and the real server.
"""

from __future__ import annotations

import queue
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.contract import DeviceError, Driver, Paper, State, Status
from drivers.service import Service
from kiosk.hospital import Unknown
from kiosk.machine import Machine
from kiosk.requests import Refused

DEVICE_TIME = 12.0          # seconds for a device to be found at any of its speeds
CLOCK = 30.0                # seconds that the clocks of kiosk and hospital may differ
DISK = 500 * 1024 * 1024    # bytes that must be free


@dataclass(frozen=True)
class Finding:
    """One check: what, whether it is well, and a sentence."""

    what: str
    well: bool
    sentence: str


def examine(machine: Machine, state: Path) -> Iterator[Finding]:
    """Every check, as it is made."""
    for service in (machine.lobby.idcard, machine.lobby.scanner, machine.lobby.printer):
        yield _device(service)
    yield from _server(machine)
    free = shutil.disk_usage(state).free
    yield Finding("disk", free >= DISK, f"{free // 2**20} MiB are free where the machine keeps its state"
                  + ("." if free >= DISK else f"; at least {DISK // 2**20} MiB are needed."))
    broken = machine.journal.broken_link()
    yield Finding("facts", broken is None, "The chain of facts is whole." if broken is None else
                  f"The chain of facts is broken at number {broken}: somebody changed the file.")
    yield from _open(machine)


def _device(service: Service[Any]) -> Finding:
    answers: queue.SimpleQueue[tuple[str, Status] | DeviceError] = queue.SimpleQueue()

    def ask(device: Driver) -> tuple[str, Status]:
        return device.identify(), device.status()

    service.submit(ask, answers.put)
    try:
        answer = answers.get(timeout=DEVICE_TIME)
    except queue.Empty:
        return Finding(service.name, False, f"The {service.name} does not answer.")
    if isinstance(answer, DeviceError):
        return Finding(service.name, False, f"The {service.name} cannot be used: {answer} ({answer.cause}).")
    name, status = answer
    well = status.state is State.ONLINE and status.paper not in (Paper.OUT, Paper.JAMMED)
    paper = f", paper {status.paper}" if status.paper else ""
    return Finding(service.name, well, f"{name}: {status.state}{paper}{f' ({status.cause})' if status.cause else ''}.")


def _server(machine: Machine) -> Iterator[Finding]:
    before = machine.now()
    try:
        hello = machine.hospital.hello()
    except (Unknown, Refused) as no:
        yield Finding("server", False, f"The hospital server at {machine.settings.hospital_url} cannot be used: {no}.")
        return
    yield Finding("server", True, f"{hello.hospital.zh}, version {hello.version}, answered.")
    off = (hello.time - (before + (machine.now() - before) / 2)).total_seconds()
    yield Finding("clock", abs(off) <= CLOCK, f"This clock and the hospital's differ by {abs(off):.1f} s"
                  + ("." if abs(off) <= CLOCK else f"; more than {CLOCK:g} s. Set this machine's clock."))


def _open(machine: Machine) -> Iterator[Finding]:
    visits, owed = machine.journal.open_visits(), machine.journal.owed()
    held = [visit for visit in visits if visit.held]
    lost = machine.journal.unreadable()
    yield Finding("obligations", not held and not lost,
                  f"{len(visits)} open visits, {len(owed)} messages still to be delivered"
                  + (f", {lost} that cannot be read (the machine's key was lost)" if lost else "")
                  + (f"; staff must look at {', '.join(visit.id[:8].upper() for visit in held)}." if held else "."))


def fonts(find: Callable[[], Any]) -> Finding:
    """`find` raises when a font is missing; its message is the sentence."""
    try:
        find()
    except Exception as missing:
        return Finding("fonts", False, str(missing))
    return Finding("fonts", True, "The letters and icons are installed.")
