"""Journeys as tables that a nurse can read, and the player that plays them on any body.

A table has a title (`## …`) and one step a line: `page | what happens there`. What happens is said in plain words,
several joined by a comma; pages and buttons are called by what people read on them. The player checks that the page
stands before anything happens on it. Three lines are of their own:

    the town     | what happens outside, whatever page stands
    in the end   | 1 booking, 10.00元 paid, 1 original      (what is not named is none)
    the journal  | complaint card_moved                     (facts, by their kind and one of their words)

A *body* is a kiosk in a town: the core on a virtual clock (core.py), or the real screens by touch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from drivers import contract as d
from lobby import Printer, Service
from town import Town
from townsfolk import PEOPLE

FOLDER = Path(__file__).parent / "journeys"


@dataclass(frozen=True)
class Step:
    line: int
    page: str
    acts: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    title: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return self.title


class Body(Protocol):
    """A kiosk that can be used. Every verb returns when nothing more happens by itself."""

    town: Town
    reader: Service
    printer: Printer
    touches: int

    def page(self) -> str:
        """The page that stands, by its screen's name; `still` while the person is asked whether they are there."""

    def words(self) -> str:
        """Everything that can be read now, a label before its value."""

    def touch(self, text: str) -> None:
        """What can be touched and reads so."""

    def take_time(self, on: str = "", at: str = "") -> None:
        """A time on the time page: of the day that reads `on`, beginning at `at`; the first where nothing is said."""

    def type(self, number: str) -> None:
        """A number on the keypad, and 确定."""

    def back(self) -> None: ...
    def home(self) -> None: ...
    def stay(self) -> None: ...
    def language(self, language: str) -> None: ...
    def size(self, size: str) -> None: ...
    def wait(self, seconds: float) -> None: ...
    def walk_away(self) -> None: ...
    def close(self, what: str) -> None: ...
    def furnish(self, readers: Sequence[str] = (), accepts: Sequence[str] = ()) -> None: ...
    def service(self, name: str) -> Service: ...
    def show_to(self, reader: str, card: Any) -> None: ...
    def card(self, person: str) -> None: ...
    def bad_card(self, moved: bool) -> None: ...
    def code(self, code: str) -> None: ...
    def pay(self, amount: int | None = None) -> bool: ...
    def refuse_payment(self) -> None: ...
    def facts(self) -> Sequence[tuple[str, dict[str, Any]]]: ...


# What happens.


def reads(body: Body, text: str) -> None:
    """The text stands on the page; blanks and line breaks do not matter."""
    assert bare(text) in bare(body.words()), f"the page does not say {text!r}"


def bare(text: str) -> str:
    return "".join(text.split())


def pays_instead(body: Body, yuan: str) -> None:
    assert body.pay(fen(yuan))


def pays(body: Body) -> None:
    assert body.pay(), "the payment office did not take the money"


def cannot_pay(body: Body) -> None:
    assert not body.pay(), "the payment office took money for a code that is over"


def scans_the_card(body: Body, person: str) -> None:
    body.code(PEOPLE[person].visit_card)


def tears(body: Body) -> None:
    body.printer.torn = True


def printer_says(trouble: d.DeviceError | None) -> Callable[[Body], None]:
    def happen(body: Body) -> None:
        body.printer.trouble = trouble
    return happen


def server(away: bool) -> Callable[[Body], None]:
    def happen(body: Body) -> None:
        body.town.away = away
    return happen


def loses_answer(body: Body) -> None:
    body.town.lose = 1


def office(away: bool) -> Callable[[Body], None]:
    def happen(body: Body) -> None:
        if away:
            body.town.office_away = True
        else:
            body.town.office_back()
    return happen


def shuts_channel(body: Body, name: str) -> None:
    body.town.shut_channels.add({"WeChat Pay": "wechat", "Alipay": "alipay"}[name])


def asks_for_password(body: Body) -> None:
    body.town.typing = True


READER = {"reader": "idcard", "scanner": "scanner", "social card reader": "social",
          "visit card reader": "visit_card_reader", "stripe reader": "stripe", "motor reader": "cards"}


def plugs(plug: bool) -> Callable[[Body, str], None]:
    def happen(body: Body, reader: str) -> None:
        service = body.service(READER[reader])
        if plug:
            service.plug()
        else:
            service.unplug()
        body.wait(2)
    return happen


def furnished(body: Body, readers: str) -> None:
    body.furnish([READER[reader] for reader in readers.split(" and ")])


