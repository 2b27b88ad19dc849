"""The two ends around our WeChat Pay channel: the twin's process with the phone, and where notifications arrive."""

import queue
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from hospital.payments.wechat import WechatAccount

PATIENCE = 60    # s, a deadline that is never reached when all is well


@dataclass
class Hospital:
    """Where notifications arrive: keeps every one, answers what it is told to."""

    arrived: "queue.Queue[tuple[dict[str, str], bytes]]" = field(default_factory=queue.Queue)
    answers: list[tuple[int, bytes]] = field(default_factory=list)  # used up first; then 204
    url: str = ""

    def next(self) -> tuple[dict[str, str], bytes]:
        return self.arrived.get(timeout=PATIENCE)


@contextmanager
def hospital_open() -> Iterator[Hospital]:
    place = Hospital()

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            place.arrived.put((dict(self.headers.items()), body))
            status, answer = place.answers.pop(0) if place.answers else (204, b"")
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        place.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield place
        server.shutdown()
        thread.join()


@contextmanager
def wechat_running(folder: Path, notify_url: str) -> Iterator[WechatAccount]:
    """The twin's process, and the account it wrote for us."""
    with subprocess.Popen(
            [sys.executable, "-m", "hospital.sim.wechat", "--port", "0", "--account", str(folder),
             "--notify-url", notify_url, "--speed", "1000", "--refund-seconds", "0"],
            stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], PATIENCE)[0], "the twin does not start"
            said = process.stdout.readline().split()
            assert said and said[0] == "listening"
            account = WechatAccount.read(folder)
            assert account.gateway == said[1]
            yield account
        finally:
            process.terminate()


@dataclass
class Phone:
    """The patient's phone, and the twin's faults and books."""

    gateway: str

    def __call__(self, verb: str, **words: Any) -> requests.Response:
        return requests.post(f"{self.gateway}/twin/{verb}", json=words, timeout=PATIENCE)

    def list(self, what: str) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = requests.get(f"{self.gateway}/twin/{what}", timeout=PATIENCE).json()
        return answer

    def books(self, order_no: str) -> dict[str, Any]:
        return next((order for order in self.list("orders") if order["order_no"] == order_no), {})

    def at_rest(self) -> bool:
        """Every refund has ended, and the hospital has heard everything there is to hear."""
        refunds = [refund for order in self.list("orders") for refund in order["refunds"]]
        notices = self.list("notices")
        told = {notice["number"] for notice in notices if notice["state"] != "waiting"}
        return all(refund["refund_no"] in told for refund in refunds) and len(told) == len(
            {notice["number"] for notice in notices})
