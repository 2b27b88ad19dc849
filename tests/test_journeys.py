"""What happens at a kiosk, table by table: every journey, everything that can go wrong on the way, and at every page of
every journey what people do besides answering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core import Core
from kiosk.visit import Comfort
from promises import honest, settled
from tables import Player, Table, tables
from town import Town

TABLES = list(tables())
IN_CHINESE = [table for table in TABLES if not any("English" in act for step in table.steps for act in step.acts)]


def core(folder: Path) -> Core:
    folder.mkdir(exist_ok=True)
    return Core(Town(), folder)


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_table(table: Table, disk: Path) -> None:
    kiosk = core(disk)
    Player(kiosk, after=honest).play(table)
    settled(kiosk)


def points() -> dict[Table, list[int]]:
    """Where a page stands in a table, by step; what begins as another table began is looked at once."""
    seen: set[tuple[object, ...]] = set()
    found: dict[Table, list[int]] = {}
    for table in TABLES:
        for at, step in enumerate(table.steps):
            before = tuple(step.acts for step in table.steps[:at])
            if step.page not in ("the town", "in the end", "the journal") and before not in seen:
                seen.add(before)
                found.setdefault(table, []).append(at)
    return found


POINTS = points()
at_every_page = pytest.mark.parametrize("table", POINTS, ids=str)


def at_each_page(table: Table, folder: Path, do: Callable[[Core], None]) -> None:
    """Play the table as far as each of its pages, and there do something else."""
    for at in POINTS[table]:
        kiosk = core(folder / str(at))
        Player(kiosk).play(table, until=at)
        do(kiosk)


@at_every_page
def test_who_walks_away_leaves_nothing_behind(table: Table, disk: Path) -> None:
    def walk_away(kiosk: Core) -> None:
        kiosk.walk_away()
        assert kiosk.page() == "welcome", f"{kiosk.page()} stands for the next person"
        assert not kiosk.scene.trail and kiosk.scene.comfort == Comfort()
        settled(kiosk)
        assert kiosk.stage.idle

    at_each_page(table, disk, walk_away)


@at_every_page
def test_who_goes_home_is_home(table: Table, disk: Path) -> None:
    def go_home(kiosk: Core) -> None:
        if kiosk.scene.can_leave:
            kiosk.home()
            kiosk.settle(60)
            assert kiosk.page() in ("welcome", "done", "trouble"), kiosk.page()
        settled(kiosk)

    at_each_page(table, disk, go_home)


@at_every_page
def test_back_leads_to_a_question_that_was_asked(table: Table, disk: Path) -> None:
    def go_back(kiosk: Core) -> None:
        if not kiosk.scene.can_back:
            return
        asked = [type(scene.ask) for scene in kiosk.scenes[:-1]]
        kiosk.back()
        kiosk.settle(60)
        assert type(kiosk.scene.ask) in asked or kiosk.page() in ("trouble", "done"), kiosk.page()
        settled(kiosk)

    at_each_page(table, disk, go_back)


@pytest.mark.parametrize("table", IN_CHINESE, ids=str)
def test_language_and_size_may_change_at_any_moment(table: Table, disk: Path) -> None:
    """The same question, and what was wrong with the answer, in other words; and back."""
    kiosk = core(disk)

    def change(_: object) -> None:
        if kiosk.stage.dialogue.asking is None or kiosk.page() == "still":
            return
        before, ask = kiosk.words(), kiosk.scene.ask
        kiosk.language("en")
        kiosk.size("large")
        assert kiosk.scene.ask == ask and kiosk.words() != before
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in without_names(kiosk.words())), kiosk.words()
        kiosk.language("zh")
        kiosk.size("normal")
        assert (kiosk.scene.ask, kiosk.words()) == (ask, before)

    Player(kiosk, before=change, after=change).play(table)


def without_names(words: str) -> str:
    return words.replace("测", "").replace("别", "")


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_two_touches_at_once_are_one(table: Table, disk: Path) -> None:
    """The finger comes down twice, and once more on back and home: all that comes after the first is nothing."""
    kiosk = core(disk)
    answer = kiosk.stage.answer

    def twice(serial: int, value: object) -> None:
        answer(serial, value)
        answer(serial, value)
        if kiosk.scene.serial == serial and kiosk.scene.complaint is not None:
            return                      # the answer was wrong: the question stands, and may be left
        kiosk.stage.back(serial)
        kiosk.stage.leave(serial)
        answer(serial, value)

    kiosk.stage.answer = twice      # type: ignore[method-assign]
    Player(kiosk).play(table)
    settled(kiosk)
