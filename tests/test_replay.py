"""The power fails at every moment that matters, and again while what it broke is mended: the outside books agree.

A moment is before or after a commit, an act of the hospital, a ticket: so an intent without its act, an act whose
outcome was not written, and an outcome that nobody heard of are all among them.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pytest

from core import Core, memory
from kiosk.journeys import stories
from kiosk.requests import Choose, Departments, FindPatient, HoldSlot, OpenPayment, Option, Sessions
from kiosk.words import say
from promises import come_back, mend, settled
from tables import Player, Table, tables
from town import Town
from virtual import PowerCut

TABLES = {table.title: table for table in tables()}
TWICE = ("due: paid where the ticket is collected, and checked in",
         "register: known ID card, general clinic, today, paid", "register: free clinic, only one kind of place",
         "cancel: the money goes back, with a slip", "the paper ends in the middle of the ticket",
         "nobody pays", "another amount is never paid")


class Mark:
    """Where in a table a moment lies: after these acts, the so-manieth since the last of them."""

    def __init__(self, core: Core, player: Player) -> None:
        self.found: list[tuple[tuple[str, ...], int]] = []
        pass_ = core.town.fuse.pass_

        def pass_on(moment: str) -> None:
            acts = tuple(player.acts)
            self.found.append((acts, sum(before == acts for before, _ in self.found)))
            pass_(moment)

        core.town.fuse.pass_ = pass_on          # type: ignore[method-assign]
        core.journal._pass = pass_on


def moments(table: Table, folder: Path) -> list[tuple[tuple[str, ...], int]]:
    """Every moment of a table that is played without a cut."""
    core = Core(Town(), folder)
    player = Player(core)
    mark = Mark(core, player)
    player.play(table)
    return mark.found


@pytest.fixture(scope="module")
def cuts() -> dict[str, list[int]]:
    """For each table the moments to cut at. What begins as another table began is cut once."""
    seen: set[tuple[tuple[str, ...], int]] = set()
    found: dict[str, list[int]] = {}
    for title, table in TABLES.items():
        with tempfile.TemporaryDirectory(dir=memory()) as folder:
            every = moments(table, Path(folder))
        found[title] = [at for at, moment in enumerate(every) if moment not in seen]
        seen |= set(every)
    return found


def cut(table: Table, folder: Path, at: int) -> Core:
    """Play a table until the power fails at its moment `at`; the kiosk is still dark."""
    folder.mkdir()
    core = Core(Town(), folder)
    core.town.fuse.arm(at)
    with pytest.raises(PowerCut):
        Player(core).play(table)
    return core


@pytest.mark.parametrize("title", TABLES)
def test_a_power_cut_at_any_moment_breaks_no_promise(title: str, cuts: dict[str, list[int]], disk: Path) -> None:
    for at in cuts[title]:
        core = cut(TABLES[title], disk / str(at), at)
        core.cut()
        assert core.page() == "welcome", "the next person can begin at once"
        mend(core)
        come_back(core)
        settled(core, dark=True)


def remains(core: Core) -> tuple[object, ...]:
    """What a cut left: on the kiosk's disk, at the hospital, on paper."""
    visits = [(entry.name, entry.result) for visit in core.journal.open_visits() for entry in visit.history]
    return (tuple(visits), tuple(type(owed.request) for owed in core.journal.owed()),
            tuple(what for what, _ in core.town.answers.values()), len(core.printer.pieces))


@pytest.mark.parametrize("title", TWICE)
def test_and_again_while_it_recovers(title: str, cuts: dict[str, list[int]], disk: Path) -> None:
    """Every different remainder of a cut, and the next cut at every moment of mending it."""
    seen: set[tuple[object, ...]] = set()
    for at in cuts[title]:
        for again in itertools.count():
            core = cut(TABLES[title], disk / f"{at}-{again}", at)
            if again == 0 and remains(core) in seen:
                break
            seen.add(remains(core))
            core.town.fuse.arm(again)
            try:
                core.cut()
                core.settle(60)
                break                           # mending has fewer moments than that
            except PowerCut:
                core.cut()
            mend(core)
            come_back(core)
            settled(core, dark=True)


def test_what_was_cut_is_told_to_its_owner(disk: Path) -> None:
    """Paid, booked, and then the dark: the ticket is offered at the next visit, an original if none was printed."""
    table = TABLES["register: known ID card, general clinic, today, paid"]
    uncut = disk / "uncut"
    uncut.mkdir()
    core = Core(Town(), uncut)
    core.town.fuse.moments.clear()
    Player(core).play(table)
    at = core.town.fuse.moments.index("before print")
    core = cut(table, disk / "cut", at)
    core.cut()
    settled(core, dark=True)
    assert "您有一张凭条还没有取" in come_back(core)
    assert [piece.copy for piece in core.printer.pieces] == [2], "the kiosk cannot know that nothing was printed"


