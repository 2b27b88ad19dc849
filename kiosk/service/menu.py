"""维护: the service menu as one story. It waits for nobody's visit: it is begun when none stands.

Whoever signs in has the devices until the menu ends, by its last touch, by two minutes without one, or by a fault: the
machine is never left half in service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.requests import Ask, Choose, ChooseFrom, Confirm, Left, Option, Refused, Row, Trouble, Unfinished
from kiosk.requests.service import (
    PIN_DIGITS, REFRESH, Board, ChangePin, ChangeSetting, Check, CloseFor, Closure, Counted, EndChange, EnterDigits,
    EnterText, ExportLogs, GiveBack, Guide, Lamp, Level, LocalChange, Look, Member, Reading, Reopen, Restart, Role,
    ScreenTest, Section, Setting, Settings, ShowReading, SignIn, Survey, TakeDevices, TestDevice, TestNetwork, TouchTest)
from kiosk.words import Text, say

PATIENCE = 24          # looks of five seconds without a touch, after which whoever signed in has gone
GUIDED = 100           # looks of three seconds: hands are in the machine, not on its screen

GUIDED_TESTS = ("idcard", "social", "visit_card_reader", "stripe", "scanner", "cards")
"""Devices that are tested with somebody's hand."""

TASKS: dict[str, tuple[str, Role]] = {
    "roll": ("printer", Role.NURSE), "jam": ("printer", Role.NURSE), "head": ("printer", Role.TECHNICIAN),
    "box": ("cards", Role.NURSE), "hopper": ("cards", Role.NURSE)}
"""Guided tasks: at which device, and from which role on."""

STEPS = {"roll": 4, "jam": 4, "head": 4, "box": 3, "hopper": 3}

REASONS = ("maintenance", "paper", "network", "counter")

SHORT = 14             # characters of a value on the list of settings

BACK = Option("back", say("service.back"), icon="back")

Item = tuple[str, str, Role, Callable[[Member], Awaitable[None]]]


async def maintain() -> None:
    """Sign in, take the devices, work, give them back."""
    member = await _sign_in()
    await TakeDevices(member.number)
    try:
        await _overview(member)
    except Unfinished:
        await GiveBack(member.number)
        raise
    await GiveBack(member.number)


async def _sign_in() -> Member:
    remark: Text | None = None
    while True:
        number = await EnterDigits(title=say("service.number"), least=3, most=8, remark=remark)
        pin = await EnterDigits(title=say("service.pin"), least=PIN_DIGITS, most=PIN_DIGITS, hidden=True)
        try:
            return await SignIn(number, pin)
        except Refused as no:
            remark = say(f"service.{no.reason}", **no.data)
            if no.reason in ("pin_locked", "staff_damaged"):
                await _say_no(remark)
                raise Left("home") from None


async def _overview(member: Member) -> None:
    """Everything in one look; the menu's root."""
    while True:
        try:
            chosen, survey = await _looking(lambda survey: Board(
                title=say("service.title"), lamps=_worst_first(survey.lamps), sections=survey.sections,
                options=_menu(member)))
        except Left as left:
            if left.why == "back":
                continue
            raise
        if chosen == "end":
            return
        await _back_here(_chosen(member, chosen, survey))


async def _looking(page: Callable[[Survey], Ask[str]], patience: int = PATIENCE) -> tuple[str, Survey]:
    """A page that shows how things are, asked anew with what is so now, until it is answered; and what was so then.

    Raises Left when nobody touched it for so many looks: whoever signed in has gone, wherever in the menu they were.
    """
    for _ in range(patience):
        survey = await Look()
        chosen = await page(survey)
        if chosen != REFRESH:
            return chosen, survey
    raise Left("timeout")


def _worst_first(lamps: tuple[Lamp, ...]) -> tuple[Lamp, ...]:
    """What is to be done stands where the eye begins."""
    order = (Level.BAD, Level.WARN)
    return tuple(sorted(lamps, key=lambda lamp: order.index(lamp.level) if lamp.level in order else len(order)))


def _menu(member: Member) -> tuple[Option[str], ...]:
    items = [Option(name, say(f"service.{name}"), icon=icon) for name, icon, least, _ in ITEMS if member.role.may(least)]
    return (*items, Option("end", say("service.end"), icon="home"))


async def _chosen(member: Member, chosen: str, survey: Survey) -> None:
    kind, _, key = chosen.partition(":")
    if kind == "lamp":
        await _device(member, key)
    else:
        await next(work for name, _, _, work in ITEMS if name == chosen)(member)


async def _back_here(work: Awaitable[None]) -> None:
    """One step back, from wherever in it, returns to the menu; so does what cannot be done, when it was read."""
    try:
        await work
    except Left as left:
        if left.why != "back":
            raise
    except Refused as no:
        await _say_no(say(f"service.{no.reason}", **no.data))


