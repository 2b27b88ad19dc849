"""What the merchant's server calls: /v3/…, every request signed by the merchant, every answer by WeChat Pay.
"""

import gzip
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Flask, Response, request

from hospital.sim.wechat import bill, words
from hospital.sim.wechat.account import Account
from hospital.sim.wechat.books import Books
from hospital.sim.wechat.faults import Faults
from hospital.sim.wechat.refusal import Refusal
from hospital.sim.wechat.seal import Seal

Words = dict[str, Any]
Handler = Callable[..., Words | None]
_ORDER_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_PAYER_CODE = re.compile(r"1[0-5][0-9]{16}")
_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


class Api:
    """The calls of Native payment, of payers' codes, and of refunds. An answer is the words to send, or None for 204."""

    def __init__(self, app: Flask, account: Account, books: Books, seal: Seal, faults: Faults) -> None:
        self._account = account
        self._books = books
        self._seal = seal
        self._faults = faults
        self._bills: dict[str, bytes] = {}      # what may be downloaded, by token
        app.add_url_rule("/v3/billdownload/file", "download", self._download)
        trades = "/v3/pay/transactions/"
        for method, path, handler in (
                ("POST", trades + "native", self._order),
                ("GET", "/v3/bill/tradebill", self._bill),
                ("POST", trades + "codepay", self._charge),
                ("POST", trades + "out-trade-no/<number>/reverse", self._reverse),
                ("GET", trades + "out-trade-no/<number>", self._query),
                ("GET", trades + "id/<number>", self._query_transaction),
                ("POST", trades + "out-trade-no/<number>/close", self._close),
                ("POST", "/v3/refund/domestic/refunds", self._refund),
                ("GET", "/v3/refund/domestic/refunds/<number>", self._query_refund)):
            app.add_url_rule(path, method + path, self._view(handler), methods=[method])

    def _order(self, said: Words) -> Words:
        self._merchant(said.get("mchid"))
        if said.get("appid") != self._account.appid:
            raise Refusal("APPID_MCHID_NOT_MATCH")
        if self._faults.get("refuse_orders"):
            raise Refusal(self._faults.get("refuse_orders"))
        _check_order(said)
        return {"code_url": self._books.order(said)}

    def _charge(self, said: Words) -> Words:
        self._merchant(said.get("mchid"))
        if said.get("appid") != self._account.appid:
            raise Refusal("APPID_MCHID_NOT_MATCH")
        if self._faults.get("refuse_orders"):
            raise Refusal(self._faults.get("refuse_orders"))
        _check_charge(said)
        code = said.pop("payer")["auth_code"]
        return words.trade(self._books.charge(said, code, typing=self._faults.get("typing")), self._account)

    def _reverse(self, said: Words, number: str) -> Words:
        self._merchant(said.get("mchid"))
        if self._faults.take("reverse_again", "answer"):
            raise Refusal("SYSTEM_ERROR")
        self._books.reverse(number)
        return {"appid": self._account.appid, "mchid": self._account.mchid, "out_trade_no": number}

    def _query(self, said: Words, number: str) -> Words:
        self._merchant(request.args.get("mchid"))
        return words.trade(self._books.find(number), self._account)

    def _query_transaction(self, said: Words, number: str) -> Words:
        self._merchant(request.args.get("mchid"))
        return words.trade(self._books.find_transaction(number), self._account)

    def _close(self, said: Words, number: str) -> None:
        self._merchant(said.get("mchid"))
        self._books.close(number)

    def _refund(self, said: Words) -> Words:
        _check_refund(said)
        return words.refund(self._books.refund(said))

    def _query_refund(self, said: Words, number: str) -> Words:
        return words.refund(self._books.find_refund(number))

    def _bill(self, said: Words) -> Words:
        try:
            day = date.fromisoformat(request.args.get("bill_date", ""))
        except ValueError as error:
            raise Refusal("PARAM_ERROR", "参数bill_date格式错误") from error
        if day >= self._books.today() and not self._faults.get("early_bills"):
            raise Refusal("STATEMENT_CREATING")
        if request.args.get("bill_type") != "ALL" or request.args.get("tar_type") != "GZIP":
            raise Refusal("PARAM_ERROR", "参数bill_type或tar_type错误")
        text = bill.text(self._books.of_day(day), self._account)
        if not text:
            raise Refusal("NO_STATEMENT_EXIST")
        token = secrets.token_urlsafe(24)
        self._bills[token] = text
        return {"hash_type": "SHA1", "hash_value": hashlib.sha1(text).hexdigest(),
                "download_url": f"{request.host_url}v3/billdownload/file?token={token}"}

    def _download(self) -> Response:
        """The second step: signed by the merchant, answered unsigned, as the real one."""
        try:
            self._seal.check("GET", request.environ["RAW_URI"], request.headers.get("Authorization", ""), b"")
        except Refusal as refusal:
            return self._sealed(refusal.status, {"code": refusal.code, "message": refusal.message})
        text = self._bills.get(request.args.get("token", ""))
        if text is None:
            return Response(status=404)
        if self._faults.take("torn_bill", "answer"):
            text = text[:len(text) // 2]
        return Response(gzip.compress(text), mimetype="application/octet-stream")

    def _merchant(self, mchid: str | None) -> None:
        if mchid != self._account.mchid:
            raise Refusal("MCH_NOT_EXISTS")

    def _view(self, handler: Handler) -> Callable[..., Response]:
        def view(**parts: str) -> Response:
            body = request.get_data()
            try:
                self._seal.check(
                    request.method, request.environ["RAW_URI"], request.headers.get("Authorization", ""), body)
                if self._faults.get("refuse_all"):
                    raise Refusal(self._faults.get("refuse_all"))
                said = _parsed(body)
                answer = handler(said, **parts)
                if self._faults.take("twice", "answer"):
                    answer = handler(said, **parts)
            except Refusal as refusal:
                return self._sealed(
                    refusal.status, {"code": refusal.code, "message": refusal.message}, refusal.number)
            return self._sealed(204 if answer is None else 200, answer)
        return view

    def _sealed(self, status: int, answer: Words | None, number: int = 0) -> Response:
        body = b"" if answer is None else json.dumps(answer, ensure_ascii=False).encode("utf-8")
        response = Response(body, status, self._seal.sign(body, self._faults.take_seal("answer")))
        response.headers["Request-ID"] = f"08{secrets.token_hex(15).upper()}-{number}"
        if answer is not None:
            response.headers["Content-Type"] = "application/json; charset=utf-8"
        return response


def _parsed(body: bytes) -> Words:
    try:
        said = json.loads(body) if body else {}
    except ValueError as error:
        raise Refusal("PARAM_ERROR", "请求体不是合法的JSON") from error
    if not isinstance(said, dict):
        raise Refusal("PARAM_ERROR", "请求体不是合法的JSON")
    return said


def _check_order(said: Words) -> None:
    _text(said, "out_trade_no", _ORDER_NO)
    _text(said, "description", re.compile(r"(?s).{1,127}"))
    _text(said, "notify_url", re.compile(r"https?://[^?\s]{1,248}"))
    _fen(said, "total")
    if "time_expire" in said:
        try:
            aware = datetime.fromisoformat(said["time_expire"]).tzinfo is not None
        except (TypeError, ValueError):
            aware = False
        if not aware:
            raise Refusal("PARAM_ERROR", "参数time_expire格式错误")


def _check_charge(said: Words) -> None:
    _text(said, "out_trade_no", _ORDER_NO)
    _text(said, "description", re.compile(r"(?s).{1,127}"))
    _fen(said, "total")
    payer, scene = said.get("payer"), said.get("scene_info")
    if not isinstance(scene, dict) or not isinstance(scene.get("store_info"), dict):
        raise Refusal("PARAM_ERROR", "参数scene_info.store_info不能为空")
    if not isinstance(payer, dict) or not isinstance(payer.get("auth_code"), str):
        raise Refusal("PARAM_ERROR", "参数payer.auth_code不能为空")
    if not _PAYER_CODE.fullmatch(payer["auth_code"]):
        raise Refusal("AUTH_CODE_INVALID")


def _check_refund(said: Words) -> None:
    _text(said, "out_refund_no", _REFUND_NO)
    if "transaction_id" not in said:
        _text(said, "out_trade_no", _ORDER_NO)
    _fen(said, "refund")
    _fen(said, "total")


def _text(said: Words, name: str, form: re.Pattern[str]) -> None:
    if not isinstance(said.get(name), str) or not form.fullmatch(said[name]):
        raise Refusal("PARAM_ERROR", f"参数{name}格式错误")


def _fen(said: Words, name: str) -> None:
    amount = said.get("amount")
    if not isinstance(amount, dict) or type(amount.get(name)) is not int or amount[name] < 1:
        raise Refusal("PARAM_ERROR", f"参数amount.{name}应为正整数")
    if amount.get("currency", "CNY") != "CNY":
        raise Refusal("PARAM_ERROR", "参数amount.currency错误")
