"""The trade bill of a day (交易账单, type ALL): header, rows, header of the totals, totals. Sums in yuan (manual: 账单格式)."""

from __future__ import annotations

from datetime import datetime

from hospital.sim.wechat.account import Account
from hospital.sim.wechat.books import Order, Refund

HEADER = ("交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
          "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
          "申请退款金额,费率备注")
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def text(entries: list[tuple[str, Order, Refund | None]], account: Account) -> bytes:
    """The file, or nothing where nothing happened."""
    rows = []
    came = back = 0
    for at, order, refund in entries:
        rows.append(_row(at, order, "REFUND" if refund else "SUCCESS", refund, account))
        came += 0 if refund else order.amount
        back += refund.amount if refund else 0
        if refund is None and order.revoked_at:
            rows.append(_row(order.revoked_at, order, "REVOKED", None, account))
            back += order.amount
    if not rows:
        return b""
    totals = (str(len(rows)), _yuan(came), _yuan(back), "0.00", "0.00000", _yuan(came), _yuan(back))
    return "\r\n".join([HEADER, *map(_line, rows), TOTALS, _line(totals), ""]).encode("utf-8-sig")


def _row(at: str, order: Order, state: str, refund: Refund | None, account: Account) -> tuple[str, ...]:
    paid = state == "SUCCESS"
    back = refund.amount if refund else order.amount
    status = {"PROCESSING": "PROCESSING", "SUCCESS": "SUCCESS"}.get(refund.state, "FAIL") if refund else ""
    return (f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S}", account.appid, account.mchid, "0", "", order.transaction,
            order.order_no, "oTwin" + account.appid[-8:], "MICROPAY" if order.by_code else "NATIVE", state, "OTHERS", "CNY",
            _yuan(order.amount) if paid else "0.00", "0.00", refund.refund_id if refund else "0",
            refund.refund_no if refund else "0", "0.00" if paid else _yuan(back), "0.00",
            "ORIGINAL" if refund else "", status, order.request["description"].replace(",", "，"), "", "0.00000", "0.60%",
            _yuan(order.amount) if paid else "0.00", "0.00" if paid else _yuan(back), "")


def _line(values: tuple[str, ...]) -> str:
    return ",".join("`" + value for value in values)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