def accepted(body: Body, readers: str, proofs: str) -> None:
    body.furnish([READER[reader] for reader in readers.split(" and ")], proofs.split())


def social(withheld: bool = False) -> Callable[[Body, str], None]:
    return lambda body, person: body.show_to("social", PEOPLE[person].social_card(withheld))


def borrowed(body: Body, person: str, name: str) -> None:
    body.show_to("social", PEOPLE[person].social_card(name=name))


def visit_card_down(body: Body, person: str) -> None:
    body.show_to("visit_card_reader", d.VisitCard(PEOPLE[person].visit_card, "01020304"))


def swipes(body: Body, person: str) -> None:
    body.show_to("stripe", d.Stripe(PEOPLE[person].visit_card))


def inserts(body: Body, card: str) -> None:
    """The visit card of somebody, or any card."""
    motor = body.service("cards")
    motor.device.insert(PEOPLE[card].visit_card if card in PEOPLE else card)
    motor.stir()
    body.wait(2)


def takes_card(body: Body) -> None:
    motor = body.service("cards")
    motor.device.take()
    motor.stir()
    body.wait(1)


def box_full(full: bool) -> Callable[[Body], None]:
    def happen(body: Body) -> None:
        body.service("cards").device.full = full
    return happen


def boxed(body: Body, count: str) -> None:
    assert len(body.service("cards").device.box) == int(count), "cards in the box"


def shows(reader: str, card: Any) -> Callable[[Body], None]:
    """A fresh one each time: an exception remembers the frames it came through."""
    return lambda body: body.show_to(reader, card())


def others_take(body: Body, what: str) -> None:
    body.town.take(what)


def stops(body: Body, department: str) -> None:
    body.town.stop(department)


