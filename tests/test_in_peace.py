"""Who stands at the machine finishes in peace, whoever waits for it: staff at the door, the night, a new setting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import Core
from kiosk.around import Door, Supplied
from kiosk.desk import Shut
from kiosk.hours import LOOK, Sleep, asleep
from kiosk.journeys import stories
from kiosk.offer import EndProgram
from kiosk.power import Supply
from kiosk.requests.service import EndVisit, EnterDigits
from kiosk.service.menu import maintain
from kiosk.stage import SERVICE
from kiosk.words import Language, read, say
from tables import Player, Table, tables
from town import Town
from virtual import Clock

REGISTER = {table.title: table for table in tables("register")}
KNOWN = REGISTER["register: known ID card, general clinic, today, paid"]
REFUSED = REGISTER["register: two bookings of one person, the third in the same half day is refused"]
LINE = "工作人员在等候"


@pytest.fixture
def core(disk: Path) -> Core:
    """A kiosk with a service menu."""
    return Core(Town(), disk, {**stories(), SERVICE: maintain})


def told(core: Core, *messages: Any) -> None:
    for message in messages:
        core.post(message)
    core.settle()


def rest(of: Table, after: int) -> Table:
    """What of a table is still to be played, but its last look at the welcome page."""
    return replace(of, steps=tuple(step for step in of.steps[after:] if step.page not in ("welcome", "in the end")))


def asks_who(core: Core) -> bool:
    return isinstance(core.scene.ask, EnterDigits)


# The door.


@pytest.mark.parametrize("at", range(1, 7))
def test_whoever_opens_the_door_waits_for_the_visit_in_progress(core: Core, at: int) -> None:
    Player(core).play(KNOWN, until=at)
    page = core.scene.ask
    told(core, Door(True))
    assert core.scene.ask == page and core.scene.staff, "the same page, and one line more"
    Player(core).play(rest(KNOWN, at))
    [booked] = core.town.bookings.values()
    assert booked.appointment.state == "booked" and core.printer.pieces, "paid, booked, printed"
    assert asks_who(core) and not core.scene.staff
    told(core, Door(False))
    assert core.page() == "welcome" and core.stage.idle


def test_every_page_of_the_visit_says_that_staff_wait(core: Core) -> None:
    Player(core).play(KNOWN, until=1)
    told(core, Door(True))
    seen = len(core.scenes)
    Player(core).play(rest(KNOWN, 1))
    visit = [scene for scene in core.scenes[seen:] if not isinstance(scene.ask, EnterDigits)]
    assert {scene.ask.page for scene in visit} >= {"choose", "time", "confirm", "pay", "done"}
    assert all(scene.staff for scene in visit)


def test_a_door_that_is_shut_again_was_nothing(core: Core) -> None:
    Player(core).play(KNOWN, until=4)
    told(core, Door(True), Door(False))
    assert not core.scene.staff
    core.home()
    assert core.page() == "welcome"


def test_a_visit_that_nobody_goes_on_with_ends_by_its_time(core: Core) -> None:
    Player(core).play(KNOWN, until=4)
    told(core, Door(True))
    core.settle(79)
    assert core.page() == "still"
    core.settle(1)
    assert asks_who(core) and ("left", {"why": "timeout", "page": "ChooseTime"}) in core.facts()
    core.settle(80)
    assert core.page() == "closed" and "机门打开" in core.words() and core.stage.idle


def test_a_last_page_is_read_before_the_menu(core: Core) -> None:
    """The visit is over, and its person reads why; the program, too, waits for that to end."""
    ended: list[str] = []
    core.stage.end_program = lambda: ended.append(core.page())
    Player(core).play(REFUSED, until=18)
    assert core.page() == "trouble" and core.stage.idle
    told(core, Door(True), EndProgram())
    core.settle(40)
    assert core.page() == "still" and core.scene.staff and ended == []
    core.settle(20)
    assert asks_who(core) and ended == ["still"]


# Staff who cannot wait.


def test_staff_end_the_visit_when_they_have_confirmed_it_and_nothing_is_lost(core: Core) -> None:
    Player(core).play(KNOWN, until=6)
    told(core, Door(True))
    core.stage.serve()                          # they knock at the page
    assert isinstance(core.scene.ask, EndVisit) and "结束办理" in core.words()
    core.touch("结束办理")
    assert asks_who(core)
    core.settle(60)
    assert ("left", {"why": "closed", "page": "Pay"}) in core.facts()
    assert all(core.town.free(place) for places in core.town.segments.values() for place in places), "the order is closed"


@pytest.mark.parametrize("how", ["继续等", "silence"])
def test_a_visit_that_staff_do_not_end_goes_on_where_it_stood(core: Core, how: str) -> None:
    Player(core).play(KNOWN, until=6)
    page = core.scene.ask
    told(core, Door(True))
    core.stage.serve()
    core.touch(how) if how != "silence" else core.settle(20)
    assert core.scene.ask == page and core.scene.staff
    Player(core).play(rest(KNOWN, 6))
    assert [booked.appointment.state for booked in core.town.bookings.values()] == ["booked"] and asks_who(core)


def test_what_was_paid_while_staff_were_asked_is_booked(core: Core) -> None:
    Player(core).play(KNOWN, until=6)
    told(core, Door(True))
    core.stage.serve()
    assert core.pay()
    core.touch("结束办理")
    core.settle(60)
    assert [booked.appointment.state for booked in core.town.bookings.values()] == ["booked"] and not core.stage._behind


def test_a_knock_without_an_open_door_is_nothing_to_a_visit(core: Core) -> None:
    Player(core).play(KNOWN, until=4)
    page = core.scene
    told(core, Door(True), Door(False))
    core.stage.serve()
    assert core.scene.ask == page.ask, "it is waited for"
    core.home()
    assert asks_who(core)


# The night, what staff closed, a new setting, the mains.


@pytest.mark.parametrize("by", ["sleep", "staff", "power"])
def test_whatever_closes_the_machine_a_visit_is_finished_first(core: Core, by: str) -> None:
    Player(core).play(KNOWN, until=4)
    told(core, Supplied(Supply.PARKED) if by == "power" else Shut(by, {"all": "maintenance"}))
    assert core.page() == "time" and not core.scene.staff
    Player(core).play(rest(KNOWN, 4))
    assert [booked.appointment.state for booked in core.town.bookings.values()] == ["booked"]
    assert core.page() == "closed" and core.stage.idle


def test_a_service_that_staff_closed_cannot_be_chosen_by_whoever_puts_a_card_down(core: Core) -> None:
    told(core, Shut("staff", {"examine": "maintenance", "cancel": "counter"}))
    core.card("测试甲")
    options = {option.value: option for option in getattr(core.scene.ask, "options")}
    assert {name for name, option in options.items() if not option.enabled} == {"examine", "cancel"}
    assert core.read(options["cancel"].why) == "请到人工窗口办理"
    core.touch("挂号")
    assert core.page() == "choose"


def test_no_bank_cards_today(core: Core) -> None:
    assert "银行卡" not in core.words()
    told(core, Shut("staff", {"terminal": "network"}))
    assert "今天这里不能刷银行卡" in "".join(core.read(notice) for notice in core.scene.ask.notices)  # type: ignore[attr-defined]


def test_new_settings_wait_for_whoever_stands_here(core: Core) -> None:
    ended: list[str] = []
    core.stage.end_program = lambda: ended.append(core.page())
    Player(core).play(KNOWN, until=4)
    told(core, EndProgram())
    Player(core).play(rest(KNOWN, 4))
    assert ended == ["done"], "when the last page was read, and not before"


# The hours of sleep.


@pytest.mark.parametrize("hours, awake_at, asleep_at", [
    ((dt.time(22), dt.time(6, 30)), ("06:30", "21:59", "12:00"), ("22:00", "23:59", "00:00", "06:29")),
    ((dt.time(12), dt.time(13)), ("11:59", "13:00"), ("12:00", "12:59")),
])
def test_hours_of_sleep(hours: Any, awake_at: Sequence[str], asleep_at: Sequence[str]) -> None:
    assert not any(asleep(hours, dt.time.fromisoformat(time)) for time in awake_at)
    assert all(asleep(hours, dt.time.fromisoformat(time)) for time in asleep_at)


class Bedside:
    """Who hears a machine fall asleep and wake: each change with the time of day."""

    def __init__(self, hours: tuple[dt.time, dt.time]) -> None:
        self.clock, self.set_by = Clock(), dt.timedelta(0)
        self.heard: list[tuple[str, bool]] = []
        Sleep(hours, self.clock.after, self.wall, lambda now: self.heard.append((f"{self.wall():%H:%M:%S}", now)))

    def wall(self) -> dt.datetime:
        return self.clock.wall() + self.set_by


def test_it_sleeps_and_wakes_at_the_second_every_day() -> None:
    one = Bedside((dt.time(22), dt.time(6, 30)))
    one.clock.go(48 * 3600)
    assert one.heard == [("22:00:00", True), ("06:30:00", False)] * 2


def test_a_machine_that_is_started_at_night_sleeps_at_once() -> None:
    one = Bedside((dt.time(7), dt.time(9)))
    assert one.heard == [("08:00:00", True)]
    one.clock.go(3600)
    assert one.heard == [("08:00:00", True), ("09:00:00", False)]


def test_a_clock_that_is_set_is_noticed_soon() -> None:
    one = Bedside((dt.time(22), dt.time(6, 30)))
    one.clock.go(100)
    one.set_by = dt.timedelta(hours=14)
    one.clock.go(LOOK)
    assert [now for _, now in one.heard] == [True]
    one.set_by = dt.timedelta(hours=-1)
    one.clock.go(LOOK)
    assert [now for _, now in one.heard] == [True, False]


def test_both_languages_say_that_staff_wait() -> None:
    assert LINE in read(say("screen.staff"), Language.ZH) and "Staff" in read(say("screen.staff"), Language.EN)
