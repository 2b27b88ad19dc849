"""The hospital server as plain methods: one for each need of the kiosk.

Three ends, not two. A method returns the answer; or raises `Refused` with the hospital's reason; or raises `Unknown`
when nothing may be concluded (no answer, a broken one, a server in trouble): then the same call with the same key is
made again. Keys travel as `Idempotency-Key`, so a repeat is answered with what the first one did. Every call ends: the
whole of an answer has its time and its size (kiosk/line.py).
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from kiosk.care import (Appointment, CancelledBooking, Confirmed, Department, Document, Hold, Notice, OfferAnswered,
                        Order, PaperKind, PaperState, Patient, Session, Similar)
from kiosk.queue_care import Place, QueueToday
from kiosk.requests import PayerCode, Refused, SocialCard, VisitCard
from kiosk.exam_care import ExamBooked, ExamBooking, Worklist
from kiosk.wire import Misfit, from_json, to_json
from kiosk.words import Name

if TYPE_CHECKING:
    from requests import Session as Connection

T = TypeVar("T")

CONNECT, READ = 3.0, 10.0     # seconds of silence: a hospital's own network answers at once or not at all


class Unknown(Exception):
    """Nothing may be concluded about the call. `why` is a word for the journal."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Hello:
    """Who the server is, what time it has, and through which channels a patient can pay."""

    time: dt.datetime
    version: str
    hospital: Name
    zone: str
    channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Issued:
    """The number of a paper's next print."""

    copy: int


@dataclass(frozen=True)
class Obligation:
    """Something that is not settled yet, by the hospital or by this machine (kiosk/obligations.py). `amount` in fen, where
    it is about money; `person`: nothing happens until somebody acts."""

    kind: str
    no: str
    amount: int | None
    since: dt.datetime
    what: str
    next: str
    person: bool


