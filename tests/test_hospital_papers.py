"""Papers: one original, copies that say so, and nothing forgotten in a machine."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from hospital.care.models import Appointment, Paper, Patient
from hospital.money import cancelling
from hospital_fixtures import Answer, Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


class Visit:
    def __init__(self, hospital: Hospital, kiosk: Kiosk) -> None:
        self.kiosk, self.person = kiosk, hospital.patient()
        self.session = hospital.session()
        self.hold = kiosk.hold(self.person, segment(self.session)).body["id"]
        self.id: int = kiosk.confirm(self.hold).body["appointment"]["id"]

    def issue(self, kind: str = "registration") -> Answer:
        return self.kiosk.post("/papers", {"appointment": self.id, "kind": kind})

    def outcome(self, copy: int, outcome: str, kind: str = "registration") -> Answer:
        return self.kiosk.post("/papers/outcome", {"appointment": self.id, "kind": kind, "copy": copy,
                                                   "outcome": outcome})

    def papers(self, person: Patient | None = None) -> list[dict[str, Any]]:
        self.kiosk.meet(person or self.person)
        found: list[dict[str, Any]] = self.kiosk.get(f"/patients/{(person or self.person).pk}/papers").body
        return found


@pytest.fixture
def visit(hospital: Hospital, kiosk: Kiosk) -> Visit:
    """A booked visit whose original (1) is just being printed."""
    return Visit(hospital, kiosk)


def test_every_further_print_is_a_copy(visit: Visit) -> None:
    assert [visit.issue().body["copy"] for _ in range(2)] == [2, 3]
    assert visit.kiosk.confirm(visit.hold).body["copy"] == 4
    assert visit.papers()[0]["copies"] == 4 and visit.papers()[0]["delivered"] is False


@pytest.mark.parametrize("outcome, following, delivered",
                         [("printed", 2, True), ("sent", 2, True), ("unknown", 2, False), ("none", 1, False)])
def test_only_what_surely_is_not_on_paper_gives_its_number_back(visit: Visit, outcome: str, following: int,
                                                                delivered: bool) -> None:
    assert visit.outcome(1, outcome).body == {}
    assert visit.papers()[0]["delivered"] is delivered
    assert [one["kind"] for one in visit.kiosk.notices(visit.person)] == ([] if delivered else ["paper_owed"])
    assert visit.issue().body["copy"] == following


def test_never_two_originals(visit: Visit) -> None:
    visit.outcome(1, "unknown")
    assert visit.issue().body["copy"] == 2
    visit.outcome(2, "none")
    visit.outcome(1, "printed")
    visit.outcome(1, "none")
    assert visit.issue().body["copy"] == 2, "what was printed stays printed"
    with pytest.raises(IntegrityError), transaction.atomic():
        Paper.objects.create(appointment_id=visit.id, kind="registration", copy=1, kiosk="K2",
                             issued_at=dt.datetime.now(dt.UTC))


def test_a_ticket_never_handed_over_is_owed_until_it_is(visit: Visit, time: Clock) -> None:
    notice = visit.kiosk.notices(visit.person)[0]
    assert notice["kind"] == "paper_owed" and notice["data"]["paper"] == "registration"
    assert notice["data"]["appointment"]["id"] == visit.id
    assert visit.kiosk.post(f"/notices/{notice['id']}/seen").body == {}
    assert len(visit.kiosk.notices(visit.person)) == 1
    copy = visit.issue().body["copy"]
    visit.outcome(copy, "printed")
    assert visit.kiosk.notices(visit.person) == []


def test_nothing_is_owed_for_a_visit_that_is_over(visit: Visit, time: Clock) -> None:
    time.go(hours=6)
    assert visit.kiosk.notices(visit.person) == []


def test_a_refund_slip_belongs_to_a_cancelled_visit_and_a_ticket_to_a_live_one(visit: Visit) -> None:
    assert visit.issue("refund").code == "unknown_paper"
    visit.kiosk.cancel(visit.id)
    assert visit.issue("registration").code == "unknown_paper"
    assert visit.kiosk.confirm(visit.hold).code == "already_cancelled"
    assert [visit.issue("refund").body["copy"] for _ in range(2)] == [1, 2]
    assert visit.papers() == [] and visit.kiosk.notices(visit.person) == [], "no money went back: no slip"


def test_the_slip_of_a_refund_is_owed_too(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    person = hospital.patient()
    hold = kiosk.hold(person, segment(hospital.session(fee=100))).body["id"]
    order = kiosk.order(hold).body["no"]
    channel.pay(order)
    kiosk.get(f"/orders/{order}")
    booked = Appointment.objects.get()
    cancelling.cancel(booked, by_staff=True)
    owed = kiosk.notices(person)
    assert [one["kind"] for one in owed] == ["paper_owed"]
    assert owed[0]["data"]["paper"] == "refund" and owed[0]["data"]["refund"] == f"{order}R1"
    state = kiosk.get(f"/patients/{person.pk}/papers").body[0]
    assert (state["kind"], state["copies"], state["refund"]["state"]) == ("refund", 0, "processing")


def test_papers_of_today_are_those_made_today_or_for_today(visit: Visit, hospital: Hospital, time: Clock) -> None:
    later = hospital.session(days=3)
    visit.kiosk.confirm(visit.kiosk.hold(visit.person, segment(later)).body["id"])
    assert [one["appointment"]["day"] for one in visit.papers()] == ["2026-11-20", "2026-11-23"]
    time.go(days=1)
    assert visit.papers() == []
    time.go(days=2)
    assert [one["appointment"]["day"] for one in visit.papers()] == ["2026-11-23"]
    assert visit.papers(hospital.patient()) == []


def test_refusals_about_papers(visit: Visit) -> None:
    assert visit.outcome(9, "printed").code == "unknown_paper"
    visit.id = 999999
    assert visit.issue().code == visit.outcome(1, "none").code == "unknown_appointment"
    assert visit.kiosk.post("/notices/nothing/seen").code == "unknown_notice"
    assert visit.kiosk.post("/notices/6f9619ff-8b86-d011-b42d-00c04fc964ff/seen").code == "unknown_notice"
