"""Alipay as the second channel: the hospital's books on both databases, over HTTP against the twin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alipay_ends import Wallet, alipay_running
from django.test import Client

from hospital import clock
from hospital.care.models import Appointment
from hospital.money import channels
from hospital.money.models import Order
from hospital.payments.alipay import AlipayAccount, AlipayChannel
from hospital.tending import tend
from hospital_fixtures import Answer, Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel
from wechat_ends import Hospital as Post, hospital_open

REAL_NOW = clock.now


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    """Where notifications arrive; a test brings them on to the hospital, for it is in this process."""
    with hospital_open() as post:
        yield post


@pytest.fixture(scope="module")
def account(post: Post, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlipayAccount]:
    with alipay_running(tmp_path_factory.mktemp("alipay") / "account", post.url + "/notify") as account:
        yield account


class Lobby:
    """A person with a held number that costs 25 yuan, a machine, and a phone."""

    def __init__(self, hospital: Hospital, kiosk: Kiosk, phone: Wallet) -> None:
        self.kiosk, self.phone = kiosk, phone
        self.hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=2500, places=1, days=1))).body["id"]

    def order(self, channel: str = "alipay") -> Answer:
        return self.kiosk.post("/orders", {"hold": self.hold, "channel": channel})

    def state(self, no: str) -> str:
        return str(self.kiosk.get(f"/orders/{no}").body["state"])

    def close(self, no: str) -> str:
        return str(self.kiosk.post(f"/orders/{no}/close").body["state"])


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Begins now, for the twin lives in our time; then it stands still as everywhere."""
    stopped = Clock()
    stopped.time = REAL_NOW()
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@pytest.fixture
def lobby(hospital: Hospital, kiosk: Kiosk, account: AlipayAccount, channel: PaperChannel) -> Iterator[Lobby]:
    channels.use("alipay", channels.Way(AlipayChannel(account), account.seller_id, account.app_id))
    wallet = Wallet(account)
    yield Lobby(hospital, kiosk, wallet)
    channels.use("alipay", None)
    wallet.quiet()


def test_paid_and_booked_and_refunded(lobby: Lobby, time: Clock) -> None:
    order = lobby.order().body
    assert order["channel"] == "alipay" and order["channels"] == ["wechat", "alipay"]
    assert lobby.state(order["no"]) == "open", "nobody has scanned it, and nothing is concluded from that"
    assert lobby.phone("pay", code_url=order["code_url"]).ok
    time.go(seconds=1)
    assert lobby.state(order["no"]) == "paid"
    appointment = lobby.kiosk.confirm(lobby.hold).body["appointment"]
    assert appointment["transaction"] == lobby.phone.order(order["no"])["transaction"]
    assert lobby.kiosk.cancel(appointment["id"]).body["refund"]["amount"] == 2500
    assert tend().refunds_done == 1 and lobby.state(order["no"]) == "refunded"
    assert [one["amount"] for one in lobby.phone.order(order["no"])["refunds"]] == [2500]


def test_changing_the_channel_closes_the_older_order_whichever_it_was(lobby: Lobby, channel: PaperChannel) -> None:
    first = lobby.order("wechat").body
    second = lobby.order("alipay").body
    third = lobby.order("wechat").body
    assert [lobby.state(no) for no in (first["no"], second["no"], third["no"])] == ["closed", "closed", "open"]
    assert lobby.phone("pay", code_url=second["code_url"]).status_code == 409, "nobody can pay it any more"
    channel.pay(third["no"])
    assert lobby.close(third["no"]) == "paid"


def test_the_older_order_that_was_paid_wins(lobby: Lobby) -> None:
    first = lobby.order("alipay").body
    lobby.phone("pay", code_url=first["code_url"])
    again = lobby.order("wechat").body
    assert (again["no"], again["state"]) == (first["no"], "paid") and Appointment.objects.get().order.no == first["no"]


def test_paid_after_it_was_closed_is_found_and_booked_or_given_back(lobby: Lobby, time: Clock) -> None:
    order = lobby.order().body
    assert lobby.close(order["no"]) == "closed"
    lobby.kiosk.post(f"/holds/{lobby.hold}/release")
    assert lobby.phone("late", code_url=order["code_url"]).ok
    time.go(seconds=121)
    assert tend().late_money == 1
    assert lobby.state(order["no"]) in ("refunding", "refunded")
    time.go(seconds=31)
    tend()
    assert lobby.state(order["no"]) == "refunded"


def test_the_payers_code(lobby: Lobby, time: Clock) -> None:
    lobby.phone("faults", typing=True)
    charged = Answer(lobby.kiosk._client.post(
        "/api/kiosk/v1/charges", {"hold": lobby.hold, "channel": "alipay"}, content_type="application/json",
        headers={"Idempotency-Key": "k", "Payer-Code": f"28{int(time.time.timestamp() * 1e6):016d}"})).body
    assert charged["state"] == "open"
    lobby.phone("pay", out_trade_no=charged["no"])
    time.go(seconds=5)
    assert lobby.state(charged["no"]) == "paid"


def test_a_charge_paid_while_it_was_reversed_is_given_back_by_that(lobby: Lobby, time: Clock,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    lobby.phone("faults", typing=True)
    charged = Answer(lobby.kiosk._client.post(
        "/api/kiosk/v1/charges", {"hold": lobby.hold, "channel": "alipay"}, content_type="application/json",
        headers={"Idempotency-Key": "k", "Payer-Code": f"29{int(time.time.timestamp() * 1e6):016d}"})).body
    way = channels.way("alipay")
    assert way is not None
    reverse = way.channel.reverse

    def race(no: str) -> None:
        assert lobby.phone("pay", out_trade_no=no).ok
        reverse(no)
    monkeypatch.setattr(way.channel, "reverse", race)
    time.go(seconds=30)
    assert lobby.close(charged["no"]) == "closed" and not Appointment.objects.exists()
    assert [one["amount"] for one in lobby.phone.order(charged["no"])["refunds"]] == [2500]
    time.go(seconds=121)
    tend()
    assert lobby.state(charged["no"]) == "closed", "what was given back is nothing to argue about"


def test_another_amount_is_disputed(lobby: Lobby, time: Clock) -> None:
    order = lobby.order().body
    lobby.phone("pay", code_url=order["code_url"])
    lobby.phone("amount", out_trade_no=order["no"], amount=1)
    assert lobby.state(order["no"]) == "disputed" and Order.objects.get().received.amount == 1


def test_a_hospital_with_alipay_alone_offers_it_first(lobby: Lobby) -> None:
    channels.use("wechat", None)
    order = lobby.order("wechat").body
    assert order["channel"] == "alipay" and order["channels"] == ["alipay"]


def test_a_notification_books_and_is_answered_with_the_word(lobby: Lobby, post: Post) -> None:
    order = lobby.order().body
    lobby.phone("pay", code_url=order["code_url"])
    while order["no"].encode() not in (body := post.next()[1]):
        pass
    for bad in (body.replace(b"25.00", b"26.00"), b"sign=x"):
        assert told(bad) == (401, "FAIL")
    assert [told(body), told(body)] == [(200, "success")] * 2
    assert lobby.state(order["no"]) == "paid" and Appointment.objects.count() == 1


def told(body: bytes) -> tuple[int, str]:
    answer = Client().post("/pay/alipay/notify", body, content_type="application/x-www-form-urlencoded")
    said = answer.content.decode()
    return answer.status_code, said if said == "success" else answer.json()["code"]
