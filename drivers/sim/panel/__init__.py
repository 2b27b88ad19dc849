"""The bench's panel: a web page on which people play the patient, and the same verbs by HTTP for programs.

    GET  /                         the page (?lang=en for English)
    GET  /twins[?since=MARK]       {"mark", "twins": {device: state}}; with `since`, waits until something is new
    POST /twins/<device>/<verb>    arguments as a JSON object; answers the device's state; 400, 404 when it cannot
    GET  /tickets                  all tickets, as /tickets/N.json gives each; also N.png, N.bin, hanging.png
    GET  /screen.jpg?w=PIXELS      the kiosk's screen, 304 while it is unchanged; 503 when there is none
    POST /screen/touch             {"x", "y" (0 to 1), "phase": "tap" | "down" | "move" | "up"}
    GET  /phone/orders, POST /phone/pay | refuse | late {"out_trade_no"}    passed on to the payment twins
"""

from __future__ import annotations

import json
import threading
import time
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from drivers.sim.bench import TWINS, Bench
from drivers.sim.cards import DECK
from drivers.sim.panel.phone import Phone, PhoneAway
from drivers.sim.panel.words import CODES, KINDS, PHRASES
from drivers.sim.screen import Screen, ScreenGone
from drivers.sim.ticket import Ticket
from drivers.sim.twin import Twin, Verb, verbs

LONGEST_WAIT = 20.0          # s, of GET /twins
FIELDS = {"bool": "checkbox", "int": "number", "str": "text", "Literal": "text"}
TYPES: dict[str, type] = {"bool": bool, "int": int, "str": str}


def panel(bench: Bench, phone_urls: tuple[str, ...] = (), display: str = "") -> Flask:
    """The web application. Without `phone_urls` (the payment twins) or `display` the page hides that part."""
    app = Flask(__name__)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    screen = Screen(display) if display else None
    phone = Phone(phone_urls) if phone_urls else None
    app.before_request(_from_this_page)
    app.register_error_handler(HTTPException, lambda error: (jsonify(error=error.description), error.code))

    @app.get("/")
    def page() -> str:
        language = "en" if request.args.get("lang") == "en" else "zh"
        index = 1 if language == "en" else 0
        return render_template(
            "panel.html", lang=language, t={key: pair[index] for key, pair in PHRASES.items()}, cards=DECK,
            kinds={key: pair[index] for key, pair in KINDS.items()},
            codes=[(code, words[index]) for code, words in CODES], screen=screen is not None,
            phone=phone is not None, devices={name: _shown_device(bench, name, index) for name in bench.devices})

    @app.get("/twins")
    def twins() -> Response:
        since, end = request.args.get("since", ""), time.monotonic() + LONGEST_WAIT
        while True:
            version = bench.loop.version
            states = {name: _state(bench, twin) for name, twin in bench.devices.items()}
            mark = blake2b(json.dumps(states).encode(), digest_size=8).hexdigest()
            left = end - time.monotonic()
            if mark != since or left <= 0:
                return jsonify(mark=mark, twins=states)
            bench.loop.wait(version, left)

    @app.post("/twins/<device>/<name>")
    def do(device: str, name: str) -> Response:
        twin = bench.devices.get(device)
        if twin is None or name not in verbs(twin):
            abort(404, f"no {device}/{name}")
        arguments = _arguments(twin, name)
        try:
            getattr(twin, name)(**arguments)
        except (TypeError, ValueError, KeyError) as error:
            abort(400, f"{type(error).__name__}: {error}")
        return jsonify(_state(bench, twin))

    @app.get("/tickets")
    def tickets() -> Response:
        return jsonify([json.loads(ticket.json()) for ticket in _tickets(bench)])

    @app.get("/tickets/<number>.<kind>")
    def ticket(number: str, kind: str) -> Response:
        return _shown(_ticket(bench, number), kind)

    @app.get("/screen.jpg")
    def picture() -> Response:
        if screen is None:
            abort(404, "this bench has no screen")
        try:
            mark, jpeg = screen.picture(max(1, request.args.get("w", 540, type=int)))
        except ScreenGone as error:
            abort(503, str(error))
        response = Response(jpeg, mimetype="image/jpeg")
        response.set_etag(mark)
        return response.make_conditional(request)  # type: ignore[return-value]

    @app.post("/screen/touch")
    def touch() -> Response:
        if screen is None:
            abort(404, "this bench has no screen")
        said = _said()
        try:
            screen.touch(float(said["x"]), float(said["y"]), said.get("phase", "tap"))
        except ScreenGone as error:
            abort(503, str(error))
        except (KeyError, TypeError, ValueError) as error:
            abort(400, f"{type(error).__name__}: {error}")
        return jsonify(ok=True)

    @app.get("/phone/orders")
    def orders() -> Response:
        return _phoned(phone, "orders", None)

    @app.post("/phone/<any(pay, refuse, late):act>")
    def pay(act: str) -> Response:
        return _phoned(phone, act, _said())

    return app


