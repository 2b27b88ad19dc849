"""What a person owes, line by line, and how it stands; and that books of an older version are carried over."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from hospital import books as daybook
from hospital.money.models import Invoice, LineItem, Order, Payment
from hospital.payments.channel import RefundState
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


class Owing:
    """A person with a held number that costs 25 yuan."""

    def __init__(self, hospital: Hospital, kiosk: Kiosk) -> None:
        self.kiosk, self.session = kiosk, hospital.session(fee=2500, places=1)
        self.hold = kiosk.hold(hospital.patient(), segment(self.session)).body["id"]

    def order(self) -> str:
        return str(self.kiosk.order(self.hold).body["no"])

    def look(self, no: str) -> str:
        return str(self.kiosk.get(f"/orders/{no}").body["state"])


@pytest.fixture
def owing(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> Owing:
    return Owing(hospital, kiosk)


def status() -> str:
    return Invoice.objects.get().status


def test_the_registration_fee_is_an_invoice_with_one_line(owing: Owing, hospital: Hospital) -> None:
    owing.order()
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.total, str(invoice.hold_id)) == ("issued", 2500, owing.hold)
    line = invoice.lines.get()
    assert (line.code, line.text, line.amount) == ("registration", "挂号费 心血管内科", 2500)
    assert invoice.no.startswith("F261120")


def test_it_is_balanced_by_the_money_and_cancelled_by_its_return(owing: Owing, channel: PaperChannel) -> None:
    no = owing.order()
    channel.pay(no)
    assert owing.look(no) == "paid" and status() == "balanced"
    payment = Payment.objects.get()
    assert (payment.transaction, payment.amount, payment.order.no) == (f"420000{no}", 2500, no)
    appointment = owing.kiosk.confirm(owing.hold).body["appointment"]["id"]
    owing.kiosk.cancel(appointment)
    assert status() == "cancelled"
    channel.refund_state = RefundState.SUCCESS
    tend()
    assert status() == "cancelled" and Payment.objects.count() == 1, "what came stays in the books"


def test_a_second_code_is_for_the_same_invoice(owing: Owing, channel: PaperChannel, time: Clock) -> None:
    first, second = owing.order(), owing.order()
    assert first != second and Invoice.objects.get().orders.count() == 2 and status() == "issued"
    owing.kiosk.post(f"/orders/{second}/close")
    assert status() == "issued", "the number is still held: it is still owed"
    owing.kiosk.post(f"/holds/{owing.hold}/release")
    assert status() == "cancelled" and LineItem.objects.count() == 1


def test_nobody_was_asked_yet(owing: Owing, channel: PaperChannel) -> None:
    channel.away = {"open"}
    owing.kiosk.order(owing.hold)
    assert status() == "draft"


def test_the_wrong_sum_balances_nothing(owing: Owing, channel: PaperChannel) -> None:
    no = owing.order()
    channel.pay(no, 1)
    assert owing.look(no) == "disputed" and status() == "issued" and Payment.objects.get().amount == 1


def test_the_books_of_the_day_show_it(owing: Owing, channel: PaperChannel, time: Clock) -> None:
    no = owing.order()
    channel.pay(no)
    owing.look(no)
    day = daybook.of_day(time.now().date())
    assert day["invoices"] == [{"no": Invoice.objects.get().no, "status": "balanced", "total": 2500, "orders": [no],
                                "lines": [{"code": "registration", "amount": 2500}]}]
    assert day["orders"][0]["received"] == 2500 and day["orders"][0]["transaction"] == f"420000{no}"


def test_books_of_the_first_version_are_carried_over(owing: Owing) -> None:
    no = owing.order()
    hold, patient = Invoice.objects.get().hold_id, Invoice.objects.get().patient_id
    Order.objects.all().delete()
    Invoice.objects.all().delete()
    connection.close()
    executor = MigrationExecutor(connection)
    executor.migrate([("money", "0001_initial")])
    old = executor.loader.project_state([("money", "0001_initial")]).apps.get_model("money", "Order")
    paid_at = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
    for number, state, amount in (("R1", "closed", None), (no, "paid", 2500)):
        old.objects.create(no=number, state=state, hold_id=hold, patient_id=patient, kiosk="K1", key=number, amount=2500,
                           channel="wechat", merchant="1", appid="2", description="挂号费 心血管内科", made_at=paid_at,
                           expires_at=paid_at, transaction="42" if amount else "", paid_amount=amount,
                           paid_at=paid_at if amount else None)
    call_command("migrate", verbosity=0)
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.total, invoice.patient_id) == ("balanced", 2500, patient)
    assert sorted(invoice.orders.values_list("no", flat=True)) == sorted(["R1", no])
    payment = Payment.objects.get()
    assert (payment.order.no, payment.transaction, payment.amount, payment.received_at) == (no, "42", 2500, paid_at)