async def _say_no(words: Text) -> None:
    await Trouble(title=say("service.not_done"), text=words, options=(BACK,))


# A device.


async def _device(member: Member, key: str) -> None:
    """How it is, and what can be done with it."""
    tasks = [name for name, (device, least) in TASKS.items() if device == key and member.role.may(least)]
    options = [Option(name, say(f"task.{name}"), icon=f"task.{name}") for name in tasks]
    if key in TESTED and member.role.may(Role.TECHNICIAN):
        options.append(Option("test", say("service.test"), icon="test"))
    chosen = f"lamp:{key}"
    while chosen.startswith("lamp:"):
        chosen, _ = await _looking(lambda survey: _particulars(_lamp(survey, key), (*options, BACK)))
    if chosen == "test":
        await _test(member, key)
    elif chosen in TASKS:
        await _guided(member, chosen)


def _lamp(survey: Survey, key: str) -> Lamp:
    return next(lamp for lamp in survey.lamps if lamp.key == key)


def _particulars(lamp: Lamp, options: tuple[Option[str], ...]) -> Board:
    rows = [Row(say("service.state"), lamp.words)]
    if lamp.since is not None:
        rows.append(Row(say("service.since"), say("service.when", day=lamp.since.date(), start=lamp.since)))
    if lamp.fault is not None:
        rows.append(Row(say("service.last_fault"), lamp.fault))
    if lamp.advice is not None:
        rows.append(Row(say("service.advice"), lamp.advice))
    if lamp.identity:
        rows.append(Row(say("service.identity"), lamp.identity))
    return Board(title=lamp.name, lamps=(lamp,), sections=(Section(say("service.device"), tuple(rows)),), options=options)


async def _test(member: Member, device: str) -> None:
    """The device's real work once, and what it really said; as often as wanted."""
    again = True
    while again:
        if device in GUIDED_TESTS:
            await _looking(lambda survey: Guide(
                title=say(f"test.{device}"), picture=f"test.{device}", steps=(say(f"test.{device}.do"),),
                options=(Option("go", say("service.go"), icon="check"),)), GUIDED)
        reading: Reading = await TestDevice(device, member.number)
        again = "again" == await ShowReading(
            title=say(f"test.{device}"), words=reading.words, well=reading.well, lines=reading.lines,
            options=(Option("again", say("service.again"), icon="test"), BACK))


async def _guided(member: Member, task: str) -> None:
    """Steps with a drawing, until the device itself says nothing against it. (Of a printer that cannot tell its paper,
    only the test page knows.)"""
    device = TASKS[task][0]

    def page(survey: Survey) -> Guide:
        lamp = _lamp(survey, device)
        return Guide(
            title=say(f"task.{task}"), picture=task, lamp=lamp,
            steps=tuple(say(f"task.{task}.{number}") for number in range(1, STEPS[task] + 1)), options=(
                Option("done", say("service.done"), icon="check", enabled=lamp.level is not Level.BAD,
                       why=say("service.not_yet")), BACK))

    chosen, _ = await _looking(page, GUIDED)
    if chosen == "done":
        await Counted(device if task != "box" else "box", member.number)
        if device == "printer":
            await _test(member, "printer")


# The menu's items.


async def _paper(member: Member) -> None:
    await _guided(member, "roll")


async def _tests(member: Member) -> None:
    chosen = await Choose(title=say("service.tests"), options=tuple(
        Option(name, say(f"tests.{name}"), icon=f"tests.{name}") for name in ("touch", "screen", "sound", "network")))
    if chosen == "touch":
        missed = await TouchTest(title=say("tests.touch"))
        await _result(say("tests.touch"), missed == 0, say("tests.missed" if missed else "tests.touched", missed=missed))
    elif chosen == "screen":
        await ScreenTest(title=say("tests.screen"))
    elif chosen == "sound":
        await _test(member, "sound")
    else:
        checks: tuple[Check, ...] = await TestNetwork()
        well = all(check.well for check in checks)
        await ShowReading(title=say("tests.network"), words=say("tests.network_well" if well else "tests.network_bad"),
                          well=well, checks=checks, options=(BACK,))


async def _result(title: Text, well: bool, words: Text) -> None:
    await ShowReading(title=title, words=words, well=well, options=(BACK,))


async def _closing(member: Member) -> None:
    """Out of service, whole or one function, and back again."""
    survey = await Look()
    closed = {closure.what: closure for closure in survey.closed}
    what = await Choose(title=say("service.closing"), options=tuple(
        Option(one.value, one.title, _closed_note(closed.get(one.value)), icon=one.icon) for one in survey.closable))
    if what in closed:
        name = next(option.title for option in survey.closable if option.value == what)
        rows = (Row(say("service.function"), name, strong=True),)
        if await Confirm(title=say("service.reopen"), rows=rows, yes=say("service.reopen_yes"), no=say("service.back")):
            await Reopen(what, member.number)
        return
    reason = await Choose(title=say("service.why"), options=tuple(
        Option(name, say(f"closed.{name}"), icon="message") for name in REASONS))
    await CloseFor(what, reason, member.number)


