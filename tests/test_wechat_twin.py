"""The twin of WeChat Pay keeps the manual's rules. Spoken to without our own channel, with a clock of our own."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from werkzeug.test import TestResponse

from hospital.sim.wechat.account import Account, settle
from hospital.sim.wechat.books import CHINA
from hospital.sim.wechat.post import SCHEDULE
from hospital.sim.wechat.twin import Twin

NATIVE = "/v3/pay/transactions/native"
REFUNDS = "/v3/refund/domestic/refunds"
PATIENCE = 20
_nonces = count(1)


@dataclass
class Merchant:
    """Signs by the manual, with whatever the test wants to be wrong."""

    account: Account
    key: rsa.RSAPrivateKey
    now: float = 1_800_000_000.0
    twin: Twin = field(init=False)

    def at(self, seconds: float) -> str:
        return datetime.fromtimestamp(self.now + seconds, CHINA).isoformat()

    def call(self, method: str, path: str, words: Any = None, sent_path: str = "", sent_body: bytes | None = None,
             **changed: str) -> TestResponse:
        body = b"" if words is None else json.dumps(words).encode()
        fields = {"mchid": self.account.mchid, "nonce_str": f"nonce{next(_nonces)}", "timestamp": str(int(self.now)),
                  "serial_no": self.account.serial_no} | changed
        text = f"{method}\n{path}\n{fields['timestamp']}\n{fields['nonce_str']}\n{body.decode()}\n".encode()
        fields.setdefault("signature", base64.b64encode(self.key.sign(text, PKCS1v15(), SHA256())).decode())
        authorization = "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in fields.items())
        return self.twin.app.test_client().open(
            sent_path or path, method=method, data=body if sent_body is None else sent_body,
            headers={"Authorization": authorization, "Content-Type": "application/json"})

    def words(self, number: str, **changed: Any) -> dict[str, Any]:
        return {"appid": self.account.appid, "mchid": self.account.mchid, "description": "挂号费",
                "out_trade_no": number, "notify_url": "http://127.0.0.1:9/notify",
                "amount": {"total": 1000, "currency": "CNY"}, "time_expire": self.at(1800)} | changed

    def order(self, number: str, **changed: Any) -> str:
        answer = self.call("POST", NATIVE, self.words(number, **changed))
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["code_url"])

    def state(self, number: str) -> str:
        return str(self.call("GET", self.trade(number)).get_json()["trade_state"])

    def trade(self, number: str) -> str:
        return f"/v3/pay/transactions/out-trade-no/{number}?mchid={self.account.mchid}"

    def refund(self, number: str, refund_no: str, amount: int, total: int = 1000) -> TestResponse:
        return self.call("POST", REFUNDS, {
            "out_trade_no": number, "out_refund_no": refund_no,
            "amount": {"refund": amount, "total": total, "currency": "CNY"}})

    def phone(self, verb: str, **words: Any) -> TestResponse:
        return self.twin.app.test_client().post(f"/twin/{verb}", json=words)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> tuple[Account, rsa.RSAPrivateKey]:
    folder = tmp_path_factory.mktemp("wechat") / "account"
    account = settle(folder, "http://127.0.0.1:1", "http://127.0.0.1:9/notify")
    key = load_pem_private_key((folder / "apiclient_key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return account, key


@pytest.fixture
def merchant(account: tuple[Account, rsa.RSAPrivateKey]) -> Iterator[Merchant]:
    merchant = Merchant(*account)
    merchant.twin = Twin(merchant.account, refund_seconds=3600, clock=lambda: merchant.now)
    yield merchant
    merchant.twin.close()


def refused(answer: TestResponse, status: int, code: str) -> bool:
    words = answer.get_json()
    assert (answer.status_code, words["code"]) == (status, code), words
    assert words["message"] and answer.headers["Wechatpay-Signature"]
    return True


# Who may speak


def test_a_request_is_checked_in_every_part(merchant: Merchant) -> None:
    merchant.order("ORDER-1")
    path, words = merchant.trade("ORDER-1"), merchant.words("ORDER-2")
    assert merchant.call("GET", path).status_code == 200
    assert refused(merchant.call("GET", path, sent_path=path + "&x=1"), 401, "SIGN_ERROR")
    assert refused(merchant.call("POST", NATIVE, words, sent_body=json.dumps(words).encode() + b" "), 401, "SIGN_ERROR")
    assert refused(merchant.call("GET", path, serial_no="0" * 40), 401, "SIGN_ERROR")
    assert refused(merchant.call("GET", path, mchid="1999999999"), 400, "MCH_NOT_EXISTS")
    assert refused(merchant.call("GET", path, signature="AAAA"), 401, "SIGN_ERROR")
    assert refused(merchant.call("GET", path, timestamp=str(int(merchant.now) - 301)), 401, "SIGN_ERROR")
    assert refused(merchant.call("GET", path, timestamp=str(int(merchant.now) + 301)), 401, "SIGN_ERROR")
    assert merchant.call("GET", path, nonce_str="once").status_code == 200
    assert refused(merchant.call("GET", path, nonce_str="once"), 401, "SIGN_ERROR")


def test_without_any_signature_nothing_is_said(merchant: Merchant) -> None:
    assert refused(merchant.twin.app.test_client().get(merchant.trade("ORDER-1")), 401, "SIGN_ERROR")


def test_the_known_number_of_an_error_ends_the_request_id(merchant: Merchant) -> None:
    answer = merchant.call("GET", merchant.trade("ORDER-1"))
    assert refused(answer, 404, "ORDER_NOT_EXIST") and answer.headers["Request-ID"].endswith("-268512771")


@pytest.mark.parametrize("wrong", [
    {"out_trade_no": "SHORT"}, {"out_trade_no": "X" * 33}, {"out_trade_no": "ORDER/1"}, {"description": ""},
    {"description": "x" * 128}, {"amount": {"total": 0}}, {"amount": {"total": 9.5}}, {"amount": 1000},
    {"amount": {"total": 1, "currency": "USD"}}, {"time_expire": "2027-01-15T16:00:00"}, {"time_expire": "soon"},
    {"notify_url": "https://hospital.invalid/notify?x=1"}, {"notify_url": None}])
def test_orders_are_written_as_the_manual_wants(merchant: Merchant, wrong: dict[str, Any]) -> None:
    assert refused(merchant.call("POST", NATIVE, merchant.words("ORDER-1", **wrong)), 400, "PARAM_ERROR")


def test_appid_and_merchant_belong_together(merchant: Merchant) -> None:
    wrong = merchant.words("ORDER-1", appid="wx0000000000000000")
    assert refused(merchant.call("POST", NATIVE, wrong), 400, "APPID_MCHID_NOT_MATCH")
    assert refused(merchant.call("GET", "/v3/pay/transactions/out-trade-no/ORDER-1?mchid=1"), 400, "MCH_NOT_EXISTS")


# Time


def test_a_code_lives_two_hours_and_can_be_renewed(merchant: Merchant) -> None:
    words = merchant.words("ORDER-1", time_expire=merchant.at(86400))
    code = merchant.call("POST", NATIVE, words).get_json()["code_url"]
    merchant.now += 2 * 3600 + 1
    assert merchant.phone("pay", code_url=code).get_json()["code"] == "CODE_DEAD"
    renewed = merchant.call("POST", NATIVE, words).get_json()["code_url"]
    assert merchant.phone("pay", code_url=renewed).status_code == 200


def test_after_its_end_nobody_can_pay_yet_the_order_stays_open(merchant: Merchant) -> None:
    code = merchant.order("ORDER-1", time_expire=merchant.at(120))
    merchant.now += 121
    assert merchant.phone("pay", code_url=code).get_json()["code"] == "ORDER_EXPIRED"
    assert merchant.state("ORDER-1") == "NOTPAY"


def test_no_end_is_nearer_than_a_minute(merchant: Merchant) -> None:
    code = merchant.order("ORDER-1", time_expire=merchant.at(1))
    merchant.now += 59
    assert merchant.phone("pay", code_url=code).status_code == 200


def test_an_unpaid_order_is_closed_after_seven_days(merchant: Merchant) -> None:
    words = merchant.words("ORDER-1")
    del words["time_expire"]
    assert merchant.call("POST", NATIVE, words).status_code == 200
    merchant.now += timedelta(days=7).total_seconds() + 1
    assert merchant.state("ORDER-1") == "CLOSED"


# Closing and refunds


def test_close(merchant: Merchant) -> None:
    merchant.order("ORDER-1")
    path, words = "/v3/pay/transactions/out-trade-no/ORDER-1/close", {"mchid": merchant.account.mchid}
    answer = merchant.call("POST", path, words)
    assert (answer.status_code, answer.data) == (204, b"") and answer.headers["Wechatpay-Signature"]
    assert refused(merchant.call("POST", path, words), 400, "ORDER_CLOSED")
    assert merchant.phone("pay", out_trade_no="ORDER-1").status_code == 409
    assert merchant.phone("late", out_trade_no="ORDER-1").status_code == 200
    assert refused(merchant.call("POST", path, words), 400, "ORDERPAID")
    assert merchant.phone("pay", out_trade_no="ORDER-1").status_code == 409


def test_an_unpaid_order_is_not_refunded(merchant: Merchant) -> None:
    merchant.order("ORDER-1")
    assert refused(merchant.refund("ORDER-1", "REFUND-1", 100), 404, "RESOURCE_NOT_EXISTS")


def test_refunds_have_limits(merchant: Merchant) -> None:
    merchant.order("ORDER-1")
    merchant.phone("pay", out_trade_no="ORDER-1")
    for place in range(50):
        assert merchant.refund("ORDER-1", f"REFUND-{place}", 10).status_code == 200
    assert refused(merchant.refund("ORDER-1", "REFUND-50", 10), 400, "INVALID_REQUEST")
    assert merchant.refund("ORDER-1", "REFUND-7", 10).status_code == 200
    assert refused(merchant.refund("ORDER-1", "REFUND-7", 11), 400, "INVALID_REQUEST")
    assert len(merchant.twin.books.show()[0]["refunds"]) == 50


def test_a_refund_names_the_orders_total(merchant: Merchant) -> None:
    merchant.order("ORDER-1")
    merchant.phone("pay", out_trade_no="ORDER-1")
    assert refused(merchant.refund("ORDER-1", "REFUND-1", 100, total=999), 400, "INVALID_REQUEST")


def test_a_trade_is_found_by_its_transaction(merchant: Merchant) -> None:
    merchant.order("ORDER-1")
    transaction = merchant.phone("pay", out_trade_no="ORDER-1").get_json()["transaction"]
    answer = merchant.call("GET", f"/v3/pay/transactions/id/{transaction}?mchid={merchant.account.mchid}")
    assert answer.get_json()["out_trade_no"] == "ORDER-1"


# Books that outlive the process, and notifications


class Ears(HTTPServer):
    """A merchant that says 500 to its first `deaf` notifications, then 200; it waits for `wanted` of them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Ear)
        self.deaf, self.wanted = 0, 1
        self.url = f"http://127.0.0.1:{self.server_port}/notify"
        self.heard: list[dict[str, Any]] = []
        self.enough = threading.Event()


