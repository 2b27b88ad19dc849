"""What the patient's phone does, and what may go wrong: /twin/…, unsigned, for this machine only.

Faults: away, typing, early_bills (today's bill is there already) (true | false); refuse_orders (a sub_code, or ""); and
counted ones, the next n of which happen: lose_answers, forge_signature, unknown (done, and answered 20000), unknown_before
(not done, answered 20000), retry_cancel (cancelling must be asked for again), lose_notifications, forge_notification.
"""

import threading
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, request

from hospital.sim.alipay.books import Books, Refusal, Trade

COUNTED = ("lose_answers", "forge_signature", "unknown", "unknown_before", "retry_cancel", "lose_notifications",
           "forge_notification")
_NORMAL: dict[str, Any] = dict.fromkeys(("away", "typing", "early_bills"), False) | dict.fromkeys(COUNTED, 0) | {
    "refuse_orders": ""}


class Faults:
    """The settings above; thread safe."""

    def __init__(self) -> None:
        self._lock, self._settings = threading.Lock(), dict(_NORMAL)

    def set(self, words: Mapping[str, Any]) -> None:
        """Change the given words only. Raises ValueError for an unknown word or a value of another type."""
        for word, value in words.items():
            if word not in _NORMAL or type(value) is not type(_NORMAL[word]):
                raise ValueError(f"{word}: {value!r}")
        with self._lock:
            self._settings |= words

    def clear(self) -> None:
        self.set(_NORMAL)

    def get(self, word: str) -> Any:
        with self._lock:
            return self._settings[word]

    def show(self) -> dict[str, Any]:
        with self._lock:
            return dict(self._settings)

    def take(self, word: str) -> bool:
        """Whether this is one of the counted ones; it counts as used."""
        with self._lock:
            left = int(self._settings[word])
            self._settings[word] = max(0, left - 1)
            return left > 0


def phone(books: Books, faults: Faults) -> Blueprint:
    """The routes, in the words of the other payment twins. 409 when the rules refuse, 404 for an unknown order."""
    pages = Blueprint("phone", __name__, url_prefix="/twin")
    pages.before_request(_this_machine_only)
    pages.register_error_handler(Refusal, lambda no: (
        jsonify(code=no.code, message=no.message), 404 if no.code == "ACQ.TRADE_NOT_EXIST" else 409))

    def done(trade: Trade) -> Response:
        return jsonify(next(words for words in books.show() if words["order_no"] == trade.order_no))

    @pages.get("/orders")
    def orders() -> Response:
        return jsonify(books.show())

    @pages.post("/<any(pay, scan, refuse):act>")
    def do(act: str) -> Response:
        verbs = {"pay": books.pay, "scan": books.scan, "refuse": books.refuse}
        return done(verbs[act](*_which()))

    @pages.post("/late")
    def late() -> Response:
        return done(books.pay(*_which(), late=True))

    @pages.post("/amount")
    def amount() -> Response:
        stated = _words().get("amount")
        return done(books.misstate(_which()[0], stated)) if type(stated) is int else abort(400, "amount: fen")

    @pages.route("/faults", methods=["GET", "POST", "DELETE"])
    def set_faults() -> Response:
        try:
            if request.method == "POST":
                faults.set(_words())
            elif request.method == "DELETE":
                faults.clear()
        except ValueError as error:
            abort(400, str(error))
        return jsonify(faults.show())

    return pages


def _words() -> dict[str, Any]:
    said = request.get_json(silent=True)
    return said if isinstance(said, dict) else abort(400, "a JSON object is wanted")


def _which() -> tuple[str, str]:
    said = _words()
    return str(said.get("out_trade_no", "")), str(said.get("code_url", ""))


def _this_machine_only() -> None:
    """The Host and Origin checks keep a web page from elsewhere, opened on this machine, out as well."""
    origin = request.headers.get("Origin")
    if not (_loopback(request.remote_addr or "") and _loopback(urlsplit(request.host_url).hostname or "")
            and (origin is None or _loopback(urlsplit(origin).hostname or ""))):
        abort(403, "for this machine only")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
