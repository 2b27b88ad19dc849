"""Paying for a hold."""

from __future__ import annotations

from kiosk.care import Hold, Order, OrderState
from kiosk.requests import (ClosePayment, Declined, Left, OpenPayment, Option, Pay, PayEnd, Print, Refused, Row, Trouble)
from kiosk.tickets import ReferenceSlip
from kiosk.words import say

CHANNEL = "wechat"


async def settle(hold: Hold) -> None:
    """Returns when the hold is paid (or free); raises Declined, Left or Refused when it is not, the order surely closed."""
    if hold.fee == 0:
        return
    while True:
        order = await OpenPayment(hold.id, CHANNEL)
        if _arrived(order) or await _paid(hold, order):
            return


async def _paid(hold: Hold, order: Order) -> bool:
    """Whether this order was paid; False when the person wants another code."""
    try:
        end = await Pay(title=say("pay.title"), order=order, rows=(
            Row(say("row.department"), hold.department.name),
            Row(say("row.time"), say("trail.time", day=hold.day, start=hold.start))))
    except Left:
        closed = await ClosePayment(order.no)
        if _arrived(closed):                     # they paid while leaving: what they paid for is theirs
            return True
        raise
    if end is PayEnd.PAID:
        return True
    closed = await ClosePayment(order.no)
    if _arrived(closed):
        return True
    if closed.state is OrderState.DISPUTED:
        await _dispute(closed)
    choice = await Trouble(title=say(f"pay.{end}"), text=say(f"pay.{end}.text"), picture="payment", options=(
        Option("again", say("pay.again"), icon="qr"), Option("leave", say("pay.leave"), icon="home")))
    if choice == "leave":
        raise Declined
    return False


def _arrived(order: Order) -> bool:
    """Whether the money is there. Raises Refused where it came after the place was lost: it goes back in full."""
    if order.state in (OrderState.REFUNDING, OrderState.REFUNDED):
        raise Refused("paid_too_late")
    return order.state is OrderState.PAID


async def _dispute(order: Order) -> None:
    """Money moved, but not as ordered. It never counts as paid; staff settle it, by the numbers on this slip."""
    try:
        await Print(ReferenceSlip(order.no[-8:].upper(), order.amount, order.no))
    except Refused:
        pass                                     # the numbers are on the screen, and on the staff's list
    await Trouble(title=say("pay.disputed"), text=say("pay.disputed.text"), picture="payment",
                  rows=(Row(say("row.order"), order.no, strong=True),), options=(Option("home", say("home"), icon="home"),))
    raise Declined
