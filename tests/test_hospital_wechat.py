"""The whole way of the money, over real HTTP: the server as it is started, and a twin of WeChat Pay beside it."""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from hospital_fixtures import API


@contextmanager
def process(environment: dict[str, str], log: Path, *words: str) -> Iterator[str]:
    """Run a module until the block ends; gives the address it says it listens on."""
    with log.open("w") as errors:
        running = subprocess.Popen([sys.executable, "-m", *words], env=environment, text=True, stdout=subprocess.PIPE,
                                   stderr=errors)
        try:
            assert running.stdout is not None and select.select([running.stdout], [], [], 30)[0], log.read_text()
            found = re.search(r"http://127\.0\.0\.1:\d+", running.stdout.readline())
            assert found, log.read_text()
            yield found[0]
        finally:
            running.terminate()
            running.wait(20)


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port that is given to nobody who asks for any, and that a server may listen at: this socket itself never does."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


class Lobby:
    """A kiosk, a patient and a phone."""

    def __init__(self, server: str, twin: str, token: str) -> None:
        self.twin, self._root, self._token = twin, server + API, {"Authorization": f"Bearer {token}"}
        cheap = next(one for one in self.get("/departments") if one["code"] == "ER")
        self._segments = [part["id"] for one in self.get(f"/departments/{cheap['id']}/sessions")
                          if one["kind"] == "general" for part in one["segments"]]
        self.person: int = requests.post(f"{self._root}/patients/find", json={"visit_card": "V000000000001"},
                                         headers=self._token, timeout=30).json()["id"]
        self._pause = threading.Event()
        self._next = 2      # of the last segments: nothing of the next hours, so that it can be cancelled

    def get(self, path: str) -> Any:
        answer = requests.get(self._root + path, headers=self._token, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None, key: str = "", code: str = "") -> requests.Response:
        headers = {"Idempotency-Key": key or uuid.uuid4().hex} | ({"Payer-Code": code} if code else {})
        return requests.post(self._root + path, json=body or {}, timeout=60, headers=self._token | headers)

    def hold(self) -> str:
        self._next += 24 * 2      # another half day
        return str(self.post("/holds", {"patient": self.person, "segment": self._segments[-self._next]}).json()["id"])

    def phone(self, verb: str, **words: Any) -> None:
        assert requests.post(f"{self.twin}/twin/{verb}", json=words, timeout=30).status_code == 200

    def until(self, looked: Callable[[], bool]) -> None:
        """Wait for the background, at most 30 s."""
        end = time.monotonic() + 30
        while not looked():
            assert time.monotonic() < end
            self._pause.wait(0.1)


@pytest.fixture(scope="module")
def lobby(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lobby]:
    folder = tmp_path_factory.mktemp("lobby")
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"HOSPITAL_STATE": str(folder / "state"), "WECHAT_ACCOUNT": str(folder / "account")}

    def run(*words: str) -> str:
        return subprocess.run([sys.executable, "-m", "hospital", *words], env=environment, check=True, text=True,
                              capture_output=True, timeout=300).stdout.strip()
    run("seed")
    token = run("kiosk", "K1")
    with (reserved_port() as port,
          process(environment, folder / "twin.log", "hospital.sim.wechat", "--port", "0", "--account",
                  str(folder / "account"), "--refund-seconds", "0.1", "--notify-url",
                  f"http://127.0.0.1:{port}/pay/wechat/notify") as twin,
          process(environment, folder / "hospital.log", "hospital", "--port", str(port)) as server):
        yield Lobby(server, twin, token)


def test_paid_by_phone_booked_by_the_notification_and_refunded_on_cancelling(lobby: Lobby) -> None:
    hold = lobby.hold()
    order = lobby.post("/orders", {"hold": hold, "channel": "wechat"}).json()
    assert order["state"] == "open" and order["code_url"].startswith("weixin://")
    lobby.phone("pay", code_url=order["code_url"])
    lobby.until(lambda: bool(lobby.get(f"/orders/{order['no']}")["state"] == "paid"))
    confirmed = lobby.post(f"/holds/{hold}/confirm").json()
    assert confirmed["copy"] == 1 and confirmed["appointment"]["order"] == order["no"]
    cancelled = lobby.post(f"/appointments/{confirmed['appointment']['id']}/cancel").json()
    assert cancelled["refund"]["amount"] == order["amount"]
    lobby.until(lambda: bool(lobby.get(f"/orders/{order['no']}")["state"] == "refunded"))


def test_left_at_the_code_and_closed_for_good(lobby: Lobby) -> None:
    hold = lobby.hold()
    order = lobby.post("/orders", {"hold": hold, "channel": "wechat"}).json()
    assert lobby.post(f"/orders/{order['no']}/close").json()["state"] == "closed"
    assert lobby.post(f"/holds/{hold}/release").json() == {"state": "released"}
    late = requests.post(f"{lobby.twin}/twin/pay", json={"code_url": order["code_url"]}, timeout=30)
    assert late.status_code == 409, "nobody can pay it any more"


def test_a_lost_answer_and_the_same_request_again_show_a_code_that_can_be_paid(lobby: Lobby) -> None:
    hold = lobby.hold()
    lobby.phone("faults", lose_answers=1)
    lost = lobby.post("/orders", {"hold": hold, "channel": "wechat"}, "same")
    assert (lost.status_code, lost.json()["code"]) == (503, "channel_away")
    requests.delete(f"{lobby.twin}/twin/faults", timeout=30)
    order = lobby.post("/orders", {"hold": hold, "channel": "wechat"}, "same")
    assert order.status_code == 200, order.text
    lobby.phone("pay", code_url=order.json()["code_url"])
    assert lobby.post(f"/orders/{order.json()['no']}/close").json()["state"] == "paid"
    assert lobby.post(f"/holds/{hold}/confirm").status_code == 200


def test_paid_by_the_payers_own_code_after_typing_a_password(lobby: Lobby) -> None:
    hold = lobby.hold()
    qr = lobby.post("/orders", {"hold": hold, "channel": "wechat"}).json()
    lobby.phone("faults", typing=True)
    shown = lobby.post("/charges", {"hold": hold, "channel": "wechat"}, code="134567890123456789")
    requests.delete(f"{lobby.twin}/twin/faults", timeout=30)
    order = shown.json()
    assert (shown.status_code, order["state"], order["code_url"]) == (200, "open", "") and order["no"] != qr["no"]
    assert lobby.get(f"/orders/{qr['no']}")["state"] == "closed", "the code on the screen is dead"
    lobby.phone("pay", out_trade_no=order["no"])
    lobby.until(lambda: bool(lobby.get(f"/orders/{order['no']}")["state"] == "paid"))
    assert lobby.post(f"/holds/{hold}/confirm").json()["appointment"]["order"] == order["no"]
