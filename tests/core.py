"""A whole kiosk without its face, in a town: the real stage, desk, ears and journal, on one thread and a virtual clock.

It is a body (tables.py) by which tables are played: what a screen would show is read from the scene, and what a person
would touch is given to the stage.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from drivers import contract as d
from kiosk.care import Choice
from kiosk.desk import Desk, Lobby, News, Shut
from kiosk.hands import Task
from kiosk.journal import Journal, machine_key
from kiosk.journeys import Story, stories, tiles
from kiosk.numbers import code_rules
from kiosk.requests import (Choose, ChooseFrom, ChooseTime, Confirm, Done, Identify, Option, Pay, PayWith, PROOFS, Row,
                            Trouble, TypeInstead, Ways, Welcome)
from kiosk.stage import Stage
from kiosk.sync import Sync
from kiosk.visit import Scene, Size
from kiosk.words import Language, Name, Text, clock, day, read, say
from lobby import Mover, Printer, Service, Slot
from town import Town
from townsfolk import PEOPLE

SIGN = Name("示范县人民医院", "Model County People's Hospital")
CODES = code_rules(visit_card=r"V\d{12}|1\d{15}")
"""Visit cards have one kind of number on paper, and another on their stripes."""
BUTTONS = {Identify: ("present.typed", TypeInstead()), Done: ("done.finish", None)}
"""What the screens' own buttons answer."""


