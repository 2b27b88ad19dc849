"""The town behind real sockets: its hospital speaks the kiosk API over HTTP, its printer and its phones a line each.

The machine's clock is virtual; every call carries it, so that the town's never lags behind.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests as http

from drivers import contract as d
from kiosk import care
from kiosk.hospital import Hospital
from kiosk.requests import Refused, VisitCard
from kiosk.wire import to_json
from lobby import Piece, _piece
from torture.outside import Outside

API = "/api/kiosk/v1"
CLOCK = "Town-Clock"

Call = Callable[[Any, tuple[str, ...], dict[str, Any], str], Any]


def _find(hospital: Any, at: tuple[str, ...], body: dict[str, Any], key: str) -> care.Patient:
    found: care.Patient = hospital.find_patient(VisitCard(body["visit_card"]) if "visit_card" in body else body["id_number"])
    return found


def _enroll(hospital: Any, at: tuple[str, ...], body: dict[str, Any], key: str) -> Any:
    return hospital.enroll(care.Document(body["card_kind"], body["id_number"], body["name"]), body["phone"], key)


ROUTES: tuple[tuple[str, str, Call], ...] = (
    ("GET", r"/departments", lambda h, at, body, key: h.departments()),
    ("GET", r"/departments/(\d+)/sessions\S*", lambda h, at, body, key: h.sessions(int(at[0]))),
    ("GET", r"/patients/(\d+)/appointments", lambda h, at, body, key: h.appointments(int(at[0]))),
    ("GET", r"/patients/(\d+)/papers", lambda h, at, body, key: h.papers(int(at[0]))),
    ("GET", r"/patients/(\d+)/notices", lambda h, at, body, key: h.notices(int(at[0]))),
    ("GET", r"/orders/(\w+)", lambda h, at, body, key: h.order(at[0])),
    ("POST", r"/patients/find", _find),
    ("POST", r"/patients", _enroll),
    ("POST", r"/notices/([\w-]+)/seen", lambda h, at, body, key: h.seen_notice(at[0], key) or {}),
    ("POST", r"/holds", lambda h, at, body, key: h.hold(body["patient"], body["segment"], key)),
    ("POST", r"/holds/([\w-]+)/release", lambda h, at, body, key: h.release(at[0], key) or {}),
    ("POST", r"/holds/([\w-]+)/confirm", lambda h, at, body, key: h.confirm(at[0], key)),
    ("POST", r"/orders", lambda h, at, body, key: h.open_payment(body["hold"], body["channel"], key)),
    ("POST", r"/orders/(\w+)/close", lambda h, at, body, key: h.close_payment(at[0], key)),
    ("POST", r"/appointments/(\d+)/cancel", lambda h, at, body, key: h.cancel(int(at[0]), key)),
    ("POST", r"/papers", lambda h, at, body, key: {"copy": h.issue_paper(
        body["appointment"], care.PaperKind(body["kind"]), key)}),
    ("POST", r"/papers/outcome", lambda h, at, body, key: h.report_paper(
        body["appointment"], care.PaperKind(body["kind"]), body["copy"], body["outcome"], key) or {}),
    ("POST", r"/facts", lambda h, at, body, key: {}),
)


class Front:
    """A server for one town at a time. `wait` returns when nobody is being served any more."""

    def __init__(self) -> None:
        self.town = Outside()
        self._lock = threading.Lock()
        self._idle = threading.Condition()
        self._open = 0
        front = self

        class Desk(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                front._count(1)

            def finish(self) -> None:
                try:
                    super().finish()
                finally:
                    front._count(-1)

            def do_GET(self) -> None:
                self._serve("GET")

            def do_POST(self) -> None:
                self._serve("POST")

            def _serve(self, method: str) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                key, clock = self.headers.get("Idempotency-Key", ""), float(self.headers[CLOCK])
                status, answer = front.serve(method, self.path, json.loads(data or b"{}"), key, clock)
                body = json.dumps(answer).encode()
                self.wfile.write(f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n"
                                 f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

            def log_message(self, *args: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                """The machine died in the middle of a sentence."""

        self._server = Server(("127.0.0.1", 0), Desk)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def serve(self, method: str, path: str, body: dict[str, Any], key: str, clock: float) -> tuple[int, Any]:
        with self._lock:
            town = self.town
            town.clock.seconds = max(town.clock.seconds, clock)
            if path == "/phone":
                return 200, bool(town.orders) and town.pay()
            if path == "/printer":
                return 200, self._print(town, Piece(**body))
            for verb, form, call in ROUTES:
                if verb == method and (found := re.fullmatch(API + form, path)):
                    try:
                        return 200, to_json(call(town.hospital, found.groups(), body, key))
                    except Refused as no:
                        return 409, {"code": no.reason, "data": no.data}
            return 404, {"code": "no_such_page"}

    def wait(self) -> None:
        """Until what was under way when the machine died has come to its end."""
        with self._idle:
            assert self._idle.wait_for(lambda: self._open == 0, 10), "somebody is still being served"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @staticmethod
    def _print(town: Outside, piece: Piece) -> str:
        town.printer.pieces.append(piece)
        return "printed"

    def _count(self, more: int) -> None:
        with self._idle:
            self._open += more
            self._idle.notify_all()


class Line(Hospital):
    """The kiosk's own client, over a real socket; and on the same wire, the printer and the phone."""

    def __init__(self, url: str, now: Callable[[], float]) -> None:
        super().__init__(url, "a token")
        self._url, self._clock = url, now
        self._errands = http.Session()

    def _call(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
        return super()._call(method, path, body, headers | {CLOCK: str(self._clock())})

    def errand(self, name: str, body: dict[str, Any]) -> Any:
        return self._errands.post(f"{self._url}/{name}", json=body, headers={CLOCK: str(self._clock())}, timeout=10).json()


class Remote(Outside):
    """What the machine's own process sees of the town: only what goes over the line."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.hospital = self._line = Line(url, self.clock.now)      # type: ignore[assignment]
        self.printer = Printer(self._line)                          # type: ignore[assignment]

    def pay(self, amount: int | None = None) -> bool:
        return bool(self._line.errand("phone", {}))


class Printer:
    def __init__(self, line: Line) -> None:
        self._line = line

    def print_ticket(self, lines: Any, timeout: float) -> d.Printed:
        piece = _piece(lines, whole=True)
        return d.Printed(self._line.errand("printer", vars(piece)))
