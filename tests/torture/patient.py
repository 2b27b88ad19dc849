"""People at the machine, by chance: they answer, hesitate, go back, leave, pay late, pay wrong; and what fails meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from drivers import contract as d
from kiosk.care import Choice, OrderState
from kiosk.requests import (Choose, ChooseFrom, ChooseTime, Confirm, Done, EnterNumber, Identify, Pay, PayWith, Trouble,
                            TypeInstead, Waiting, Welcome)
from torture.machine import BAD_CARDS, Machine
from townsfolk import PEOPLE, Person

SERVICES = ("register", "register", "register", "register", "cancel", "cancel", "reprint", "enroll")
NAMES = ("测试甲", "测试甲", "测试乙", "测试戊", "测试己", "测试童", "别的人")
PAYER_CODE = "130999999999999999"
TROUBLES = (d.PaperOut(), d.CoverOpen(), d.NoAnswer())


class Patient:
    """One person's visit. `steady`: the share of acts that are the plain next answer."""

    def __init__(self, machine: Machine, chance: random.Random, name: str = "", steady: float = 0.9) -> None:
        self._machine, self._chance, self._steady = machine, chance, steady
        self._person: Person = PEOPLE[name or chance.choice(NAMES)]
        self._order = ""                        # the code they last saw
        machine.outside.visitors.append(self._person.name)

    def visit(self) -> None:
        for _ in self.steps():
            pass

    def steps(self, patience: int = 60) -> Iterator[None]:
        """From the welcome page to the welcome page, act by act."""
        machine, chance = self._machine, self._chance
        self._begin(chance.choice(SERVICES))
        for _ in range(patience):
            if isinstance(machine.scene.ask, Welcome):
                break
            if chance.random() > self._steady:
                self._waver()
            else:
                self._answer()
            self._read()
            yield
        if not isinstance(machine.scene.ask, Welcome):
            self._machine.walk_away()
            self._read()

    # The plain way.

    def _say(self, value: Any) -> None:
        machine = self._machine
        machine.stage.answer(machine.scene.serial, value)
        machine.settle()

    def _begin(self, service: str) -> None:
        ask = self._machine.scene.ask
        if self._chance.random() < 0.1:
            self._machine.present(self._person.card)
        elif isinstance(ask, Welcome) and any(option.enabled and option.value == service for option in ask.services):
            self._say(service)
        else:
            self._machine.settle(20)

    def _answer(self) -> None:
        machine, chance = self._machine, self._chance
        match machine.scene.ask:
            case Identify():
                self._show_who()
            case EnterNumber(kind="id_number"):
                self._say(self._person.number)
            case EnterNumber():
                self._say(self._person.phone)
            case Choose(options=options) | ChooseFrom(options=options) | Trouble(options=options):
                self._choose([option.value for option in options if option.enabled])
            case Confirm(no=no):
                self._say(no is None or chance.random() < 0.93)
            case ChooseTime(sessions=sessions):
                self._choose([Choice(session, segment) for session in sessions for segment in session.segments
                              if segment.left])
            case Pay():
                self._pay()
            case Done():
                self._say(None)
            case Waiting():
                machine.settle(chance.choice((1, 3, 12)))
            case _:
                machine.settle(30)

    def _choose(self, values: Sequence[Any]) -> None:
        if values:
            self._say(self._chance.choice(values))
        elif self._machine.scene.can_leave:
            self._machine.home()
        else:
            self._machine.settle(30)

    def _show_who(self) -> None:
        way, person = self._chance.random(), self._person
        if way < 0.75 and (person.valid_to is None or way < 0.1):
            self._machine.present(person.card)
        elif way < 0.85 and person.visit_card:
            self._machine.scan(person.visit_card)
        elif way < 0.98:
            self._say(TypeInstead())
        else:
            self._machine.present(self._chance.choice(BAD_CARDS))

    def _pay(self) -> None:
        machine, chance = self._machine, self._chance
        way = chance.random()
        machine.outside.phone(self._order)
        if way < 0.70:
            machine.town.pay()
        elif way < 0.78:
            machine.town.typing = chance.random() < 0.5
            machine.scan(PAYER_CODE)
        elif way < 0.84:
            self._say(PayWith(chance.choice(machine.town.channels)))
        elif way < 0.88:
            machine.town.pay(100)
        elif way < 0.92:
            if self._order in machine.town.orders and not machine.town.orders[self._order].came:
                machine.town.refuse_payment()
        elif way < 0.96:
            machine.settle(181)
        else:                                   # paid on the way out of the door
            machine.home()
            machine.town.pay()
        machine.settle(1.5)

    # And the others.

    def _waver(self) -> None:
        machine, chance = self._machine, self._chance
        if isinstance(machine.scene.ask, Pay) and machine.scene.can_back and chance.random() < 0.5:
            machine.back()                      # another time, after all: a second play with an order behind it
            return
        match chance.randrange(12):
            case 0 if machine.scene.can_back:
                machine.back()
            case 1 if machine.scene.can_leave:
                machine.home()
            case 2:
                machine.settle(chance.choice((5, 45, 100)))
            case 3:
                machine.town.away = not machine.town.away
            case 4 | 5:
                machine.town.lose = 1
            case 6:
                machine.town.office_away = not machine.town.office_away
                if not machine.town.office_away:
                    machine.outside.office_back()
            case 7:
                machine.printer.trouble = chance.choice((*TROUBLES, None))
            case 8:
                machine.printer.torn = True
            case 9 if machine.town.holds:
                machine.town.take(chance.choice(("the place", "the first time")))
            case 10 if self._order:
                machine.outside.phone(self._order)
                machine.town.pay()              # late, or a second time
                machine.settle(1)
            case 11:
                machine.unplug(chance.choice((machine.reader, machine.scanner)), chance.random() < 0.5)

    # What they read.

    def _read(self) -> None:
        """Told by the page, kept for the books to bear out."""
        ask, outside = self._machine.scene.ask, self._machine.outside
        key, text = getattr(ask.title, "key", ""), getattr(getattr(ask, "text", None), "key", "")
        if isinstance(ask, Pay):
            self._order = ask.order.no
        orders = list(outside.orders.values())
        true = True
        if key == "register.done":
            true = bool(outside.bookings)
        elif key == "cancel.done":
            true = any(one.appointment.state == "cancelled" for one in outside.bookings.values())
        elif text == "refused.paid_too_late":
            true = any(paid.came and paid.back == paid.came for paid in orders)
        elif key == "pay.disputed":
            true = any(paid.came not in (0, paid.order.amount) for paid in orders)
        elif key in ("pay.expired", "pay.refused"):
            paid = outside.orders.get(self._order)
            true = paid is None or (paid.came == 0 and paid.order.state is not OrderState.OPEN)
        if not true:
            outside.told.append(f"read {key} {text}, which is not so")


CARDLESS = ("测试戊",)
"""Whose card has run out, and who has no other: they are known by a number, which opens no bookings."""


def come_back(machine: Machine, name: str) -> None:
    """Their next visit: what the hospital has for them is offered, and they take it."""
    person = PEOPLE[name]
    machine.stage.answer(machine.scene.serial, "reprint")
    machine.settle()
    for _ in range(30):
        ask, answer = machine.scene.ask, machine.stage.answer
        serial = machine.scene.serial
        match ask:
            case Identify() if person.visit_card:
                machine.scan(person.visit_card)
            case Identify() if person.name not in CARDLESS:
                machine.present(person.card)
            case Confirm():
                answer(serial, getattr(ask.title, "key", "") != "enroll.title")
            case Done():
                answer(serial, None)
            case Trouble(options=options) if options[0].value == "again":
                machine.home() if machine.scene.can_leave else answer(serial, options[-1].value)
            case Welcome():
                break
            case _ if machine.scene.can_leave:
                machine.home()
        machine.settle(0.5)
    machine.walk_away()