class Ear(BaseHTTPRequestHandler):
    server: Ears

    def do_POST(self) -> None:
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        well = len(self.server.heard) > self.server.deaf
        self.send_response(200 if well else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if len(self.server.heard) == self.server.wanted:
            self.server.enough.set()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def ears() -> Iterator[Ears]:
    with Ears() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def told(account: tuple[Account, rsa.RSAPrivateKey], ears: Ears) -> Merchant:
    """A merchant, after a payment and as many notifications of it as the ears want."""
    merchant = Merchant(*account)
    merchant.twin = Twin(merchant.account, speed=1e6, clock=lambda: merchant.now)
    merchant.order("ORDER-1", notify_url=ears.url)
    merchant.phone("pay", out_trade_no="ORDER-1")
    assert ears.enough.wait(PATIENCE)
    merchant.twin.close()
    return merchant


def notice(merchant: Merchant) -> tuple[str, str, int, str]:
    said = merchant.twin.app.test_client().get("/twin/notices").get_json()[0]
    return said["number"], said["event"], said["tries"], said["state"]


def test_the_manuals_schedule() -> None:
    assert len(SCHEDULE) == 15 and sum(SCHEDULE) == 24 * 3600 + 4 * 60


def test_a_notification_is_sent_until_it_is_acknowledged(
        account: tuple[Account, rsa.RSAPrivateKey], ears: Ears) -> None:
    ears.deaf, ears.wanted = 5, 6
    merchant = told(account, ears)
    assert len(ears.heard) == 6 and len({heard["id"] for heard in ears.heard}) == 1
    assert len({heard["resource"]["nonce"] for heard in ears.heard}) == 6
    assert notice(merchant) == ("ORDER-1", "TRANSACTION.SUCCESS", 6, "acknowledged")


def test_nobody_is_told_for_ever(account: tuple[Account, rsa.RSAPrivateKey], ears: Ears) -> None:
    ears.deaf, ears.wanted = 99, 16
    merchant = told(account, ears)
    assert notice(merchant) == ("ORDER-1", "TRANSACTION.SUCCESS", 16, "given_up")


def test_the_books_outlive_the_process(
        account: tuple[Account, rsa.RSAPrivateKey], ears: Ears, tmp_path: Path) -> None:
    merchant, file = Merchant(*account), tmp_path / "books.json"
    merchant.twin = Twin(merchant.account, file, refund_seconds=3600, clock=lambda: merchant.now)
    merchant.phone("faults", lose_notifications=100)
    merchant.order("ORDER-1", notify_url=ears.url)
    merchant.order("ORDER-2")
    merchant.phone("pay", out_trade_no="ORDER-1")
    merchant.refund("ORDER-1", "REFUND-1", 10)
    before = merchant.twin.books.show()
    merchant.twin.close()
    merchant.twin = Twin(merchant.account, file, clock=lambda: merchant.now)
    assert merchant.twin.books.show() == before and len(before) == 2
    assert ears.enough.wait(PATIENCE)  # what nobody had acknowledged is told again
    merchant.twin.books.settle("REFUND-1", "SUCCESS")
    merchant.twin.close()
    assert ears.heard[0]["event_type"] == "TRANSACTION.SUCCESS"


# The phone


def test_the_phones_page_is_chinese_and_english(merchant: Merchant) -> None:
    page = merchant.twin.app.test_client().get("/twin/").text
    assert "确认付款" in page and '"Pay"' in page


def test_the_phone_is_for_this_machine_only(merchant: Merchant) -> None:
    client = merchant.twin.app.test_client()
    here = client.get("/twin/orders", headers={"Origin": "http://localhost:8000"})
    assert here.status_code == 200
    assert here.headers["Access-Control-Allow-Origin"] == "http://localhost:8000"
    assert client.options("/twin/pay", headers={"Origin": "http://127.0.0.1:8000"}).status_code == 200
    for far in ({"Origin": "https://elsewhere.invalid"}, {"Host": "elsewhere.invalid"}, {"Origin": "null"}):
        answer = client.get("/twin/orders", headers=far)
        assert answer.status_code == 403 and "Access-Control-Allow-Origin" not in answer.headers
    assert client.get("/twin/orders", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403


@pytest.mark.parametrize("wrong", [
    {"slow": -1}, {"slow": "1"}, {"twice": 1.5}, {"twice": True}, {"away": 1}, {"refund": "maybe"}, {"unheard": 1},
    {"refuse_orders": None}])
def test_a_fault_nobody_knows_is_refused_whole(merchant: Merchant, wrong: dict[str, Any]) -> None:
    assert merchant.phone("faults", **{"stale": 1} | wrong).status_code == 400
    assert merchant.twin.faults.show()["stale"] == 0


def test_the_phone_must_say_which_order(merchant: Merchant) -> None:
    assert merchant.phone("pay").status_code == 400
    assert merchant.phone("pay", out_trade_no=7).status_code == 400
    assert merchant.phone("pay", out_trade_no="ORDER-1").status_code == 404
    assert merchant.phone("amount", out_trade_no="ORDER-1").status_code == 400
