"""The payer shows a code of their own (付款码): charged once, never kept, and settled whatever answer is lost."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from hospital.care.models import Appointment
from hospital.kiosk.models import Claim
from hospital.money.models import Order, Refund
from hospital.payments.channel import TradeState
from hospital.tending import tend
from hospital_fixtures import API, Answer, Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel

CODE = "134567890123456789"


class Payer:
    """A person with a held number that costs 25 yuan, and a code on the phone."""

    def __init__(self, hospital: Hospital, kiosk: Kiosk) -> None:
        self.kiosk = kiosk
        self.hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=2500, places=1))).body["id"]

    def shows(self, code: str = CODE, key: str = "key") -> Answer:
        headers = {"Idempotency-Key": key} | ({"Payer-Code": code} if code else {})
        return Answer(self.kiosk._client.post(f"{API}/charges", {"hold": self.hold, "channel": "wechat"},
                                              content_type="application/json", headers=headers))

    def looks(self) -> str:
        return str(self.kiosk.get(f"/orders/{self.no()}").body["state"])

    def closes(self) -> Answer:
        return self.kiosk.post(f"/orders/{self.no()}/close")

    def no(self) -> str:
        return Order.objects.filter(by_code=True).latest("pk").no


@pytest.fixture
def payer(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> Payer:
    return Payer(hospital, kiosk)


def test_paid_at_once_is_booked_at_once(payer: Payer, channel: PaperChannel) -> None:
    order = payer.shows()
    assert (order.status, order.body["state"], order.body["code_url"]) == (200, "paid", "")
    assert Appointment.objects.get().order.no == payer.no() and channel.codes == [CODE]
    assert payer.kiosk.confirm(payer.hold).status == 200


def test_somebody_types_a_password_and_is_asked_about_every_five_seconds(payer: Payer, channel: PaperChannel,
                                                                         time: Clock) -> None:
    channel.typing = True
    assert payer.shows().body["state"] == "open"
    for _ in range(4):
        assert payer.looks() == "open"
        time.go(seconds=1)
    assert channel.times("query") == 0
    time.go(seconds=1)
    assert payer.looks() == "open" and channel.times("query") == 1
    channel.pay(payer.no())
    time.go(seconds=5)
    assert payer.looks() == "paid" and Appointment.objects.count() == 1


def test_nobody_typed_it_is_reversed_after_half_a_minute_and_asked_once_more(payer: Payer, channel: PaperChannel,
                                                                             time: Clock) -> None:
    channel.typing = True
    payer.shows()
    time.go(seconds=30)
    assert payer.closes().body["state"] == "closed"
    assert [verb for verb, _ in channel.asked] == ["charge", "query", "reverse", "query"]
    assert payer.kiosk.order(payer.hold).body["state"] == "open", "the person may pay in another way"


def test_nothing_is_reversed_within_fifteen_seconds(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    channel.typing = True
    payer.shows()
    time.go(seconds=14)
    assert payer.closes().code == "channel_away" and channel.times("reverse") == 0
    time.go(seconds=1)
    assert payer.closes().body["state"] == "closed" and channel.times("reverse") == 1


def test_a_wrong_password_is_a_definite_no(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    channel.typing = True
    payer.shows()
    channel.orders[payer.no()].state = TradeState.PAYERROR
    time.go(seconds=5)
    assert payer.looks() == "refused" and channel.times("reverse") == 0
    channel.typing = False
    assert payer.shows("284567890123456789", "second").body["state"] == "paid"


def test_a_code_that_is_over_is_refused_and_another_may_be_shown(payer: Payer, channel: PaperChannel) -> None:
    channel.refuse = {"charge": "AUTH_CODE_INVALID"}
    assert payer.shows().body["state"] == "refused" and Order.objects.get().reason == "AUTH_CODE_INVALID"
    channel.refuse = {}
    assert payer.shows("150000000000000000", "second").body["state"] == "paid"


@pytest.mark.parametrize("paid", [True, False])
def test_a_lost_answer_is_asked_about_by_our_number_and_never_charged_again(payer: Payer, channel: PaperChannel,
                                                                            time: Clock, paid: bool) -> None:
    channel.lost, channel.typing = {"charge"}, not paid
    assert payer.shows().body["state"] == "open"
    assert payer.shows().headers["Idempotent-Replay"] == "true"
    time.go(seconds=5)
    assert payer.looks() == ("paid" if paid else "open")
    time.go(seconds=25)
    assert payer.closes().body["state"] == ("paid" if paid else "closed")
    assert channel.times("charge") == 1 and channel.times("reverse") == (not paid)


def test_a_charge_that_never_arrived_is_closed_when_its_time_is_over(payer: Payer, channel: PaperChannel,
                                                                     time: Clock) -> None:
    channel.away = {"charge"}
    assert payer.shows().body["state"] == "open"
    time.go(seconds=20)
    assert payer.closes().code == "channel_away", "it may still be on its way"
    time.go(seconds=11)
    assert payer.closes().body["state"] == "closed"


def test_the_channel_wants_to_be_asked_again_to_reverse(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    channel.typing, channel.lost = True, {"reverse"}
    payer.shows()
    time.go(seconds=30)
    assert payer.closes().code == "channel_away"
    channel.lost = set()
    assert payer.closes().body["state"] == "closed"


def test_who_pays_while_it_is_reversed_has_the_money_back(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    channel.typing = channel.pay_on_close = True
    payer.shows()
    time.go(seconds=30)
    assert payer.closes().body["state"] == "closed"
    assert not Appointment.objects.exists() and not Refund.objects.exists(), "the reversal itself gave it back"


def test_the_qr_code_is_closed_first_and_if_it_was_paid_that_wins(payer: Payer, channel: PaperChannel) -> None:
    first = payer.kiosk.order(payer.hold).body
    channel.pay(first["no"])
    order = payer.shows()
    assert (order.body["no"], order.body["state"]) == (first["no"], "paid") and channel.codes == []


def test_the_qr_code_is_dead_when_the_code_is_charged(payer: Payer, channel: PaperChannel) -> None:
    first = payer.kiosk.order(payer.hold).body
    assert payer.shows().body["state"] == "paid"
    assert channel.orders[first["no"]].state == TradeState.CLOSED
    assert Order.objects.get(no=first["no"]).invoice == Order.objects.get(by_code=True).invoice


def test_a_repeat_without_the_code_goes_on_with_the_order_or_is_told_that_nothing_was_charged(
        payer: Payer, channel: PaperChannel) -> None:
    assert payer.shows("", "never").code == "code_gone" and not Order.objects.exists()
    channel.away = {"query"}
    Order.objects.all().delete()
    channel.away, channel.typing = set(), True
    payer.shows(key="begun")
    Claim.objects.filter(key="begun").delete()          # as if the answer had never been stored
    repeated = payer.shows("", "begun")
    assert (repeated.body["no"], repeated.body["state"]) == (payer.no(), "open") and channel.times("charge") == 1


def test_what_a_dead_kiosk_left_is_reversed_by_itself(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    channel.typing = True
    payer.shows()
    time.go(seconds=31)
    assert tend().orders_settled == 1 and payer.looks() == "closed" and channel.times("reverse") == 1


def test_the_code_is_nowhere_afterwards(payer: Payer, channel: PaperChannel, caplog: pytest.LogCaptureFixture,
                                        books: str) -> None:
    with caplog.at_level(logging.DEBUG):
        payer.shows("1999", "bad")
        channel.refuse = {"charge": "AUTH_CODE_INVALID"}
        payer.shows()
        channel.refuse = {}
        payer.shows("150000000000000000", "second")
    assert channel.codes == ["150000000000000000"]
    said = " ".join(str(record.__dict__) for record in caplog.records)
    with connection.cursor() as cursor:
        kept = ""
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            kept += str(cursor.fetchall())
    assert Order.objects.first().no in kept
    for code in (CODE, "150000000000000000"):
        assert code not in said and code not in kept
    if books == "sqlite":
        folder = Path(settings.DATABASES["default"]["NAME"]).parent
        assert not any(code.encode() in file.read_bytes() for file in folder.iterdir() for code in (CODE,))


def test_two_codes_under_one_key_are_one_request(payer: Payer, channel: PaperChannel) -> None:
    """What is kept of a request is made of its address and body; the code is in neither."""
    first = payer.shows()
    second = payer.shows("150000000000000000")
    assert second.text == first.text and second.headers["Idempotent-Replay"] == "true" and channel.codes == [CODE]


def test_rubbish_is_no_code(payer: Payer, channel: PaperChannel) -> None:
    assert payer.shows("12345").body["code"] == "bad_request" and channel.codes == []