def test_a_story_that_diverged_is_kept_for_staff(disk: Path) -> None:
    table = TABLES["register: known ID card, general clinic, today, paid"]
    core = Core(Town(), disk)
    Player(core).play(table, until=6)
    assert core.page() == "pay"

    async def other() -> None:
        departments = await Departments()
        await Choose(title=say("department.title"), options=tuple(Option(one, one.name) for one in departments))

    before = len(core.town.answers)
    core.journeys = {**stories(), "register": other}
    core.cut()
    core.settle(60)
    [visit] = core.journal.open_visits()
    assert visit.held and "register" in visit.held
    assert any("diverged" in str(fact) for fact in core.facts())
    assert len(core.town.answers) == before, "nothing was guessed"
    assert core.page() == "welcome" and core.stage.idle
    core.cut()
    assert core.journal.open_visits()[0].held, "it is still there for staff after another start"
    core.journeys = dict(stories())


def test_a_story_that_fails_by_its_own_fault_is_kept_for_staff(disk: Path) -> None:
    """A bug in a journey takes neither the machine nor the visit with it, and names no person."""
    async def faulty() -> None:
        patient = await FindPatient("999999199001010016")
        offered = [session for department in await Departments() for session in await Sessions(department.id)]
        paid = [session for session in offered if session.fee and session.left][0]
        hold = await HoldSlot(patient.id, [part.id for part in paid.segments if part.left][0])
        await OpenPayment(hold.id, "wechat")
        raise KeyError(patient.name)

    core = Core(Town(), disk, journeys={**stories(), "register": faulty})
    core.touch("挂号")
    core.settle(5)
    assert core.page() == "trouble"
    [visit] = core.journal.open_visits()
    assert visit.held.startswith("KeyError at test_replay.py:") and "测试" not in visit.held
    assert ("broken", {"journey": "register"}) in core.facts()
    core.cut()
    core.settle(5)
    assert core.page() == "welcome" and core.stage.idle
    assert core.journal.open_visits()[0].held, "it is not played again"


def test_a_journey_that_is_gone_is_kept_for_staff(disk: Path) -> None:
    core = Core(Town(), disk)
    Player(core).play(TABLES["register: known ID card, general clinic, today, paid"], until=6)
    core.journeys = {name: story for name, story in stories().items() if name != "register"}
    core.cut()
    core.settle(60)
    assert [visit.held for visit in core.journal.open_visits()] == ["no such journey"]


def test_a_story_may_end_earlier_than_its_record(disk: Path) -> None:
    core = Core(Town(), disk)
    Player(core).play(TABLES["register: known ID card, general clinic, today, paid"], until=6)

    async def nothing() -> None:
        return None

    core.journeys = {**stories(), "register": nothing}
    core.cut()
    core.settle(60)
    assert [bool(visit.held) for visit in core.journal.open_visits()] == [True]


def keys(core: Core, act: str) -> list[tuple[str, int, int]]:
    """The keys of one kind of act: visit, epoch, position."""
    parts = [key.split("-") for key, (what, _) in core.town.answers.items() if what[0] == act]
    return [(visit, int(epoch), int(position)) for visit, epoch, position in parts]


def test_one_step_back_is_a_new_play(disk: Path) -> None:
    core = Core(Town(), disk)
    Player(core).play(TABLES["register: one step back from the payment, and on again"])
    (visit, before, _), (same, after, _) = keys(core, "hold")
    assert (same, after) == (visit, before + 1)
    first, second = core.town.holds.values()
    assert first.released and not second.released
    assert len({*keys(core, "order")}) == 2 and len(keys(core, "close")) == 1


def test_an_act_keeps_its_key_through_a_power_cut(disk: Path) -> None:
    """Every act that was under way when the power failed is asked for again by the very same key."""
    table = TABLES["register: known ID card, general clinic, today, paid"]
    for number, act in enumerate(("order", "confirm")):
        uncut = disk / f"uncut {number}"
        uncut.mkdir()
        core = Core(Town(), uncut)
        core.town.fuse.moments.clear()
        Player(core).play(table)
        core = cut(table, disk / act, core.town.fuse.moments.index(f"after {act}"))
        before = keys(core, act)
        core.cut()
        settled(core, dark=True)
        assert keys(core, act) == before and len(before) == 1


def test_nobody_is_there_after_a_power_cut(disk: Path) -> None:
    """A visit cut at its payment is undone without a person: closed, released, erased; the same path as walking away."""
    core = Core(Town(), disk)
    Player(core).play(TABLES["register: known ID card, general clinic, today, paid"], until=6)
    core.cut()
    core.settle(5)
    assert core.page() == "welcome" and core.stage.idle
    assert [what for what, _ in (core.town.answers[key] for key in core.town.answers)][-2][0] == "close"
    assert next(iter(core.town.holds.values())).released
    assert core.journal.open_visits() == ()
    assert [data for kind, data in core.facts() if kind == "end"] == [{"journey": "register", "how": "left crash"}]
