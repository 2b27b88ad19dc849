"""Believable scenes for the pages of the service menu. All invented."""

from __future__ import annotations

import datetime as dt

from kiosk.requests import Choose, Confirm, Option, OutOfService, Row
from kiosk.requests.service import (
    Board, Check, EndVisit, EnterDigits, EnterText, Guide, Lamp, Level, ScreenTest, Section, ShowReading, TouchTest)
from kiosk.journeys import tiles
from kiosk.service.menu import BACK, ITEMS, STEPS
from kiosk.visit import Scene
from kiosk.words import Text, say

ZONE = dt.timezone(dt.timedelta(hours=8))
SINCE = dt.datetime(2026, 11, 21, 7, 2, tzinfo=ZONE)


def lamp(key: str, level: Level, words: Text, advice: Text | None = None) -> Lamp:
    return Lamp(key, say(f"device.{key}"), level, words, SINCE, advice=advice)


LAMPS = (
    lamp("idcard", Level.GOOD, say("state.online")), lamp("scanner", Level.UNKNOWN, say("state.unknown")),
    lamp("printer", Level.BAD, say("cause.paper_out"), say("advice.paper_out")),
    lamp("social", Level.BAD, say("cause.no_answer")),
    lamp("cards", Level.WARN, say("lamp.two", one=say("state.online"), two=say("supply.cards.low"))),
    lamp("terminal", Level.GOOD, say("state.online")), lamp("report", Level.GOOD, say("state.online")),
    lamp("board", Level.GOOD, say("state.online")), lamp("server", Level.GOOD, say("lamp.server_well", version="0.1.0")),
    lamp("channels", Level.GOOD, say("lamp.channels", count=2)), lamp("clock", Level.GOOD, say("lamp.clock", seconds=0.4)),
    lamp("disk", Level.GOOD, say("lamp.disk", free=21034)), lamp("memory", Level.GOOD, say("lamp.memory", free=1890)),
    lamp("facts", Level.GOOD, say("lamp.facts_whole")),
    lamp("obligations", Level.GOOD, say("lamp.obligations", open=1, owed=2)))
SECTIONS = (
    Section(say("section.machine"), (
        Row(say("row.kiosk"), "K01"), Row(say("row.version"), "0.1.0"),
        Row(say("row.config"), say("lamp.config", digest="3f0ac19b", day=SINCE.date(), start=SINCE)),
        Row(say("row.uptime"), say("lamp.hours", hours=173, minutes=12)))),
    Section(say("section.counters"), (
        Row(say("row.visits_today"), say("lamp.sheets", count=134)), Row(say("row.tickets"), say("lamp.sheets", count=812)),
        Row(say("row.cards_issued"), say("lamp.sheets", count=77)),
        Row(say("row.cards_captured"), say("lamp.sheets", count=2)))),
    Section(say("section.closed"), (Row(say("function.pay"), say("closed.network")),)))
MENU = (*(Option(name, say(f"service.{name}"), icon=icon) for name, icon, _, _ in ITEMS),
        Option("end", say("service.end"), icon="home"))
VISITS = Section(say("service.last_visits"), tuple(
    Row(say("service.when", day=SINCE.date(), start=SINCE + dt.timedelta(minutes=3 * at)),
        say("visit.how", journey=say(f"tile.{journey}"), how=say(f"visit.how.{how}")))
    for at, (journey, how) in enumerate(
        (("register", "done"), ("cancel", "left"), ("reprint", "refused"), ("attend", "open")) * 5)))
CLOSABLE = (*((name, say(f"function.{name}"), name) for name in ("all", "pay")),
            *((tile.value, tile.title, tile.icon) for tile in tiles()),
            *((name, say(f"function.{name}"), name)
              for name in ("idcard", "social", "stripe", "scanner", "printer", "terminal")))
SHUT = say("service.is_shut", day=SINCE.date(), start=SINCE, by="1002")
LINES = tuple(line for _ in range(9) for line in (
    "> 10 bytes aa aa aa 96 69 00 03 20 01 22", "< 15 bytes aa aa aa 96 69 00 08 00 00 9f 00 00 00 00 97",
    "> 10 bytes aa aa aa 96 69 00 03 30 01 32", "< 1295 bytes"))
