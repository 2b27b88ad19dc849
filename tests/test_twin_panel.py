"""The bench's panel over HTTP: every verb, the tickets, the page in two languages, the phone, the command line."""

from __future__ import annotations

import html
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from drivers.sim.bench import TWINS, Bench, Stand
from drivers.sim.panel import PanelServer, panel
from drivers.sim.twin import verbs
from twin_port import Port
from vectors import vectors

VEC = vectors("printer")
ROOT = Path(__file__).resolve().parent.parent


class PaymentTwin(BaseHTTPRequestHandler):
    """Answers like the payment twin's control side, and remembers what it was told."""

    told: list[tuple[str, dict[str, Any]]] = []

    def do_GET(self) -> None:
        assert self.path == "/twin/orders"
        self._answer(200, [{"order_no": "K1", "description": "挂号费", "amount": 1250, "payable": True}])

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.told.append((self.path, said))
        known = said["out_trade_no"] == "K1"
        self._answer(200 if known else 404, {"state": "SUCCESS"} if known else {"message": "订单不存在"})

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=math.inf) as bench:
        yield bench


@pytest.fixture
def phone() -> Iterator[str]:
    PaymentTwin.told = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), PaymentTwin)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url(bench: Bench, phone: str) -> Iterator[str]:
    server = PanelServer(panel(bench, (phone,)), 0)
    server.start()
    yield server.url
    server.stop()


def post(url: str, **said: Any) -> requests.Response:
    return requests.post(url, json=said, timeout=20)


def test_cards_and_codes(bench: Bench, url: str) -> None:
    assert post(f"{url}/twins/idcard/put", card="hmt").json()["card"] == "测试乙"
    assert bench.idcard.card and bench.idcard.card.kind == "hmt"
    person = {"kind": "resident", "name": "测试壬", "number": "999999200109090015"}
    assert post(f"{url}/twins/idcard/put", card=person).json()["card"] == "测试壬"
    assert post(f"{url}/twins/idcard/lift").json()["card"] is None
    with Port(bench.urls["scanner"]) as port:
        post(f"{url}/twins/scanner/show", code="V000000000001")
        assert port.read(15) == b"V000000000001\r\n"


def test_verbs_that_are_no_switches(bench: Bench, url: str) -> None:
    for device, twin in bench.devices.items():
        for name, verb in verbs(twin).items():
            said: dict[str, Any] = {"card": "resident"} if name == "put" else {"code": "1"} if name == "show" else {}
            if not verb.switch:
                assert post(f"{url}/twins/{device}/{name}", **said).status_code == 200, name


@pytest.mark.parametrize(("path", "said", "status"), [
    ("toaster/put", {}, 404), ("idcard/explode", {}, 404), ("idcard/hear", {"data": "x"}, 404),
    ("idcard/put", {}, 400), ("idcard/put", {"card": "nobody"}, 400), ("idcard/put", {"card": {"kind": "x"}}, 400),
    ("idcard/slow", {"ms": "long"}, 400), ("idcard/slow", {"ms": -1}, 400), ("idcard/silent", {"on": 1}, 400),
    ("idcard/slow", {"hours": 1}, 400), ("printer/width", {"mm": 112}, 400),
])
def test_what_cannot_be_done_is_refused(url: str, path: str, said: dict[str, Any], status: int) -> None:
    answer = post(f"{url}/twins/{path}", **said)
    assert answer.status_code == status and answer.json()["error"]


def test_other_pages_cannot_press_buttons(url: str) -> None:
    target = f"{url}/twins/idcard/lift"
    assert requests.post(target, data="{}", timeout=20).status_code == 415
    assert requests.post(target, json=[], timeout=20).status_code == 400
    assert requests.post(target, json={}, headers={"Origin": "http://elsewhere.example"}, timeout=20).status_code == 403
    assert requests.post(target, json={}, headers={"Origin": url}, timeout=20).status_code == 200


def test_the_state_is_answered_when_it_changes(bench: Bench, url: str) -> None:
    first = requests.get(f"{url}/twins", timeout=20).json()
    assert set(first["twins"]) == {"idcard", "scanner", "printer"}
    answers: list[dict[str, Any]] = []
    waiting = threading.Thread(
        target=lambda: answers.append(requests.get(f"{url}/twins?since={first['mark']}", timeout=30).json()))
    waiting.start()
    bench.idcard.put("resident")
    waiting.join(10)
    assert answers[0]["twins"]["idcard"]["card"] == "测试甲" and answers[0]["mark"] != first["mark"]


def test_tickets(bench: Bench, url: str) -> None:
    with Port(bench.urls["printer"]) as port:
        port.write(VEC["4.80"] + b"hanging\n")
        port.read(7)
    bench.printer.until(lambda: bench.printer.idle)
    assert [ticket["lines"][0]["text"] for ticket in requests.get(f"{url}/tickets", timeout=20).json()] == ["虚构医院"]
    picture = requests.get(f"{url}/tickets/1.png", timeout=20)
    assert picture.headers["Content-Type"] == "image/png" and picture.content[:4] == b"\x89PNG"
    assert requests.get(f"{url}/tickets/1.bin", timeout=20).content == VEC["4.80"]
    assert requests.get(f"{url}/tickets/1.json", timeout=20).json()["codes"][0]["data"] == "KIOSK-TEST-0001"
    assert requests.get(f"{url}/tickets/hanging.json", timeout=20).json()["lines"][0]["text"] == "hanging"
    for missing in ("0.png", "2.png", "-1.png", "x.png", "1.exe"):
        assert requests.get(f"{url}/tickets/{missing}", timeout=20).status_code == 404


