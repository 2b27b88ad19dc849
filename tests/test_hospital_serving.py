"""The server over real HTTP: whatever hangs, everybody else is served."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections
from waitress.server import create_server

from ending import ask_to_end
from hospital.money import asking
from hospital.payments.channel import ChannelAway, Trade
from hospital_fixtures import API, Hospital, Kiosk, segment
from paper_channel import PaperChannel

DEADLINE = 30


class Hanging(PaperChannel):
    """Answers nothing at all until `let_go`."""

    def __init__(self) -> None:
        super().__init__()
        self.hanging = False
        self.let_go = threading.Event()
        self.waiting = threading.Semaphore(0)     # one more for each call that hangs

    def _begin(self, verb: str, no: str) -> None:
        if self.hanging:
            self.waiting.release()
            assert self.let_go.wait(DEADLINE)
            raise ChannelAway("time-out")
        super()._begin(verb, no)


class Server:
    def __init__(self, kiosk: Kiosk) -> None:
        self._server = create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=16)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        self._root = f"http://127.0.0.1:{self._server.effective_port}{API}"
        self._token = {"Authorization": f"Bearer {kiosk.token}"}

    def get(self, path: str) -> requests.Response:
        return requests.get(self._root + path, headers=self._token, timeout=DEADLINE)

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return requests.post(self._root + path, json=body, timeout=DEADLINE,
                             headers=self._token | {"Idempotency-Key": uuid.uuid4().hex})

    def stop(self) -> None:
        ask_to_end(self._server, self._server.close)
        self._server.task_dispatcher.shutdown()
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()


@pytest.fixture
def channel(channel: PaperChannel) -> Iterator[Hanging]:
    hanging = Hanging()
    from hospital.money import channels
    channels.use("wechat", channels.Way(hanging, hanging.merchant, hanging.appid))
    yield hanging
    hanging.let_go.set()


@pytest.fixture
def server(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    running = Server(kiosk)
    yield running
    running.stop()


@pytest.fixture
def askers() -> Iterator[None]:
    """The threads that ask in the background, as `serve` has them."""
    stop = threading.Event()

    def work() -> None:
        try:
            asking.ask_until(stop)
        finally:
            connections.close_all()
    threads = [threading.Thread(target=work) for _ in range(settings.CHANNEL_ASKERS)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    asking.wake()
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()


def orders(hospital: Hospital, kiosk: Kiosk, count: int) -> list[str]:
    session = hospital.session(fee=100, places=count)
    return [kiosk.order(kiosk.hold(hospital.patient(), segment(session)).body["id"]).body["no"] for _ in range(count)]


def test_nobody_waits_for_a_channel_that_hangs(hospital: Hospital, kiosk: Kiosk, channel: Hanging, server: Server,
                                               askers: None) -> None:
    nos = orders(hospital, kiosk, 20)
    free, person = hospital.session(hospital.skin), hospital.patient()
    channel.hanging = True
    with ThreadPoolExecutor(40) as pool:
        polls = [pool.submit(server.get, f"/orders/{no}") for no in nos]
        assert [one.result().json()["state"] for one in polls] == ["open"] * 20, "told as known, though nothing answers"
        closing = [pool.submit(server.post, f"/orders/{no}/close", {}) for no in nos]
        for _ in range(settings.CHANNEL_CALLS + settings.CHANNEL_ASKERS):
            assert channel.waiting.acquire(timeout=DEADLINE)
        assert server.get("/hello").status_code == 200
        assert len(server.get("/departments").json()) == 2
        kiosk.meet(person)
        hold = server.post("/holds", {"patient": person.pk, "segment": segment(free)}).json()
        assert server.post(f"/holds/{hold['id']}/confirm", {}).json()["copy"] == 1
        assert not channel.let_go.is_set(), "all that happened while the channel said nothing"
        turned_away = [one.result() for one in closing if one.done()]
        assert all((one.status_code, one.json()["code"], one.headers["Retry-After"]) == (503, "channel_away", "1")
                   for one in turned_away)
        channel.let_go.set()
        assert {one.result().status_code for one in closing} == {503}
    channel.hanging = False
    assert server.post(f"/orders/{nos[0]}/close", {}).json()["state"] == "closed", "every turn was given back"


def test_a_look_has_the_channel_asked_at_once(hospital: Hospital, kiosk: Kiosk, channel: Hanging, server: Server,
                                              askers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    no, = orders(hospital, kiosk, 1)
    channel.pay(no)
    learned = threading.Event()
    learn = asking.settling.learn

    def watched(no: str, trade: Trade) -> Any:
        try:
            return learn(no, trade)
        finally:
            learned.set()
    monkeypatch.setattr(asking.settling, "learn", watched)
    assert server.get(f"/orders/{no}").json()["state"] == "open"
    assert learned.wait(DEADLINE)
    assert server.get(f"/orders/{no}").json()["state"] == "paid"
    assert channel.times("query") == 1
