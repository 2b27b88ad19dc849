"""How WeChat Pay writes orders and refunds, in answers and in notifications (manual: the fields of each
call).
"""

from typing import Any

from hospital.sim.wechat.account import Account
from hospital.sim.wechat.books import Order, Refund

_STATES = {
    "NOTPAY": "订单未支付", "SUCCESS": "支付成功", "CLOSED": "订单已关闭", "REFUND": "转入退款",
    "USERPAYING": "用户支付中，需要输入密码", "REVOKED": "已撤销",
    "PAYERROR": "支付失败(其他原因，如银行返回失败)"}


def trade(order: Order, account: Account) -> dict[str, Any]:
    """An order, as the query answers and as the payment notification says it. Unpaid ones name no amount."""
    words: dict[str, Any] = {
        "appid": account.appid, "mchid": account.mchid, "out_trade_no": order.order_no,
        "trade_state": order.state, "trade_state_desc": _STATES[order.state],
        "attach": order.request.get("attach", ""), "payer": {}, "promotion_detail": []}
    if order.paid:
        amount = order.amount if order.stated_amount is None else order.stated_amount
        words |= {
            "transaction_id": order.transaction, "bank_type": "OTHERS",
            "trade_type": "MICROPAY" if order.by_code else "NATIVE", "success_time": order.paid_at,
            "payer": {"openid": "oTwin" + account.appid[-8:] + "patient"},
            "amount": {"total": amount, "payer_total": amount, "currency": "CNY", "payer_currency": "CNY"}}
    return words


def refund(refund: Refund) -> dict[str, Any]:
    """A refund, as asking for it and querying it answer."""
    words = _both(refund) | {
        "channel": "ORIGINAL", "status": refund.state, "create_time": refund.created_at,
        "funds_account": "UNSETTLED", "promotion_detail": []}
    words["amount"] |= {
        "from": [], "settlement_refund": refund.amount, "settlement_total": refund.total,
        "discount_refund": 0, "currency": "CNY"}
    return words


def refund_notice(refund: Refund, account: Account) -> dict[str, Any]:
    """A refund that ended, as the notification says it: the state has another name there."""
    return _both(refund) | {"mchid": account.mchid, "refund_status": refund.state}


def _both(refund: Refund) -> dict[str, Any]:
    words: dict[str, Any] = {
        "refund_id": refund.refund_id, "out_refund_no": refund.refund_no, "out_trade_no": refund.order_no,
        "transaction_id": refund.transaction, "user_received_account": "支付用户零钱",
        "amount": {"total": refund.total, "refund": refund.amount, "payer_total": refund.total,
                   "payer_refund": refund.amount}}
    return words | ({"success_time": refund.ended_at} if refund.state == "SUCCESS" else {})