VERBS: tuple[tuple[str, Callable[..., Any]], ...] = (
    (r"reads (.+)", reads),
    (r"touches the first time", lambda body: body.take_time()),
    (r"touches (\d\d:\d\d) on (.+)", lambda body, at, on: body.take_time(on, at)),
    (r"touches (.+)", lambda body, text: body.touch(text)),
    (r"types (\w+)", lambda body, number: body.type(number)),
    (r"goes back", lambda body: body.back()),
    (r"goes home", lambda body: body.home()),
    (r"says to be still there", lambda body: body.stay()),
    (r"changes to English", lambda body: body.language("en")),
    (r"changes to Chinese", lambda body: body.language("zh")),
    (r"makes the letters large", lambda body: body.size("large")),
    (r"waits (\d+) s", lambda body, seconds: body.wait(float(seconds))),
    (r"walks away", lambda body: body.walk_away()),
    (r"the machine has an? (.+) whose hospital takes (.*)", accepted),
    (r"the machine has an? (.+)", furnished),
    (r"puts down the social card of (\S+)", social()),
    (r"puts down the third-generation social card of (\S+)", social(withheld=True)),
    (r"puts down the social card with the number of (\S+) and the name (\S+)", borrowed),
    (r"puts down the visit card of (\S+)", visit_card_down),
    (r"puts down another hospital's card", shows("visit_card_reader", lambda: d.VisitCard("0A0B0C0D", "0A0B0C0D"))),
    (r"swipes the visit card of (\S+)", swipes),
    (r"puts the visit card of (\S+) into the mouth", inserts),
    (r"puts the card (\S+) into the mouth", inserts),
    (r"takes the card back", takes_card),
    (r"the box is full", box_full(True)),
    (r"the box is emptied", box_full(False)),
    (r"the box has (\d) cards?", boxed),
    (r"swipes a bank card", shows("stripe", lambda: d.Stripe("", bank=True))),
    (r"swipes too fast", shows("stripe", d.CardMoved)),
    (r"swipes another hospital's card", shows("stripe", d.CardRefused)),
    (r"pulls the social card away too soon", shows("social", d.CardMoved)),
    (r"puts down a social card that cannot be read", shows("social", d.CardRefused)),
    (r"puts down the card of (\S+)", lambda body, person: body.card(person)),
    (r"pulls the card away too soon", lambda body: body.bad_card(moved=True)),
    (r"puts down a card that cannot be read", lambda body: body.bad_card(moved=False)),
    (r"shows the visit card of (\S+)", scans_the_card),
    (r"shows the code (\S+)", lambda body, code: body.code(code)),
    (r"pays with the phone", pays),
    (r"pays ([\d.]+)元 instead", pays_instead),
    (r"cannot pay any more", cannot_pay),
    (r"the bank refuses", lambda body: body.refuse_payment()),
    (r"the paper runs out", printer_says(d.PaperOut())),
    (r"the paper ends in the middle", tears),
    (r"the cover is open", printer_says(d.CoverOpen())),
    (r"the printer says nothing", printer_says(d.NoAnswer())),
    (r"the printer works again", printer_says(None)),
    (r"the server goes away", server(away=True)),
    (r"the server comes back", server(away=False)),
    (r"the next answer gets lost", loses_answer),
    (r"the phone wants a password", asks_for_password),
    (r"the payment office goes away", office(away=True)),
    (r"(WeChat Pay|Alipay) takes no payments", shuts_channel),
    (r"the payment office comes back", office(away=False)),
    (r"staff close payments", lambda body: body.close("pay")),
    (r"staff close the (.*reader|scanner)", lambda body, reader: body.close(READER[reader])),
    (r"the (.*reader|scanner) is unplugged", plugs(False)),
    (r"the (.*reader|scanner) is plugged in", plugs(True)),
    (r"it is too late for fasting tests today", lambda body: body.town.exams.grow_late()),
    (r"other people take that examination time", lambda body: body.town.exams.take_newest()),
    (r"other people take the first half hour", lambda body: body.town.exams.take_early()),
    (r"(\S+) is the guardian of (\S+)", lambda body, guardian, child: body.town.office.links(guardian, child)),
    (r"other people fill (\S+)", lambda body, doctor: body.town.office.fills(doctor)),
    (r"the chief (\S+) works tomorrow", lambda body, name: body.town.office.hires(name)),
    (r"the office has another doctor stand in", lambda body: body.town.office.changes("substitute")),
    (r"the office moves the visits", lambda body: body.town.office.changes("move")),
    (r"the office stops the visits", lambda body: body.town.office.stops()),
    (r"nobody has answered", lambda body: body.town.office.stops("unanswered")),
    (r"the offer is over", lambda body: setattr(body.town.office, "over", True)),
    (r"the doctor calls", lambda body: body.town.queue.call()),
    (r"the doctor skips them", lambda body: body.town.queue.skip()),
    (r"the doctor sends them for tests", lambda body: body.town.queue.send_for_tests()),
    (r"(\d+) others wait", lambda body, count: body.town.queue.others_wait(int(count))),
    (r"(\S+) has a return visit at (\S+)", lambda body, who, department: body.town.queue.return_visit(who, department)),
    (r"the fee is paid at the window", lambda body: body.town.queue.paid_at_window()),
    (r"(\S+) has booked (\S+) elsewhere", lambda body, who, department: body.town.queue.booked_elsewhere(who, department)),
    (r"checking in opens (\d+) minutes before", lambda body, minutes: body.town.queue.opens(int(minutes))),
    (r"the clinic is over", lambda body: body.town.queue.ends()),
    (r"they are late", lambda body: body.town.queue.comes_late()),
    (r"nobody knows how long it takes", lambda body: body.town.queue.closes_rooms()),
    (r"the booking is cancelled at the window", lambda body: body.town.queue.cancelled()),
    (r"other people take (.+)", others_take),
    (r"the clinic of (\S+) is cancelled", stops),
)


def act(body: Body, words: str) -> None:
    for pattern, verb in VERBS:
        if match := re.fullmatch(pattern, words):
            verb(body, *match.groups())
            return
    raise AssertionError(f"nobody knows how to do this: {words!r}")


# The ledgers.


@dataclass(frozen=True)
class Ledger:
    """What is true outside, in the end. Money in fen."""

    bookings: int = 0
    paid: int = 0
    back: int = 0
    originals: int = 0
    copies: int = 0
    refund_slips: int = 0
    reference_slips: int = 0
    exams: int = 0
    exam_slips: int = 0
    torn: int = 0
    check_ins: int = 0
    queue_slips: int = 0


LEDGER = {"booking": "bookings", "original": "originals", "copy": "copies", "copie": "copies",
          "refund slip": "refund_slips", "reference slip": "reference_slips", "torn piece": "torn", "check-in": "check_ins",
          "queue slip": "queue_slips",
          "exam": "exams", "exam slip": "exam_slips"}


