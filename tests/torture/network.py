"""Every way a line can fail, at every call of the kiosk to the real hospital, at the first try, the retry and after a new
start: never a wrong answer, never a second effect.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import re
import select
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import requests as http

import kiosk.hospital
import kiosk.line
from kiosk.care import Document, Hold, Order, OrderState, PaperKind
from kiosk.hospital import Hospital, Unknown
from kiosk.journal import Fact
from kiosk.requests import PayerCode, Refused
from torture.proxy import ELSEWHERE, FAULTS, Proxy

# Seconds: the kiosk's patience made short (to connect, of silence, for the whole answer), and what is longer than it.
CONNECT, READ, WHOLE, SLOW = 0.15, 0.35, 0.35, 0.5
WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))
PHASES = ("first try", "retry", "after a new start")

Call = Callable[[Hospital], Any]


@dataclass
class Done:
    """What was surely done, for the books to bear out."""

    orders: set[str] = field(default_factory=set)
    bookings: set[str] = field(default_factory=set)
    refunds: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)          # notices
    facts: set[int] = field(default_factory=set)


class Matrix:
    """A hospital and a payment side as processes, and a line to them that breaks on demand."""

    def __init__(self) -> None:
        self._open = ExitStack()
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="torture-")))
        self._file = folder / "state" / "hospital.sqlite3"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self._environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "HOSPITAL_STATE": str(folder / "state"), "WECHAT_ACCOUNT": str(folder / "account")}
        self._run("seed")
        # Several machines: one may not look for more than so many people a minute.
        self._tokens = [self._run("kiosk", f"K{number}") for number in range(10)]
        self._turn = itertools.cycle(self._tokens)
        self._phone = self._start(folder, "hospital.sim.wechat", "--port", "0", "--account", str(folder / "account"),
                                  "--refund-seconds", "0.1", "--notify-url", f"http://127.0.0.1:{port}/pay/wechat/notify")
        self._start(folder, "hospital", "--port", str(port))
        self._proxy = Proxy(port, SLOW)
        self._token, self._url = self._tokens[0], f"http://127.0.0.1:{port}"
        self._clean = Hospital(self._url, self._token)
        self._count = itertools.count(1)
        self._places = self._segments()
        self.done = Done()

    def close(self) -> None:
        self._proxy.close()
        self._open.close()

    def cells(self) -> Iterator[tuple[str, list[str]]]:
        """Each call × fault × phase, and what broke."""
        for (name, prepare), fault, phase in itertools.product(self._calls().items(), FAULTS, PHASES):
            self._token = self._tokens[0]
            call = prepare()
            yield f"{name} × {fault} × {phase}", self._cell(call, fault, phase)

    def books(self) -> list[str]:
        """What the hospital's books say against what was done."""
        books = json.loads(self._run("books"))
        booked = [one for one in books["appointments"]]
        paid = [one for one in books["orders"] if one["received"]]
        broken = []
        if len(booked) != len(self.done.bookings):
            broken.append(f"{len(booked)} bookings for {len(self.done.bookings)}")
        if {one["no"] for one in books["orders"]} != self.done.orders:
            broken.append(f"{len(books['orders'])} orders for {len(self.done.orders)}")
        if len(books["refunds"]) != len(self.done.refunds):
            broken.append(f"{len(books['refunds'])} refunds for {len(self.done.refunds)}")
        if self._counted("care_notice WHERE seen_at IS NOT NULL") != len(self.done.seen):
            broken.append(f"not {len(self.done.seen)} notices are seen")
        if self._counted("kiosk_fact") != len(self.done.facts):
            broken.append(f"{self._counted('kiosk_fact')} facts for {len(self.done.facts)}")
        return broken + [f"{one['no']}: {one['received']} for {one['amount']}" for one in paid
                         if one["received"] != one["amount"]]

    def _counted(self, what: str) -> int:
        """Rows of the hospital's own file."""
        with closing(sqlite3.connect(self._file)) as file:
            return int(file.execute(f"SELECT count(*) FROM {what}").fetchone()[0])

    # A cell.

    def _cell(self, call: Call, fault: str, phase: str) -> list[str]:
        kiosk_ = self._kiosk(fault)
        broken: list[str] = []
        heard: list[Any] = []
        for _ in range(2 if phase == "retry" else 1):
            self._proxy.fault = "" if fault in ELSEWHERE else fault
            try:
                with patch.multiple(kiosk.hospital, CONNECT=CONNECT, READ=READ), patch.object(kiosk.line, "WHOLE", WHOLE):
                    heard.append(call(kiosk_))
                    if fault == "byte by byte":
                        broken.append("an answer that drips was waited for")
            except Unknown:
                pass
            except Refused as no:
                broken.append(f"a broken line became a no: {no.reason}")
        self._proxy.fault = ""
        after = kiosk_ if phase != "after a new start" and fault not in ELSEWHERE else Hospital(self._proxy.url, self._token)
        try:
            heard += [self._surely(call, after), self._surely(call, Hospital(self._url, self._token))]
        except (Refused, AssertionError) as no:
            broken.append(f"afterwards: {no}")
        if any(answer != heard[-1] for answer in heard):
            broken.append(f"different answers to one act: {heard}")
        return broken

    def _kiosk(self, fault: str) -> Hospital:
        return Hospital(self._proxy.elsewhere(fault) if fault in ELSEWHERE else self._proxy.url, self._token)

    @staticmethod
    def _surely(call: Call, hospital: Hospital) -> Any:
        """As the desk does: again, by the same key, more and more slowly, until it is known."""
        why = ""
        for tries in range(40):
            try:
                return call(hospital)
            except Unknown as unknown:
                why = unknown.why
                time.sleep(min(0.02 * tries, 0.5))
        raise AssertionError(f"it stays unknown on a whole line: {why}")

    # Calls, each with what has to be so before.

    def _calls(self) -> dict[str, Callable[[], Call]]:
        return {
            "hello": lambda: lambda h: h.hello().hospital,
            "departments": lambda: lambda h: tuple(one.id for one in h.departments()),
            "sessions": lambda: lambda h: tuple(one.id for one in h.sessions(self._department)),
            "find_patient": self._find, "enroll": self._enroll,
            "hold": self._hold, "release": self._release, "open_payment": self._order,
            "order": self._look, "close_payment": self._shut, "confirm": self._confirm, "cancel": self._cancel,
            "appointments": lambda: self._of_patient(lambda h, who: h.appointments(who)),
            "papers": lambda: self._of_patient(lambda h, who: h.papers(who)),
            "notices": lambda: self._of_patient(lambda h, who: h.notices(who)),
            "issue_paper": self._issue, "report_paper": self._report,
            "charge": self._charge, "seen_notice": self._see, "tell_facts": self._tell,
        }

    def _key(self) -> str:
        return f"{next(self._count):032x}-0-1"

    def _person(self) -> int:
        return self._clean.enroll(self._document(next(self._count)), "19900001234", self._key()).id

    def _find(self) -> Call:
        document = self._document(next(self._count))
        self._clean.enroll(document, "19900001234", self._key())
        self._token = next(self._turn)
        return lambda h: h.find_patient(document)

    def _enroll(self) -> Call:
        document, key = self._document(next(self._count)), self._key()
        return lambda h: h.enroll(document, "19900001234", key)

    def _hold(self) -> Call:
        person, place, key = self._person(), next(self._places), self._key()
        return lambda h: h.hold(person, place, key)

    def _held(self) -> Hold:
        hold: Hold = self._surely(self._hold(), self._clean)
        return hold

    def _release(self) -> Call:
        hold, key = self._held().id, self._key()
        return lambda h: h.release(hold, key)

    def _order(self) -> Call:
        hold, key = self._held().id, self._key()

        def call(hospital: Hospital) -> Order:
            order = hospital.open_payment(hold, "wechat", key)
            self.done.orders.add(order.no)
            return order
        return call

    def _look(self) -> Call:
        order: Order = self._surely(self._order(), self._clean)
        return lambda h: h.order(order.no)

    def _shut(self) -> Call:
        order, key = self._surely(self._order(), self._clean).no, self._key()
        return lambda h: h.close_payment(order, key)

    def _paid(self) -> str:
        """The hold of an order that was paid."""
        order: Order = self._surely(self._order(), self._clean)
        assert http.post(f"{self._phone}/twin/pay", json={"code_url": order.code_url}, timeout=10).ok
        key = self._key()
        self._surely(lambda h: h.close_payment(order.no, key), self._clean)
        return order.hold

    def _confirm(self) -> Call:
        hold, key = self._paid(), self._key()

        def call(hospital: Hospital) -> Any:
            confirmed = hospital.confirm(hold, key)
            self.done.bookings.add(confirmed.appointment.code)
            return confirmed
        return call

    def _booked(self) -> int:
        return int(self._surely(self._confirm(), self._clean).appointment.id)

    def _cancel(self) -> Call:
        appointment, key = self._booked(), self._key()

        def call(hospital: Hospital) -> Any:
            cancelled = hospital.cancel(appointment, key)
            if cancelled.refund is not None:
                self.done.refunds.add(cancelled.refund.no)
            return cancelled
        return call

    def _of_patient(self, read: Callable[[Hospital, int], Any]) -> Call:
        person = self._person()
        return lambda h: read(h, person)

    def _issue(self) -> Call:
        appointment, key = self._booked(), self._key()
        return lambda h: h.issue_paper(appointment, PaperKind.REGISTRATION, key)

    def _report(self) -> Call:
        appointment, key = self._booked(), self._key()
        return lambda h: h.report_paper(appointment, PaperKind.REGISTRATION, 1, "printed", key)

    def _charge(self) -> Call:
        hold, key, code = self._held().id, self._key(), PayerCode("wechat", f"13{next(self._count):016d}")

        def call(hospital: Hospital) -> Order:
            order = hospital.charge(hold, code, key)
            assert order.state is OrderState.PAID
            self.done.orders.add(order.no)
            self.done.bookings.add(order.no)
            return order
        return call

    def _see(self) -> Call:
        """Who paid for a place that was given back reads that the money goes back."""
        person, place, keys = self._person(), next(self._places), [self._key() for _ in range(5)]
        hold: Hold = self._surely(lambda h: h.hold(person, place, keys[0]), self._clean)
        order: Order = self._surely(lambda h: h.open_payment(hold.id, "wechat", keys[1]), self._clean)
        self._surely(lambda h: h.release(hold.id, keys[2]), self._clean)
        assert http.post(f"{self._phone}/twin/pay", json={"code_url": order.code_url}, timeout=10).ok
        closed: Order = self._surely(lambda h: h.close_payment(order.no, keys[3]), self._clean)
        assert closed.state in (OrderState.REFUNDING, OrderState.REFUNDED)
        notice, = self._clean.notices(person)
        self.done.orders.add(order.no)
        self.done.refunds.add(order.no)
        self.done.seen.add(notice.id)
        return lambda h: h.seen_notice(notice.id, keys[4])

    def _tell(self) -> Call:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        facts, key = [Fact(next(self._count), now, "visit", {"journey": "register"}) for _ in range(3)], self._key()
        self.done.facts |= {fact.id for fact in facts}
        return lambda h: h.tell_facts(facts, key)

    @staticmethod
    def _document(number: int) -> Document:
        """An ID card of nobody: area 999999."""
        born = dt.date(1970, 1, 1) + dt.timedelta(days=number // 900)
        stem = f"999999{born:%Y%m%d}{number % 900 + 10:03d}"
        check = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(stem, WEIGHTS)) % 11]
        return Document("resident", stem + check, "测试众", sex="1", born=born, address="虚构省样例市", read_on=dt.date.today())

    def _segments(self) -> Iterator[str]:
        """Places of the general clinics, none of today."""
        departments = self._clean.departments()
        self._department = departments[0].id
        return iter([segment.id for one in departments for session in self._clean.sessions(one.id)
                     if session.fee and session.day > dt.date.today() + dt.timedelta(days=1)
                     for segment in session.segments for _ in range(segment.left)])

    # Processes.

    def _run(self, *words: str) -> str:
        return subprocess.run([sys.executable, "-m", "hospital", *words], env=self._environment, check=True, text=True,
                              capture_output=True, timeout=120).stdout.strip()

    def _start(self, folder: Path, *words: str) -> str:
        log = self._open.enter_context((folder / f"{words[0]}.log").open("w"))
        running = subprocess.Popen([sys.executable, "-m", *words], env=self._environment, text=True, stdout=subprocess.PIPE,
                                   stderr=log)
        self._open.callback(running.wait, 20)
        self._open.callback(running.terminate)
        assert running.stdout is not None and select.select([running.stdout], [], [], 60)[0], "it does not start"
        found = re.search(r"http://127\.0\.0\.1:\d+", running.stdout.readline())
        assert found, "it does not say where it is"
        return found[0]