def memory() -> Path | None:
    """Where files are quick to write: thousands of kiosks are started and cut in these tests."""
    found = Path("/dev/shm")
    return found if found.is_dir() else None


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder for a kiosk, in memory where the system has that."""
    with tempfile.TemporaryDirectory(prefix="kiosk-", dir=memory()) as folder:
        yield Path(folder)


class FusedJournal(Journal):
    """A journal in a machine whose power may be cut before and after every commit."""

    def __init__(self, path: Path, key: bytes, pass_: Callable[[str], None]) -> None:
        self._pass = pass_
        super().__init__(path, key)

    def write(self, *args: Any, **words: Any) -> None:
        self._fused("write", super().write, *args, **words)

    def close(self, visit: str) -> None:
        self._fused("close", super().close, visit)

    def delivered(self, *args: Any) -> None:
        self._fused("delivered", super().delivered, *args)

    def _fused(self, name: str, work: Callable[..., None], *args: Any, **words: Any) -> None:
        self._pass(f"before {name}")
        work(*args, **words)
        self._pass(f"after {name}")


class Core:
    """`folder` is the kiosk's disk. It is switched on at once."""

    def __init__(self, town: Town, folder: Path, journeys: dict[str, Story] | None = None) -> None:
        self.town, self.folder = town, folder
        self.journeys = dict(stories()) if journeys is None else journeys
        self.touches = 0
        self.scenes: list[Scene] = []
        self.printer = Printer(town.fuse)
        self.reader = Service("idcard", town.clock, Slot())
        self.scanner = Service("scanner", town.clock, Slot())
        self.paper = Service("printer", town.clock, self.printer)
        self.others: dict[str, Service] = {}        # readers that many machines do not have
        self.accepts: tuple[str, ...] = PROOFS
        self.closed: dict[str, str] = {}            # what staff closed in the service menu, and why
        self._life = 0
        self.switch_on()

    @property
    def services(self) -> list[Service]:
        return [self.reader, self.scanner, self.paper, *self.others.values()]

    def service(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)

    def furnish(self, readers: Sequence[str] = (), accepts: Sequence[str] = PROOFS) -> None:
        """Before anybody comes: more readers, and what the hospital takes."""
        self.others |= {name: Service(name, self.town.clock, Mover() if name == "cards" else Slot()) for name in readers}
        self.accepts = tuple(accepts)
        self.cut()

    # Power.

    def switch_on(self) -> None:
        self._life += 1
        for service in self.services:
            service.on_news = lambda name, works: self.post(News(name, works))
            service.on_happened = self._card_went
        self.journal = FusedJournal(self.folder / "journal.sqlite3", machine_key(self.folder / "machine.key"),
                                    self.town.fuse.pass_)
        hospital = cast(Any, self.town.hospital)
        self.sync = Sync(self.journal, hospital, self.post)
        lobby = Lobby(*cast(Any, (self.reader, self.scanner, self.paper)), **cast(Any, self.others))
        self.desk = Desk(self.journal, hospital, lobby, SIGN, CODES, self.post,
                         lambda: self.do(self._deliver), hospital.departments, self.town.clock.wall, self)
        self.stage = Stage(self, self.desk, self.journeys, tiles(), self.town.clock.wall,
                           ways=Ways(("idcard", "scanner", *self.others), self.accepts))
        for service in self.services:
            service.connect()
        self._closures()
        self.stage.start()
        self.do(self._round)
        self.settle()

    def close(self, what: str) -> None:
        """Staff close it in the service menu, somebody standing here or not."""
        self.closed[what] = "maintenance"
        self._closures()
        self.settle()

    def _closures(self) -> None:
        self.desk.closed = frozenset(self.closed)
        self.post(Shut("staff", dict(self.closed)))

    def cut(self) -> None:
        """The power fails, and comes back: what is left is the disk, and the town."""
        self.town.clock.drop(self._name)
        for service in self.services:
            service.forget()
        self.scenes.clear()
        self.switch_on()

    @property
    def _name(self) -> str:
        return f"kiosk {self._life}"

    # Ports, and hands.

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)

    def now(self) -> float:
        return self.town.clock.now()

    def after(self, seconds: float, call: Task) -> Callable[[], None]:
        return self.town.clock.after(seconds, call, self._name)

    def do(self, task: Task) -> None:
        self.after(0, task)

    def post(self, message: Any) -> None:
        self.after(0, lambda: self.stage.receive(message))

    def settle(self, seconds: float = 0) -> None:
        """Let everything happen that happens by itself."""
        self.town.clock.go(seconds)

    def _card_went(self, what: str) -> None:
        self.desk.note(f"card_{what}")
        if self.desk.mouth is not None:
            self.desk.mouth.went(what)

    def _deliver(self) -> None:
        self.sync.deliver()

    def _round(self) -> None:
        self.after(self.sync.round(), self._round)

    # What is seen.

    @property
    def scene(self) -> Scene:
        return self.scenes[-1]

    def page(self) -> str:
        return "still" if self.scene.seconds_left is not None else self.scene.ask.page

    def words(self) -> str:
        return "\n".join(self.read(text) for text in texts(self.scene))

    def read(self, text: Text) -> str:
        return read(text, self.scene.comfort.language)

    def facts(self) -> list[tuple[str, dict[str, Any]]]:
        return [(fact.kind, fact.data) for fact in self.journal.facts()]

    # What a person does.

    def touch(self, text: str) -> None:
        found = [answer for words, answer in self._buttons() if text in words]
        assert found, f"nothing to touch reads {text!r}"
        self._touch(lambda serial: self.stage.answer(serial, found[0]))

    def take_time(self, on: str = "", at: str = "") -> None:
        ask = self.scene.ask
        assert isinstance(ask, ChooseTime)
        free = [Choice(session, segment) for session in ask.sessions for segment in session.segments if segment.left
                and on in day(session.day, self.scene.comfort.language) and clock(segment.start).startswith(at)]
        assert free, "no such time"
        self._touch(lambda serial: self.stage.answer(serial, free[0]))

    def type(self, number: str) -> None:
        self._touch(lambda serial: self.stage.answer(serial, number), len(number) + 1)

    def back(self) -> None:
        assert self.scene.can_back, "there is no way back"
        self._touch(self.stage.back)

    def home(self) -> None:
        assert self.scene.can_leave, "there is no way home"
        self._touch(self.stage.leave)

    def stay(self) -> None:
        self._touch(self.stage.stay)

    def language(self, language: str) -> None:
        self.stage.comfort(self.stage.dialogue.comfort.with_(language=Language(language)))
        self.settle()

    def size(self, size: str) -> None:
        self.stage.comfort(self.stage.dialogue.comfort.with_(size=Size(size)))
        self.settle()

    def wait(self, seconds: float) -> None:
        self.settle(seconds)

    def walk_away(self) -> None:
        """Nobody touches anything until the welcome page stands again, or everything has come to its end."""
        for _ in range(40):
            if self.page() == "welcome":
                return
            self.settle(30)

    def card(self, person: str) -> None:
        self.reader.present(PEOPLE[person].card)
        self.settle(2)

    def show_to(self, reader: str, card: Any) -> None:
        self.service(reader).present(card)
        self.settle(2)

    def bad_card(self, moved: bool) -> None:
        self.reader.present(d.CardMoved() if moved else d.CardRefused())
        self.settle(2)

    def code(self, code: str) -> None:
        self.scanner.present(code)
        self.settle(2)

    def pay(self, amount: int | None = None) -> bool:
        taken = self.town.pay(amount)
        self.settle(2)
        return taken

    def refuse_payment(self) -> None:
        self.town.refuse_payment()
        self.settle(2)

    def _touch(self, act: Callable[[int], None], touches: int = 1) -> None:
        self.touches += touches
        act(self.scene.serial)
        self.settle()

    def _buttons(self) -> Iterator[tuple[str, Any]]:
        ask = self.scene.ask
        match ask:
            case Welcome(services=options) | Choose(options=options) | ChooseFrom(options=options) \
                    | Trouble(options=options):
                for option in options:
                    if option.enabled:
                        yield self.read(option.title), option.value
            case Confirm():
                yield self.read(ask.yes), True
                if ask.no is not None:
                    yield self.read(ask.no), False
        if isinstance(ask, Pay) and ask.order.code_url:
            for channel in ask.order.channels:
                yield self.read(say(f"pay.tab.{channel}")), PayWith(channel)
        if type(ask) in BUTTONS and "typed" in getattr(ask, "offered", ("typed",)):
            key, value = BUTTONS[type(ask)]
            yield self.read(say(key)), value


def texts(scene: Scene) -> Iterator[Text]:
    """Everything that a scene has to be read, label before value."""
    ask: Any = scene.ask
    yield ask.title
    if isinstance(ask, Identify):
        yield from (say(f"present.{way}") for way in ask.offered)
    for field in ("remark", "text", "hint"):
        if getattr(ask, field, None) is not None:
            yield getattr(ask, field)
    if isinstance(ask, Confirm):
        yield ask.yes
        if ask.no is not None:
            yield ask.no
    yield from getattr(ask, "news", ())
    for row in cast(tuple[Row, ...], getattr(ask, "rows", ())):
        yield from (row.label, row.value)
    options: tuple[Option[Any], ...] = getattr(ask, "options", getattr(ask, "services", ()))
    for option in options:
        yield option.title
        if option.note is not None:
            yield option.note
        if option.badge is not None:
            yield option.badge
        if not option.enabled and option.why is not None:
            yield option.why
    yield from scene.trail
    if scene.complaint is not None:
        yield scene.complaint
    if scene.seconds_left is not None:
        yield say("still.title")