def test_the_page_in_two_languages(url: str) -> None:
    chinese, english = (requests.get(f"{url}/{query}", timeout=20).text for query in ("", "?lang=en"))
    for text in ("测试甲", "999999199001010016", "V000000000001", "printer/paper_out", "idcard/lift_after"):
        assert text in chinese and text in english
    assert "患者的手机" in chinese and "The patient&#39;s phone" in english
    assert 'id="screen"' not in chinese, "no screen was given"
    assert not set(re.findall(r"[\u4e00-\u9fff]+", english)) - {"测试" + who for who in "甲乙丁戊己庚辛"} - {"中文"}
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', chinese):
        assert requests.get(url + path, timeout=20).status_code == 200


def test_what_the_page_presses_exists(bench: Bench, url: str) -> None:
    page = requests.get(url, timeout=20).text
    pressed = re.findall(r'data-(?:do|switch|verb)="(\w+)/(\w+)"', page)
    assert len(pressed) > 50
    assert [name for device, name in pressed if name not in verbs(bench.devices[device])] == []


def test_whatever_stands_on_the_bench_has_its_place_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TWINS, "lamp", Stand("scanner:ScannerTwin", "灯", "Lamp"))
    with Bench(tmp_path, devices=("lamp",)) as bench:
        client = panel(bench).test_client()
        page = client.get("/?lang=en").text
        assert 'id="lamp"' in page and "Lamp" in page and 'data-verb="lamp/show"' in page
        assert not any(f'id="{absent}"' in page for absent in ("idcard", "scanner", "printer", "tickets"))
        pressed = re.findall(r'data-(?:do|switch|verb)="(\w+)/(\w+)"', page)
        assert [press for press in pressed if press[0] != "lamp" or press[1] not in verbs(bench.devices["lamp"])] == []
        assert client.post("/twins/lamp/show", json={"code": "1"}).json["reads"] == 1
        assert client.get("/tickets").status_code == client.get("/tickets/1.png").status_code == 404


@pytest.mark.parametrize("device", TWINS)
def test_every_device_that_exists_can_be_played_with(tmp_path: Path, device: str) -> None:
    with Bench(tmp_path, speed=math.inf, devices=(device,)) as bench:
        client = panel(bench).test_client()
        for language, label in (("zh", TWINS[device].chinese), ("en", TWINS[device].english)):
            page = html.unescape(client.get(f"/?lang={language}").text)
            assert f'id="{device}"' in page and label in page
        for name, verb in verbs(bench.devices[device]).items():
            assert verb.chinese and verb.english
            if verb.switch:
                for on in (True, False):
                    assert client.post(f"/twins/{device}/{name}", json={"on": on}).json[name] is on, name
        assert client.get("/twins").json["twins"][device]["plugged"] is True


def test_the_phone_pays_through_the_panel(url: str) -> None:
    order, = requests.get(f"{url}/phone/orders", timeout=20).json()
    assert order["amount"] == 1250
    for act in ("pay", "refuse", "late"):
        assert post(f"{url}/phone/{act}", out_trade_no="K1").status_code == 200
    assert PaymentTwin.told == [(f"/twin/{act}", {"out_trade_no": "K1"}) for act in ("pay", "refuse", "late")]
    refused = post(f"{url}/phone/pay", out_trade_no="K2")
    assert refused.status_code == 404 and refused.json()["message"] == "订单不存在"
    assert post(f"{url}/phone/faults").status_code == 404


@pytest.mark.parametrize(("phone_url", "status"), [("", 404), ("http://127.0.0.1:9", 502), ("nonsense", 502)])
def test_without_a_phone_it_says_so(bench: Bench, phone_url: str, status: int) -> None:
    client = panel(bench, (phone_url,) if phone_url else ()).test_client()
    assert client.get("/phone/orders").status_code == status
    assert (b'id="phone"' in client.get("/").data) == bool(phone_url)
    assert client.get("/screen.jpg").status_code == client.post("/screen/touch", json={}).status_code == 404


def test_the_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "drivers.sim", "--state", str(tmp_path), "--port", "0", "--tcp", "printer=0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        said = dict(process.stdout.readline().split() for _ in range(4))
        assert said["idcard"] == f"serial://{tmp_path}/tty/idcard?baud=115200"
        assert said["printer"].startswith("tcp://127.0.0.1:")
        assert post(f"{said['listening']}/twins/idcard/put", card="resident").json()["card"] == "测试甲"
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=20)[0]
    assert (process.returncode, rest, os.listdir(tmp_path / "tty")) == (0, "", [])


@pytest.mark.parametrize("words", [
    ["--speed", "0"], ["--tcp", "toaster=1"], ["--tcp", "printer"], ["--devices", "toaster"],
    ["--devices", "scanner", "--tcp", "printer=0"], ["--nonsense"]])
def test_wrong_command_lines_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from drivers.sim.__main__ import arguments

    with pytest.raises(SystemExit):
        arguments(words)
    assert "usage:" in capsys.readouterr().err
