"""What the patient's phone does, and the bench: /twin/…, unsigned, for this machine only."""

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, request

from hospital.sim.wechat.books import Books, Order
from hospital.sim.wechat.faults import Faults
from hospital.sim.wechat.post import Post
from hospital.sim.wechat.refusal import Refusal

_PAGE = Path(__file__).with_name("templates") / "phone.html"


def phone(books: Books, post: Post, faults: Faults, on_faults: Callable[[dict[str, Any]], None]) -> Blueprint:
    """The routes. on_faults: hears which faults were set. 409 when the rules refuse, 404 for an unknown
    order.
    """
    pages = Blueprint("phone", __name__, url_prefix="/twin")
    pages.before_request(_this_machine_only)
    pages.after_request(_open_to_this_machine)
    pages.register_error_handler(Refusal, _refused)

    def done(order: Order) -> Response:
        return jsonify(next(words for words in books.show() if words["order_no"] == order.order_no))

    @pages.get("/")
    def page() -> Response:
        return Response(_PAGE.read_text("utf-8"), mimetype="text/html")

    @pages.get("/orders")
    def orders() -> Response:
        return jsonify(books.show())

    @pages.get("/notices")
    def notices() -> Response:
        return jsonify(post.show())

    @pages.post("/pay")
    def pay() -> Response:
        return done(books.pay(*_which()))

    @pages.post("/refuse")
    def refuse() -> Response:
        return done(books.fail(*_which()))

    @pages.post("/late")
    def late() -> Response:
        return done(books.pay(*_which(), late=True))

    @pages.post("/amount")
    def amount() -> Response:
        stated = _said().get("amount")
        if type(stated) is not int:
            abort(400, "amount: fen")
        return done(books.misstate(_which()[0], stated))

    @pages.get("/faults")
    def show_faults() -> Response:
        return jsonify(faults.show())

    @pages.post("/faults")
    def set_faults() -> Response:
        try:
            faults.set(_said())
        except ValueError as error:
            abort(400, str(error))
        on_faults(_said())
        return jsonify(faults.show())

    @pages.delete("/faults")
    def clear_faults() -> Response:
        faults.clear()
        on_faults({"refund": ""})
        return jsonify(faults.show())

    return pages


def _said() -> dict[str, Any]:
    said = request.get_json(silent=True)
    return said if isinstance(said, dict) else abort(400, "a JSON object is wanted")


def _which() -> tuple[str, str]:
    """The order number and the code of the request; one of them is enough."""
    number, code = _said().get("out_trade_no", ""), _said().get("code_url", "")
    if not isinstance(number, str) or not isinstance(code, str) or not (number or code):
        abort(400, "code_url or out_trade_no")
    return number, code


def _refused(refusal: Refusal) -> tuple[Response, int]:
    status = 404 if refusal.code == "ORDER_NOT_EXIST" else 409
    return jsonify(code=refusal.code, message=refusal.message), status


def _this_machine_only() -> None:
    """The Host and Origin checks keep a web page from elsewhere, opened on this machine, out as well."""
    origin = request.headers.get("Origin")
    if not (_loopback(request.remote_addr or "") and _loopback(urlsplit(request.host_url).hostname or "")
            and (origin is None or _loopback(urlsplit(origin).hostname or ""))):
        abort(403, "for this machine only")


def _open_to_this_machine(response: Response) -> Response:
    origin = request.headers.get("Origin")
    if origin and _loopback(urlsplit(origin).hostname or ""):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
        response.headers["Vary"] = "Origin"
    return response


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