CHECKS = (Check(say("check.line"), True, say("check.well")), Check(say("check.name"), True, "10.20.0.8"),
          Check(say("check.connection"), True, say("check.well")),
          Check(say("check.encryption"), False, say("check.bad_certificate")),
          Check(say("check.answer"), None, say("check.not_tried")))


def scene(ask: object, staff: bool = False) -> Scene:
    return Scene(ask, 7, can_back=True, can_leave=True, staff=staff)       # type: ignore[arg-type]


def guide(task: str, level: Level = Level.GOOD) -> Scene:
    state = lamp("printer", level, say("state.online") if level is Level.GOOD else say("cause.paper_out"))
    done = Option("done", say("service.done"), icon="check", enabled=level is Level.GOOD, why=say("service.not_yet"))
    steps = tuple(say(f"task.{task}.{at}") for at in range(1, STEPS[task] + 1))
    return scene(Guide(say(f"task.{task}"), task, steps, (done, BACK), state))


def service_scenes() -> dict[str, Scene]:
    """Every page of the menu, by a name for its picture."""
    again = Option("again", say("service.again"), icon="test")
    return {
        "service-number": scene(EnterDigits(say("service.number"), 3, 8, remark=say("service.pin_wait", seconds=17))),
        "service-pin": scene(EnterDigits(say("service.pin"), 6, 6, hidden=True)),
        "service-board": scene(Board(say("service.title"), LAMPS, SECTIONS, MENU)),
        "service-visits": scene(Board(say("service.visits"), sections=(VISITS,), options=(BACK,))),
        "service-device": scene(Board(say("device.printer"), LAMPS[2:3], (Section(say("service.device"), (
            Row(say("service.state"), say("cause.paper_out")),
            Row(say("service.since"), say("service.when", day=SINCE.date(), start=SINCE)),
            Row(say("service.last_fault"), say("cause.cover_open")), Row(say("service.advice"), say("advice.paper_out")),
            Row(say("service.identity"), "ESC/POS printer, 80 mm, confirms by gs_h"))),), (
            Option("roll", say("task.roll"), icon="task.roll"), Option("jam", say("task.jam"), icon="task.jam"),
            Option("head", say("task.head"), icon="task.head"), Option("test", say("service.test"), icon="test"), BACK))),
        **{f"service-task-{task}": guide(task, Level.BAD if task == "roll" else Level.GOOD) for task in STEPS},
        "service-test": scene(Guide(say("test.idcard"), "test.idcard", (say("test.idcard.do"),),
                                    (Option("go", say("service.go"), icon="check"),))),
        "service-reading": scene(ShowReading(say("test.idcard"), say("reading.card", last4="0016"), True, LINES,
                                             options=(again, BACK))),
        "service-failed": scene(ShowReading(say("test.printer"), say("reading.failed", why=say("cause.cover_open")), False,
                                            options=(again, BACK))),
        "service-network": scene(ShowReading(say("tests.network"), say("tests.network_bad"), False, checks=CHECKS,
                                             options=(BACK,))),
        "service-closing": scene(Choose(say("service.closing"), tuple(
            Option(name, title, SHUT if name == "pay" else say("service.is_open"), icon=icon)
            for name, title, icon in CLOSABLE))),
        "service-touch": scene(TouchTest(say("tests.touch"))),
        "service-colours": scene(ScreenTest(say("tests.screen"))),
        "service-keyboard": scene(EnterText(say("service.new_value", name="idcard_url"),
                                            "serial:///dev/kiosk/idcard?baud=115200", remark=say("setting.idcard_url"))),
        "service-end-visit": scene(EndVisit(), staff=True),
        "service-waits": scene(Confirm(say("cancel.confirm"), (Row(say("row.kiosk"), "K01"),), say("cancel.yes"),
                                       say("cancel.no")), staff=True),
        "closed": Scene(OutOfService(say("closed.title"), say("closed.door")), 7),
        "closed-night": Scene(OutOfService(say("closed.title"), say("closed.sleep")), 7),
    }