def _closed_note(closure: Closure | None) -> Text:
    if closure is None:
        return say("service.is_open")
    return say("service.is_shut", day=closure.at.date(), start=closure.at, by=closure.by)


async def _visits(member: Member) -> None:
    survey = await Look()
    if not survey.visits:
        await _result(say("service.visits"), True, say("service.no_visits"))
        return
    await _looking(lambda survey: Board(title=say("service.visits"), options=(BACK,), sections=(
        Section(say("service.last_visits"), survey.visits),)))


async def _settings(member: Member) -> None:
    settings: tuple[Setting, ...] = await Settings(member.role)
    survey = await Look()
    changed = {change.name for change in survey.changes}
    setting: Setting = await ChooseFrom(title=say("service.settings"), options=tuple(
        Option(setting, setting.name, note=say(f"setting.{setting.name}"), icon="settings",
               badge=_badge(setting, setting.name in changed))
        for setting in settings))
    value = await _new_value(setting)
    until = await Choose(title=say("service.until"), options=(
        Option("today", say("service.today"), icon="day"), Option("told", say("service.until_told"), icon="check")))
    await ChangeSetting(setting.name, value, member.number, member.role, today_only=until == "today")


def _badge(setting: Setting, changed: bool) -> Text | None:
    """How it is now; of what is long, the beginning: all of it stands on its own page."""
    value = setting.value if len(setting.value) <= SHORT else f"{setting.value[:SHORT]}…"
    return say("service.changed", value=value) if changed else value or None


async def _new_value(setting: Setting) -> str:
    remark = say(f"setting.{setting.name}")
    if setting.choices:
        chosen: str = await Choose(title=say("service.new_value", name=setting.name), remark=remark, options=tuple(
            Option(choice, choice, icon="check" if choice == setting.value else "") for choice in setting.choices))
        return chosen
    return await EnterText(title=say("service.new_value", name=setting.name), begun=setting.value, remark=remark)


async def _changes(member: Member) -> None:
    """What was changed at this machine: dated, with who did it; each can be ended."""
    survey = await Look()
    if not survey.changes:
        await _result(say("service.changes"), True, say("service.no_changes"))
        return
    change: LocalChange = await ChooseFrom(title=say("service.changes"), options=tuple(
        Option(change, say("service.change", name=change.name, was=change.was, value=change.value),
               note=say("service.is_closed", day=change.at.date(), start=change.at, by=change.by), icon="settings")
        for change in survey.changes))
    if await Confirm(title=say("service.end_change"), rows=(Row(change.name, change.was, strong=True),),
                     yes=say("service.end_change_yes"), no=say("service.back")):
        await EndChange(change.name, member.number)


async def _pin(member: Member) -> None:
    pin = await EnterDigits(title=say("service.new_pin"), least=PIN_DIGITS, most=PIN_DIGITS, hidden=True)
    again = await EnterDigits(title=say("service.new_pin_again"), least=PIN_DIGITS, most=PIN_DIGITS, hidden=True)
    if pin != again:
        raise Refused("pins_differ")
    await ChangePin(member.number, pin)
    await _result(say("service.own_pin"), True, say("service.pin_changed"))


async def _export(member: Member) -> None:
    name = await ExportLogs(member.number)
    await _result(say("service.export"), True, say("service.exported", file=name))


async def _restart(member: Member) -> None:
    if await Confirm(title=say("service.restart"), rows=(), yes=say("service.restart_yes"), no=say("service.back"),
                     danger=True, remark=say("service.restart_text")):
        await Restart(member.number)
        raise Left("home")              # the program ends when nobody stands here any more


TESTED = (*GUIDED_TESTS, "printer", "report", "terminal", "board", "lights", "ups")

ITEMS: tuple[Item, ...] = (
    ("paper", "task.roll", Role.NURSE, _paper),
    ("closing", "closed", Role.NURSE, _closing),
    ("visits", "list", Role.NURSE, _visits),
    ("tests", "test", Role.TECHNICIAN, _tests),
    ("settings", "settings", Role.TECHNICIAN, _settings),
    ("changes", "changes", Role.TECHNICIAN, _changes),
    ("export", "usb", Role.TECHNICIAN, _export),
    ("own_pin", "key", Role.NURSE, _pin),
    ("restart", "restart", Role.TECHNICIAN, _restart),
)
"""Name, icon, from which role on, and the story of it."""