def ledger(body: Body) -> Ledger:
    """The town's books, and the paper in people's hands."""
    town, whole = body.town, [piece for piece in body.printer.pieces if piece.whole]
    slips = [piece for piece in whole if piece.kind == "refund"]
    tickets = [piece for piece in whole if piece.kind == "registration"]
    return Ledger(bookings=sum(one.appointment.state == "booked" for one in town.bookings.values()),
                  paid=sum(one.came for one in town.orders.values()), back=sum(one.back for one in town.orders.values()),
                  originals=sum(piece.copy == 1 for piece in tickets), copies=sum(piece.copy > 1 for piece in tickets),
                  refund_slips=len(slips), reference_slips=sum(piece.kind == "reference" for piece in whole),
                  exams=len(town.exams.live()), exam_slips=sum(piece.kind == "exam" for piece in whole),
                  check_ins=len(town.queue.places), queue_slips=sum(piece.kind == "checkin" for piece in whole),
                  torn=len(body.printer.pieces) - len(whole))


def expected(words: Sequence[str]) -> tuple[Ledger, int | None]:
    """What a line `in the end` says: the ledger, and the most touches it may have taken."""
    found: dict[str, int] = {}
    touches = None
    for part in words:
        if match := re.fullmatch(r"at most (\d+) touches", part):
            touches = int(match[1])
        elif match := re.fullmatch(r"([\d.]+)元 (paid|back)", part):
            found[match[2]] = fen(match[1])
        elif match := re.fullmatch(r"(\d+) (.+?)s?", part):
            found[LEDGER[match[2]]] = int(match[1])
        elif part != "nothing":
            raise AssertionError(f"no such entry: {part!r}")
    return Ledger(**found), touches


def fen(yuan: str) -> int:
    whole, _, cents = yuan.partition(".")
    return int(whole) * 100 + int((cents + "00")[:2])


# Playing.


@dataclass
class Player:
    """Plays a table on a body. `before(step)` is called where each step begins, its page standing; `after` after
    every act. `acts` is what was done so far."""

    body: Body
    before: Callable[[Step], None] = lambda step: None
    after: Callable[[Body], None] = lambda body: None
    acts: list[str] = field(default_factory=list)

    def play(self, table: Table, until: int | None = None) -> None:
        """All of it, or the first `until` steps. An error says which line, and what the page said."""
        for step in table.steps[:until]:
            try:
                self._step(step)
            except AssertionError as wrong:
                raise AssertionError(f"{table.title}, line {step.line}: {wrong}\n--- {self.body.page()}\n"
                                     f"{self.body.words()}") from wrong

    def _step(self, step: Step) -> None:
        match step.page:
            case "in the end":
                books, touches = expected(step.acts)
                assert ledger(self.body) == books, f"{ledger(self.body)}\nexpected {books}"
                assert touches is None or self.body.touches <= touches, f"{self.body.touches} touches"
            case "the journal":
                for words in step.acts:
                    assert has_fact(self.body, words), f"no fact {words!r} in {list(self.body.facts())}"
            case page:
                assert page in ("the town", self.body.page()), f"the page should be {page}"
                self.before(step)
                for words in step.acts:
                    self.acts.append(words)
                    act(self.body, words)
                    self.after(self.body)


def has_fact(body: Body, words: str) -> bool:
    kind, _, rest = words.partition(" ")
    return any(kind == fact and (not rest or rest in map(str, data.values())) for fact, data in body.facts())


def tables(name: str = "*") -> Iterator[Table]:
    """The tables of journeys/<name>.txt."""
    for path in sorted(FOLDER.glob(f"{name}.txt")):
        yield from _parse(path.read_text("utf-8"))


def _parse(text: str) -> Iterator[Table]:
    title, steps = "", list[Step]()
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            if title:
                yield Table(title, tuple(steps))
            title, steps = line[3:].strip(), []
        elif line.strip() and not line.startswith("#"):
            page, _, acts = line.partition("|")
            # A comma joins two acts only where the next word begins one: sentences have commas too.
            joined = re.split(rf", (?={BEGINNINGS})", acts.strip())
            steps.append(Step(number, page.strip(), tuple(joined)))
    yield Table(title, tuple(steps))


BEGINNINGS = (r"(?:reads|touches|types|goes|says|changes|makes|waits|walks|puts|swipes|pulls|shows|pays|cannot|the |"
              r"other people|complaint|refused|nobody knows|checking|they are|\d+ others|"
              r"takes|card_|\S+ has (?:booked|a return)|left|end|fails|works|slow|unknown|at most|"
              r"\d+ (?:exam|book|orig|cop|ref|torn|check|queue)|[\d.]+元 (?:paid|back))")
