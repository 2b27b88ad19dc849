"""A visit that a doctor booked is there before it is paid for: its fee is paid at any machine where its owner is, or at the
window; once, and never for nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from hospital import books as daybook
from hospital.care.models import Appointment
from hospital.money import cancelling, discharging, obligations, window
from hospital.money.models import Invoice, Order
from hospital.outpatient import registering, stopping
from hospital.outpatient.models import Message
from hospital.payments.channel import RefundState
from hospital.queueing import arriving, calling
from hospital.queueing.models import Room
from hospital.registrar import rights
from hospital.tending import tend
from hospital_fixtures import Answer, Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


class Due:
    """Somebody whom a doctor has booked for this afternoon, for 25 yuan."""

    def __init__(self, hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, **session: Any) -> None:
        self.kiosk, self.channel = kiosk, channel
        self.session = hospital.session(**{"fee": 2500, **session})
        self.person = hospital.patient()
        self.booked = registering.return_visit(self.person.pk, segment(self.session), "room R1")

    @property
    def seen(self) -> dict[str, Any]:
        """The booking as a machine sees it, its owner there."""
        self.kiosk.meet(self.person)
        found: dict[str, Any] = self.kiosk.get(f"/patients/{self.person.pk}/papers").body[0]
        return dict(found["appointment"])

    def order(self, kiosk: Kiosk | None = None, key: str | None = None) -> Answer:
        kiosk = kiosk or self.kiosk
        kiosk.meet(self.person)
        return kiosk.order(str(self.booked.hold_id), key)

    def issue(self) -> Answer:
        return self.kiosk.post("/papers", {"appointment": self.booked.pk, "kind": "registration"})

    def pay(self, no: str, amount: int | None = None) -> str:
        """Money comes, and the channel says so; how the order stands then."""
        self.channel.pay(no, amount)
        Client().post("/pay/wechat/notify", self.channel.news(no), content_type="application/json",
                      headers={"Paper-Signature": "genuine"})
        return str(Order.objects.get(no=no).state)

    def arrive(self) -> None:
        with transaction.atomic():
            arriving.check_in(Appointment.objects.get(pk=self.booked.pk))

    def state(self) -> tuple[str, bool, str]:
        """The appointment, whether its fee is due, and the invoice."""
        booked = Appointment.objects.get(pk=self.booked.pk)
        return booked.state, booked.due, Invoice.objects.get().status


@pytest.fixture
def due(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> Due:
    return Due(hospital, kiosk, channel)


def test_it_is_paid_at_a_machine_and_then_has_a_ticket(due: Due) -> None:
    assert due.seen["due"] == str(due.booked.hold_id) and due.seen["order"] is None
    assert due.issue().code == "unpaid" and due.kiosk.notices(due.person) == []
    order = due.order().body
    assert (order["state"], order["amount"], order["hold"]) == ("open", 2500, due.seen["due"])
    assert due.state() == ("booked", True, "issued")
    assert due.pay(order["no"]) == "paid"
    assert due.state() == ("booked", False, "balanced")
    assert due.seen["due"] is None and due.seen["order"] == order["no"]
    assert [one["kind"] for one in due.kiosk.notices(due.person)] == ["paper_owed"]
    assert due.issue().body == {"copy": 1} and Appointment.objects.count() == 1
    assert daybook.of_day(due.session.day)["appointments"][0]["due"] is False


def test_a_free_visit_owes_nothing(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    free = Due(hospital, kiosk, channel, fee=0)
    assert free.seen["due"] is None and free.issue().body == {"copy": 1}
    assert free.order().code == "hold_ended"


def test_it_is_payable_long_after_it_was_booked(due: Due, time: Clock) -> None:
    """What is booked is held for good: not for fifteen minutes, as what is only held."""
    time.go(hours=3)
    assert due.pay(due.order().body["no"]) == "paid" and not Appointment.objects.get().due


def test_whoever_is_not_there_cannot_be_paid_for(due: Due, hospital: Hospital) -> None:
    other = Kiosk("K2")
    assert other.order(str(due.booked.hold_id)).code == "unknown_hold"
    held = other.hold(hospital.patient(), segment(due.session)).body["id"]
    assert due.kiosk.order(held).code == "unknown_hold", "a number that another machine holds"


def test_what_was_begun_is_gone_on_with_however_long_the_machine_lay_dark(due: Due, time: Clock) -> None:
    due.channel.lost = {"open"}
    assert due.order(key="k").status == 503
    due.channel.lost = set()
    time.go(hours=3)
    assert due.kiosk.order(str(due.booked.hold_id), "k").status == 200, "the order is this machine's own"
    assert due.kiosk.order(str(due.booked.hold_id), "other").code == "unknown_hold", "and nobody is here any more"


def test_by_the_payers_own_code(due: Due) -> None:
    due.kiosk.meet(due.person)
    paid = due.kiosk._client.post("/api/kiosk/v1/charges", {"hold": str(due.booked.hold_id), "channel": "wechat"},
                                  content_type="application/json",
                                  headers={"Idempotency-Key": "c", "Payer-Code": "130999999999999999"}).json()
    assert paid["state"] == "paid" and due.state() == ("booked", False, "balanced")


def test_two_machines_are_one_order_at_a_time(due: Due) -> None:
    first = due.order().body["no"]
    second = due.order(Kiosk("K2")).body["no"]
    assert first != second and due.kiosk.get(f"/orders/{first}").body["state"] == "closed"
    assert due.pay(second) == "paid" and not due.state()[1]


def test_paid_twice_is_given_back_once(due: Due, time: Clock) -> None:
    first = due.order().body["no"]
    second = due.order(Kiosk("K2")).body["no"]
    for no in (second, first):          # the first was shut, and somebody paid it all the same
        due.pay(no)
    assert {one.no: one.state for one in Order.objects.all()} == {second: "paid", first: "refunding"}
    assert Appointment.objects.get().order.no == second
    assert "refunded_late" in [one["kind"] for one in due.kiosk.notices(due.person)]
    due.channel.refund_state = RefundState.SUCCESS
    tend()
    assert due.channel.given_back == [(f"{first}R1", 2500, 2500)] and not due.state()[1]


def test_given_back_while_it_is_being_paid(due: Due) -> None:
    no = due.order().body["no"]
    assert due.kiosk.cancel(due.booked.pk).body["refund"] is None
    assert due.pay(no) == "refunding"
    assert due.state() == ("cancelled", False, "cancelled")
    assert due.order().body["no"] == no, "the money that is on its way back is the answer, not another order"


def test_given_back_after_it_was_paid(due: Due) -> None:
    due.pay(due.order().body["no"])
    assert due.kiosk.cancel(due.booked.pk).body["refund"]["amount"] == 2500
    assert Order.objects.get().state == "refunding"


def test_the_session_is_stopped_while_it_is_being_paid(due: Due) -> None:
    no = due.order().body["no"]
    cancelling.stop(due.session)
    tend()
    assert due.pay(no) == "refunding" and due.state()[0] == "cancelled"


def test_another_amount_is_not_the_fee_and_the_fee_can_be_paid_when_it_went_back(due: Due) -> None:
    no = due.order().body["no"]
    assert due.pay(no, 100) == "disputed" and due.state() == ("booked", True, "issued")
    assert due.order().body["no"] == no, "nobody pays again while that is in doubt"
    discharging.give_back(Order.objects.get())
    again = due.order().body
    assert again["state"] == "open" and due.pay(again["no"]) == "paid" and not due.state()[1]


def test_nobody_pays_and_it_is_due_still(due: Due, time: Clock) -> None:
    no = due.order().body["no"]
    time.go(seconds=181)
    assert due.kiosk.post(f"/orders/{no}/close").body["state"] == "closed"
    assert due.state() == ("booked", True, "issued") and due.order().body["state"] == "open"


def test_seen_before_the_money_came_it_pays_for_the_visit(due: Due, time: Clock) -> None:
    """A nurse may check in who has not paid: the visit is worth its fee."""
    no = due.order().body["no"]
    time.go(hours=5)
    due.arrive()
    assert due.pay(no) == "paid" and due.state() == ("arrived", False, "balanced")


def test_a_payment_in_a_backup_put_back_is_placed(due: Due) -> None:
    no = due.order().body["no"]
    due.pay(no)
    Order.objects.update(appointment=None)
    assert tend().payments_placed == 1
    assert Order.objects.get().appointment_id == due.booked.pk and obligations.owed() == []


# At the window.


@pytest.fixture
def desk(hospital: Hospital) -> Client:
    client = Client()
    client.force_login(rights.make_registrar("wang", "a password"))
    return client


def take(desk: Client, due: Due) -> str:
    answer = desk.post("/admin/care/appointment/", {"action": "taken", "_selected_action": [due.booked.pk]}, follow=True)
    return answer.content.decode()


def test_what_was_taken_at_the_window_is_not_asked_for_at_a_machine(due: Due, desk: Client) -> None:
    assert "已记为窗口收费 ¥25.00" in take(desk, due)
    assert due.seen["due"] is None and due.order().code == "hold_ended"
    assert due.issue().body == {"copy": 1}
    assert "不用收费" in take(desk, due), "nobody pays twice"
    assert due.seen["cancellable"] is False and due.kiosk.cancel(due.booked.pk).code == "not_cancellable", \
        "cash goes back where it was taken"
    back = desk.post("/admin/care/appointment/", {"action": "cancel", "_selected_action": [due.booked.pk]}, follow=True)
    assert "¥25.00 请在窗口退还" in back.content.decode() and Appointment.objects.get().state == "cancelled"


def test_cash_of_a_stopped_session_is_owed_until_it_was_given_back(due: Due, desk: Client) -> None:
    take(desk, due)
    assert not obligations.owed()
    stopping.stop(due.session.pk, "office", "外出")
    tend()
    [owed] = obligations.owed()
    assert (owed.kind, owed.no, owed.sum, owed.person) == ("cash", due.booked.code, "25.00元", True)
    assert "挂号费请到收费窗口领取" in Message.objects.get(kind="stopped").text
    assert due.booked.code in desk.get("/admin/money/obligation/").content.decode()

    def back() -> str:
        answer = desk.post("/admin/care/appointment/", {"action": "given_back", "_selected_action": [due.booked.pk]},
                           follow=True)
        return answer.content.decode()
    assert "已记为窗口退费 ¥25.00" in back() and not obligations.owed()
    assert "没有窗口收费要退" in back(), "and not twice"


def test_no_cash_is_taken_from_who_pays_at_a_machine(due: Due, desk: Client) -> None:
    no = due.order().body["no"]
    assert "患者正在自助机上付款" in take(desk, due)
    due.kiosk.post(f"/orders/{no}/close")
    assert window.taken(due.booked) and due.state() == ("booked", False, "balanced")
    assert due.pay(no) == "refunding", "what comes after all, goes back"


def test_what_machines_book_is_never_due(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    person, session = hospital.patient(), hospital.session(fee=2500)
    hold = kiosk.hold(person, segment(session)).body["id"]
    no = kiosk.order(hold).body["no"]
    channel.pay(no)
    kiosk.get(f"/orders/{no}")
    booked = kiosk.confirm(hold).body["appointment"]
    assert booked["due"] is None and not window.taken(Appointment.objects.get())


def test_a_doctor_books_and_a_machine_is_paid(due: Due, hospital: Hospital, time: Clock) -> None:
    """From the room to the next room: the visit that was booked in one is called into another when it is paid."""
    due.pay(due.order().body["no"])
    time.go(hours=5)
    due.arrive()
    room = Room.objects.create(code="R0", department=hospital.heart, name_zh="3 诊室", name_en="Room 3")
    calling.sit(hospital.doctor, room, due.session)
    called = calling.call_next(hospital.doctor, room)
    assert called is not None and called.appointment_id == due.booked.pk