class PanelServer:
    """Serves a panel on `host`:`port` (0: any free one) in threads of its own, until `stop`."""

    def __init__(self, app: Flask, port: int, host: str = "127.0.0.1") -> None:
        self._server = make_server(host, port, app, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="panel", daemon=True)
        self.url = f"http://{host}:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()


class _Quiet(WSGIRequestHandler):
    """No line per request: the page asks several times a second."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def _from_this_page() -> None:
    """A page from elsewhere must not press buttons here: same origin, and JSON, which no plain form can send."""
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.host:
        abort(403, "another page's request")
    if request.method == "POST" and not request.is_json:
        abort(415, "JSON is wanted")


def _said() -> dict[str, Any]:
    said = request.get_json()
    return said if isinstance(said, dict) else abort(400, "a JSON object is wanted")


def _arguments(twin: Twin, name: str) -> dict[str, Any]:
    """The arguments of a verb from the request, of the right kind. Raises 400."""
    said, parameters = _said(), verbs(twin)[name].parameters
    for key, value in said.items():
        wanted = TYPES.get(parameters[key][0]) if key in parameters else None
        if wanted and (type(value) is not wanted or isinstance(value, int) and value < 0):
            abort(400, f"{key}: {parameters[key][0]}")
    return said


def _state(bench: Bench, twin: Twin) -> dict[str, Any]:
    return bench.loop.call(twin.state)


def _tickets(bench: Bench) -> list[Ticket]:
    if "printer" not in bench.devices:
        abort(404, "this bench has no printer")
    return list(bench.printer.tickets)


def _ticket(bench: Bench, number: str) -> Ticket:
    tickets = _tickets(bench)
    if number == "hanging":
        return bench.printer.hanging()
    if not number.isdecimal() or not 1 <= int(number) <= len(tickets):
        abort(404, "no such ticket")
    return tickets[int(number) - 1]


def _shown(ticket: Ticket, kind: str) -> Response:
    if kind == "png":
        return Response(ticket.png(), mimetype="image/png")
    if kind == "json":
        return Response(ticket.json(), mimetype="application/json")
    if kind == "bin":
        return Response(ticket.raw, mimetype="application/octet-stream")
    abort(404, "png, json or bin")


def _phoned(phone: Phone | None, act: str, said: dict[str, Any] | None) -> Response:
    if phone is None:
        abort(404, "this bench has no phone")
    try:
        status, answer = phone.ask(act, said)
    except PhoneAway as error:
        abort(502, str(error))
    return Response(answer, status=status, mimetype="application/json")


def _shown_device(bench: Bench, name: str, language: int) -> dict[str, Any]:
    """A device as the page shows it: what it is called, what one does with it, and its faults."""
    stand, twin = TWINS[name], bench.devices[name]
    return {"label": (stand.chinese, stand.english)[language],
            "acts": [_shown_verb(verb, language) for verb in verbs(twin).values() if not verb.fault and verb.name != "heal"],
            "faults": [_shown_verb(verb, language) for verb in verbs(twin).values() if verb.fault]}


def _shown_verb(verb: Verb, language: int) -> dict[str, Any]:
    """A switch, or a button with a field for each of its arguments that a person can type."""
    fields = {key: (FIELDS[word], default) for key, (kind, default) in verb.parameters.items()
              if not verb.switch and (word := next((word for word in FIELDS if word in kind), ""))}
    return {"name": verb.name, "label": (verb.chinese, verb.english)[language], "switch": verb.switch, "fields": fields}
