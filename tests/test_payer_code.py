"""A payer's code is a secret for a minute: it passes through the machine, and is nowhere in it afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import Core
from kiosk.play import fingerprint
from kiosk.requests import PayByCode, PayerCode
from kiosk.wire import to_json
from promises import settled
from tables import Player, Step, Table, tables
from town import Town
from traces import kept as traced
from virtual import PowerCut

CODE = "134567890123456789"
TABLES = [table for table in tables("register") if any(CODE in act for step in table.steps for act in step.acts)]


def kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_it_is_never_written_nor_shown_in_a_repr_nor_in_what_is_compared() -> None:
    shown, forgotten = PayByCode("hold-1", PayerCode("wechat", CODE)), PayByCode("hold-1", PayerCode("wechat"))
    assert CODE not in repr(shown) and CODE not in str(to_json(shown))
    assert fingerprint(shown) == fingerprint(forgotten), "after a crash it is the same request, without the code"


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_it_is_in_no_file_at_any_step(table: Table, disk: Path) -> None:
    kiosk = Core(Town(), disk)

    def look(step: Step) -> None:
        assert CODE.encode() not in kept(disk), f"line {step.line}"

    Player(kiosk, before=look).play(table)
    settled(kiosk)
    assert CODE.encode() not in kept(disk) and CODE not in str(kiosk.facts())


@pytest.mark.parametrize("moment", ["before charge", "after charge"])
def test_a_power_cut_while_it_is_charged_is_settled_without_it(disk: Path, moment: str) -> None:
    kiosk = at_the_code(disk)
    kiosk.town.fuse.arm(moments_of_showing(disk / "before").index(moment))
    with pytest.raises(PowerCut):
        kiosk.code(CODE)
    assert CODE.encode() not in kept(disk)
    kiosk.cut()
    settled(kiosk, dark=True)
    bookings = [one for one in kiosk.town.bookings.values() if one.appointment.state == "booked"]
    assert len(bookings) == (moment == "after charge"), "charged and booked, or neither"


def test_it_is_forgotten_as_soon_as_it_is_charged(disk: Path) -> None:
    kiosk = at_the_code(disk)
    kiosk.town.office_away = True
    kiosk.code(CODE)
    assert kiosk.page() == "wait" and remembered(kiosk), "it may still have to be sent again"
    kiosk.town.office_back()
    kiosk.settle(15)
    assert kiosk.page() == "done" and remembered(kiosk) == []
    settled(kiosk)


@pytest.mark.parametrize("what, page", [("a password is typed", "pay"), ("the wallet takes nothing", "trouble"),
                                        ("the place is gone", "time")])
def test_it_is_forgotten_when_it_can_pay_no_more(disk: Path, what: str, page: str) -> None:
    kiosk = at_the_code(disk)
    if what == "a password is typed":
        kiosk.town.typing = True
    elif what == "the wallet takes nothing":
        kiosk.town.shut_channels.add("wechat")
    else:
        for held in kiosk.town.holds.values():
            held.released = True
    kiosk.scanner.present(CODE)
    kiosk.settle(2)                 # what is raised in here knows all of this stack: the code is on it no more
    assert kiosk.page() == page and remembered(kiosk) == []
    settled(kiosk)


def remembered(kiosk: Core) -> list[str]:
    """Where the machine still knows the code."""
    alarms = [alarm.call for alarm in kiosk.town.clock._alarms]
    own = [kiosk.stage, kiosk.desk, kiosk.journal, kiosk.sync, kiosk.reader, kiosk.scanner, kiosk.paper, kiosk.scenes]
    town = kiosk.town
    return traced([CODE], [*own, *alarms], [kiosk, town, town.hospital, town.clock, town.fuse, kiosk.printer])


def at_the_code(folder: Path) -> Core:
    """Somebody stands before the QR code, with the phone in the hand."""
    folder.mkdir(exist_ok=True)
    kiosk = Core(Town(), folder)
    Player(kiosk).play(TABLES[0], until=6)
    return kiosk


def moments_of_showing(folder: Path) -> list[str]:
    kiosk = at_the_code(folder)
    kiosk.town.fuse.moments.clear()
    kiosk.code(CODE)
    return list(kiosk.town.fuse.moments)
