"""Is this machine well? The service menu's lamps, after every device was asked who and how it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from drivers.contract import State
from kiosk.machine import Machine
from kiosk.requests import Refused
from kiosk.requests.service import Lamp, Level
from kiosk.service.staff import Staff
from kiosk.service.survey import lamps
from kiosk.words import Language, read, say

DEVICE_TIME = 12.0          # seconds for a device to be found at any of its speeds
LOOK = 0.1                  # seconds between two looks whether all devices have spoken


def examine(machine: Machine) -> Iterator[Lamp]:
    """Every lamp, once each device has said how it is, or had the time to."""
    end = time.monotonic() + DEVICE_TIME
    waiting = list(machine.services.values())
    while waiting and time.monotonic() < end:
        waiting = [service for service in waiting if service.status.state is State.UNKNOWN]
        time.sleep(LOOK)
    for lamp in lamps(machine.view):
        silent = lamp.key in machine.services and machine.services[lamp.key].status.state is State.UNKNOWN
        yield lamp if not silent else Lamp(lamp.key, lamp.name, Level.BAD, say("cause.no_answer"), lamp.since,
                                           advice=say("advice.no_answer"))


def staff(members: Staff) -> Lamp:
    """Who may sign in."""
    try:
        count = len(members.members())
    except Refused as no:
        return Lamp("staff", say("device.staff"), Level.BAD, say(f"service.{no.reason}"))
    return Lamp("staff", say("device.staff"), Level.GOOD, say("lamp.staff", count=count))


def fonts(find: Callable[[], Any]) -> Lamp:
    """`find` raises when a font is missing; its message is the sentence."""
    try:
        find()
    except Exception as missing:
        return Lamp("fonts", say("device.fonts"), Level.BAD, str(missing))
    return Lamp("fonts", say("device.fonts"), Level.GOOD, say("lamp.fonts"))


def sentence(lamp: Lamp, language: Language) -> str:
    """One line for a terminal."""
    parts = [read(part, language) for part in (lamp.words, lamp.advice) if part is not None]
    identity = f" ({lamp.identity})" if lamp.identity else ""
    return f"{read(lamp.name, language)}{identity}: {'. '.join(parts)}"