class Fact(Protocol):
    """Something that happened on this machine (kiosk/journal.py)."""

    @property
    def id(self) -> int: ...
    @property
    def at(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def data(self) -> dict[str, Any]: ...


class Hospital:
    """The server at `url`, spoken to with this kiosk's token. Any thread may call; each keeps its connection."""

    def __init__(self, url: str, token: str) -> None:
        self._root = f"{url.rstrip('/')}/api/kiosk/v1"
        self._token = token
        self._local = threading.local()

    def hello(self) -> Hello:
        return self._get(Hello, "/hello")

    def departments(self) -> tuple[Department, ...]:
        return self._get(tuple[Department, ...], "/departments")

    def sessions(self, department: int, days: int = 14, patient: int | None = None) -> tuple[Session, ...]:
        whose = "" if patient is None else f"&patient={patient}"
        return self._get(tuple[Session, ...], f"/departments/{department}/sessions?days={days}{whose}")

    def similar(self, department: int, doctor: int, patient: int) -> tuple[Similar, ...]:
        return self._get(tuple[Similar, ...], f"/departments/{department}/similar/{doctor}?patient={patient}")

    def dependants(self, patient: int) -> tuple[Patient, ...]:
        return self._get(tuple[Patient, ...], f"/patients/{patient}/dependants")

    def answer_offer(self, offer: str, accept: bool, key: str) -> OfferAnswered:
        """Refused: offer_over, already_booked, session_stopped."""
        return self._post(OfferAnswered, f"/offers/{offer}/answer", {"accept": accept}, key)

    def find_patient(self, shown: Document | SocialCard | VisitCard | str) -> Patient:
        """Refused: unknown_patient, name_mismatch."""
        body: dict[str, Any]
        match shown:
            case Document():
                body = {"id_number": shown.number, "name": shown.name}
            case SocialCard():
                body = {"social": to_json(shown)}
            case VisitCard(number):
                body = {"visit_card": number}
            case _:
                body = {"id_number": shown}
        return self._post(Patient, "/patients/find", body)

    def enroll(self, document: Document, phone: str, key: str) -> Patient:
        """Refused: name_mismatch, bad_id_number, bad_phone."""
        return self._post(Patient, "/patients", {
            "id_number": document.number, "card_kind": document.kind, "name": document.name,
            "english_name": document.english_name, "sex": document.sex, "born": to_json(document.born),
            "nation": document.nation, "address": document.address, "phone": phone}, key)

    def appointments(self, patient: int) -> tuple[Appointment, ...]:
        return self._get(tuple[Appointment, ...], f"/patients/{patient}/appointments")

    def papers(self, patient: int) -> tuple[PaperState, ...]:
        return self._get(tuple[PaperState, ...], f"/patients/{patient}/papers")

    def notices(self, patient: int) -> tuple[Notice, ...]:
        return self._get(tuple[Notice, ...], f"/patients/{patient}/notices")

    def seen_notice(self, notice: str, key: str) -> None:
        self._tell(f"/notices/{notice}/seen", {}, key)

    def hold(self, patient: int, segment: str, key: str) -> Hold:
        return self._post(Hold, "/holds", {"patient": patient, "segment": segment}, key)

    def release(self, hold: str, key: str) -> None:
        self._tell(f"/holds/{hold}/release", {}, key)

    def confirm(self, hold: str, key: str) -> Confirmed:
        return self._post(Confirmed, f"/holds/{hold}/confirm", {}, key)

    def open_payment(self, hold: str, channel: str, key: str) -> Order:
        return self._post(Order, "/orders", {"hold": hold, "channel": channel}, key)

    def charge(self, hold: str, code: PayerCode, key: str) -> Order:
        """Take the fee by the payer's own code; a repeat that has forgotten it is answered all the same.

        Refused: hold_ended, channel_refused, code_gone.
        """
        return self._record(Order, self._call("POST", "/charges", {"hold": hold, "channel": code.wallet}, {
            "Idempotency-Key": key} | ({"Payer-Code": code.code} if code.code else {})))

    def order(self, no: str) -> Order:
        return self._get(Order, f"/orders/{no}")

    def close_payment(self, no: str, key: str) -> Order:
        return self._post(Order, f"/orders/{no}/close", {}, key)

    def cancel(self, appointment: int, key: str) -> CancelledBooking:
        return self._post(CancelledBooking, f"/appointments/{appointment}/cancel", {}, key)

    def my_queue(self, patient: int) -> QueueToday:
        return self._get(QueueToday, f"/patients/{patient}/queue")

    def check_in(self, appointment: int, key: str) -> Place:
        """Refused: too_early, wrong_day, already_cancelled, changed, session_stopped, session_over."""
        return self._post(Place, f"/appointments/{appointment}/checkin", {}, key)

    def rejoin(self, ticket: int, key: str) -> Place:
        """Refused: session_over."""
        return self._post(Place, f"/tickets/{ticket}/rejoin", {}, key)

    def issue_paper(self, appointment: int, kind: PaperKind, key: str) -> int:
        return self._post(Issued, "/papers", {"appointment": appointment, "kind": kind}, key).copy

    def report_paper(self, appointment: int, kind: PaperKind, copy: int, outcome: str, key: str) -> None:
        self._tell("/papers/outcome", {"appointment": appointment, "kind": kind, "copy": copy, "outcome": outcome}, key)

    def examinations(self, patient: int, kind: str) -> Worklist:
        return self._get(Worklist, f"/patients/{patient}/examinations/{kind}")

    def exam_times(self, patient: int, orders: tuple[int, ...], booking: int | None) -> tuple[Session, ...]:
        asked = "&".join([f"order={order}" for order in orders] + ([f"booking={booking}"] if booking is not None else []))
        return self._get(tuple[Session, ...], f"/patients/{patient}/examination-times?{asked}")

    def book_exam(self, patient: int, orders: tuple[int, ...], start: dt.datetime, key: str) -> ExamBooked:
        return self._post(ExamBooked, "/examination-bookings", {
            "patient": patient, "orders": to_json(orders), "start": to_json(start)}, key)

    def move_exam(self, booking: int, start: dt.datetime, key: str) -> ExamBooked:
        return self._post(ExamBooked, f"/examination-bookings/{booking}/move", {"start": to_json(start)}, key)

    def cancel_exam(self, booking: int, key: str) -> ExamBooking:
        return self._post(ExamBooking, f"/examination-bookings/{booking}/cancel", {}, key)

    def issue_exam_slip(self, booking: int, key: str) -> int:
        return self._post(Issued, f"/examination-bookings/{booking}/slip", {}, key).copy

    def tell_facts(self, facts: Sequence[Fact], key: str) -> None:
        """The machine's news for staff: what happened, without names."""
        self._tell("/facts", {"facts": [{"id": fact.id, "at": fact.at, "kind": fact.kind, "data": fact.data}
                                        for fact in facts]}, key)

    def obligations(self) -> tuple[Obligation, ...]:
        """What the hospital has not settled of the orders that this machine began."""
        return self._get(tuple[Obligation, ...], "/obligations")

    def tell_obligations(self, owed: Sequence[Obligation]) -> None:
        """The whole of what this machine has not settled now. Told again, it replaces what was told before."""
        self._call("PUT", "/obligations/mine", {"obligations": to_json(tuple(owed))}, {})

    def _get(self, kind: type[T], path: str) -> T:
        return self._record(kind, self._call("GET", path, None, {}))

    def _post(self, kind: type[T], path: str, body: dict[str, Any], key: str = "") -> T:
        return self._record(kind, self._call("POST", path, body, {"Idempotency-Key": key} if key else {}))

    def _tell(self, path: str, body: dict[str, Any], key: str) -> None:
        self._call("POST", path, body, {"Idempotency-Key": key})

    def _call(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
        return self._ask(method, self._root + path, headers, self._refusal, json=body)

    def _ask(self, method: str, url: str, headers: dict[str, str], refusal: Callable[[int, Any], Exception],
             **content: Any) -> Any:
        """One call with this kiosk's token; `refusal` makes of a status and an answer what is to be raised."""
        try:
            with self._connection().request(method, url, headers=headers, stream=True, timeout=(CONNECT, READ),
                                            allow_redirects=False, **content) as answer:
                if "Content-Encoding" in answer.headers:
                    raise Unknown("packed")         # it was asked for as it is
                data = json.loads(answer.content)
        except (OSError, ValueError, RecursionError) as trouble:        # all that requests raises is an OSError
            raise Unknown(type(trouble).__name__) from None
        if answer.ok:
            return data
        raise refusal(answer.status_code, data)

    @staticmethod
    def _record(kind: type[T], data: Any) -> T:
        try:
            record: T = from_json(kind, data)
            return record
        except Misfit:
            raise Unknown("misfit") from None

    @staticmethod
    def _refusal(status: int, data: Any) -> Exception:
        code = data.get("code") if isinstance(data, dict) else None
        if status >= 500 or status in (401, 403, 408, 425, 429) or not isinstance(code, str) or code == "in_progress":
            return Unknown(code if isinstance(code, str) else f"http_{status}")
        known = data.get("data")
        return Refused(code, **(known if isinstance(known, dict) else {}))

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Imported by the first call: a tenth of a second that the welcome page need not wait for.
            from kiosk import line
            connection = self._local.connection = line.connection(self._token)
        return connection
