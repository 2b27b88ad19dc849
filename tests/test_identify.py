"""A machine with readers for every card: from the bytes on its lines to the sentence on the page, and the visit that begins.

Beside the tables of journeys/identify.txt, which are played without bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Flash
from drivers.sim.bench import Bench
from kiosk.headless import Loop
from kiosk.lights import SLOTS, lights_of
from kiosk.machine import Machine
from kiosk.requests import PROOFS, READERS, CardTrouble, Identify, SocialCard, Ways, Welcome
from kiosk.settings import BadSetting, Settings, read
from kiosk.visit import Scene

STRIPE, CHIP = "1000000000000007", "0A0B0C0D"


class Watching(Loop):
    """Without a face: what would be shown is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.scenes: list[Scene] = []

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)

    @property
    def complaint(self) -> str:
        return str(getattr(self.scenes[-1].complaint, "key", ""))


def settings(bench: Bench, **more: str) -> Settings:
    return read({"hospital_url": "http://127.0.0.1:9", "printer_url": "serial:///dev/null-printer",
                 "scanner_url": "serial:///dev/null-scanner", "idcard_url": bench.urls["idcard"],
                 "visit_card": rf"{STRIPE}|{CHIP}", **more})


class Desk:
    """A machine that runs, its twins, and what it shows."""

    def __init__(self, bench: Bench, folder: Path, **more: str) -> None:
        self.bench, self.loop = bench, Watching()
        self.machine = Machine(folder, settings(bench, **more), self.loop.post)
        self.stage = self.machine.stage(self.loop)
        self.stage.start()

    def until(self, true: Callable[[], bool]) -> bool:
        return self.loop.run(self.stage.receive, true, 20)

    def answers(self, show: Callable[[], None], true: Callable[[], bool]) -> bool:
        """As people do, who swipe again where nothing happens: a reader forgets what came while nobody listened."""
        for _ in range(10):
            show()
            if self.loop.run(self.stage.receive, true, 2):
                return True
        return False

    def says(self, show: Callable[[], None], key: str) -> bool:
        return self.answers(show, lambda: self.loop.complaint == key)

    @property
    def page(self) -> str:
        return str(self.loop.scenes[-1].ask.page)

    def facts(self) -> str:
        self.machine.journal.flush()
        return str([(fact.kind, fact.data) for fact in self.machine.journal.facts()])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Bench(tmp_path, devices=("idcard", "icm522", "stripe")) as bench:
        one = Desk(bench, tmp_path / "kiosk", visit_card_reader="visitcard_icm522",
                   visit_card_reader_url=bench.urls["icm522"],
                   stripe="stripe_serial", stripe_url=bench.urls["stripe"])
        assert one.until(lambda: bool(one.loop.scenes) and one.page == "welcome")
        assert one.until(lambda: all(str(one.machine.services[name].status.state) == "online" for name in (
            "idcard", "visit_card_reader", "stripe")))
        yield one
        one.machine.close()


def test_swipes_are_heard_and_a_bank_card_leaves_nothing(desk: Desk) -> None:
    stripe: Any = desk.bench.devices["stripe"]
    assert desk.says(stripe.half, "card.swipe_again")
    assert desk.says(stripe.bank_card, "card.bank_card")
    assert desk.says(lambda: stripe.swipe("1000000000000015"), "card.visit_card_refused"), "another hospital's number"
    assert desk.page == "welcome"
    assert desk.answers(lambda: stripe.swipe(STRIPE), lambda: desk.page == "wait"), "its file is looked for"
    assert "62000" not in desk.facts() and STRIPE not in desk.facts() and "attend" in desk.facts()


def test_a_visit_card_on_its_reader_begins_a_visit(desk: Desk) -> None:
    chip: Any = desk.bench.devices["icm522"]
    assert desk.says(lambda: chip.put("plain"), "card.visit_card_refused")
    chip.put("ours")
    assert desk.until(lambda: desk.page == "wait")
    assert CHIP not in desk.facts()


def test_a_reader_that_is_unplugged_is_no_way_any_more(desk: Desk) -> None:
    stripe: Any = desk.bench.devices["stripe"]
    assert desk.until(lambda: "stripe" in desk.loop.scenes[-1].ask.slots)
    stripe.unplug()
    assert desk.until(lambda: "stripe" not in desk.loop.scenes[-1].ask.slots)
    stripe.plug()
    assert desk.until(lambda: "stripe" in desk.loop.scenes[-1].ask.slots)


def test_a_social_card_through_a_real_pc_sc_service(tmp_path: Path) -> None:
    with Bench(tmp_path, devices=("idcard", "socialcard")) as bench:
        desk = Desk(bench, tmp_path / "kiosk", social="socialcard_pcsc", social_url=bench.urls["socialcard"])
        assert desk.until(lambda: bool(desk.loop.scenes) and "social" in desk.loop.scenes[-1].ask.slots)
        card: Any = bench.devices["socialcard"]
        assert desk.says(lambda: card.put("bank"), "card.social_refused")
        card.lift()
        card.put("third")
        assert desk.until(lambda: desk.page == "wait")
        assert "Z00000013" not in desk.facts()
        desk.machine.close()


# What a machine has, and what its hospital takes.


@pytest.mark.parametrize("readers, accepts, offered", [
    (("idcard", "scanner"), PROOFS, ("idcard", "scanner", "typed")),
    (READERS, PROOFS, (*READERS, "typed")),
    (READERS, (), ("idcard",)),
    (("social", "stripe"), ("social", "typed"), ("social", "typed")),
    ((), PROOFS, ("typed",)), ((), (), ())])
def test_the_page_lists_what_there_is_and_its_lights_show_it(readers: tuple[str, ...], accepts: tuple[str, ...],
                                                             offered: tuple[str, ...]) -> None:
    page = Identify().here(Ways(readers, accepts))
    lights = [SLOTS.get(way, way) for way in offered if way != "typed"]
    assert page.offered == offered
    assert lights_of(Scene(page, 1)) == dict.fromkeys(lights, Flash.SLOW)
    assert lights_of(Scene(Welcome(title="", services=()).here(Ways(readers, accepts)), 1)) == dict.fromkeys(
        lights, Flash.STEADY)


def test_what_the_hospital_takes_is_a_setting() -> None:
    assert read({}).accepts == PROOFS and read({"accepts": "social"}).accepts == ("social",)
    with pytest.raises(BadSetting, match="idcard, social, visit_card, typed"):
        read({"accepts": "passport"})


def test_no_repr_shows_a_card() -> None:
    card = SocialCard("999999", "Z00000013", "999999199001010016", "测试甲")
    assert not any(secret in repr((card, CardTrouble("x"))) for secret in ("Z0000", "9001", "测试"))
