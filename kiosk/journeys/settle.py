"""Paying for a hold, or for what was booked before it was paid."""

from __future__ import annotations

from kiosk.care import Appointment, Hold, Order, OrderState
from kiosk.requests import (ClosePayment, Declined, Left, OpenPayment, Option, Pay, PayByCode, PayEnd, PayerCode, PayWith,
                            Print, Refused, Row, Trouble)
from kiosk.tickets import ReferenceSlip
from kiosk.words import Text, say

FIRST = PayWith("wechat")
"""What is offered before the person says anything."""

CHANNELS = ("wechat", "alipay")
"""Those that have words."""


async def settle(hold: str, fee: int, rows: tuple[Row, ...]) -> Order | None:
    """The order by which the fee (fen) of this hold was paid; None where it is free. `rows`: what is paid for.

    Raises Declined, Left or Refused when it is not paid, the order surely closed.
    """
    if fee == 0:
        return None
    way: PayWith | PayerCode = FIRST
    channels: tuple[str, ...] = ()
    while True:
        try:
            order = await _order(hold, way)
        except Refused as no:
            way = await _instead(_channel(way), channels, no)
            continue
        channels = order.channels
        instead = None if _arrived(order) else await _other_way(order, rows)
        if instead is None:
            return order
        way = instead


async def _order(hold: str, way: PayWith | PayerCode) -> Order:
    if isinstance(way, PayWith):
        return await OpenPayment(hold, way.channel)
    try:
        return await PayByCode(hold, way)
    finally:
        way.forget()


def what(booking: Hold | Appointment) -> tuple[Row, ...]:
    """What is paid for, in the rows of the payment page."""
    return (Row(say("row.department"), booking.department.name),
            Row(say("row.time"), say("trail.time", day=booking.day, start=booking.start)))


def _channel(way: PayWith | PayerCode) -> str:
    return way.wallet if isinstance(way, PayerCode) else way.channel


async def _instead(refused: str, channels: tuple[str, ...], no: Refused) -> PayWith:
    """The channel takes no payments now; no order is open. Raises `no` where there is nothing else to pay with."""
    ways = [channel for channel in no.data.get("channels", channels) if channel in CHANNELS and channel != refused]
    if no.reason != "channel_refused" or not ways:
        raise no
    choice = await Trouble(title=say("pay.no_channel", app=say(f"pay.tab.{refused}")), text=say("pay.no_channel.text"),
                           picture="payment", options=(
        *(Option(channel, say(f"pay.tab.{channel}"), icon="qr") for channel in ways),
        Option("leave", say("pay.leave"), icon="home")))
    if choice == "leave":
        raise Declined
    return PayWith(choice)


async def _other_way(order: Order, rows: tuple[Row, ...]) -> PayWith | PayerCode | None:
    """None: this order was paid. Else how the person wants to pay instead, this order surely closed."""
    end: PayEnd | PayWith | PayerCode = PayEnd.REFUSED
    if order.state is OrderState.OPEN:
        try:
            end = await Pay(title=_title(order), order=order, rows=rows)
        except Left:
            closed = await ClosePayment(order.no)
            if _arrived(closed):                 # they paid while leaving: what they paid for is theirs
                return None
            raise
    if end is PayEnd.PAID:
        return None
    closed = await ClosePayment(order.no)
    if _arrived(closed):
        return None
    if closed.state is OrderState.DISPUTED:
        await _dispute(closed)
    if not isinstance(end, PayEnd):
        return end
    choice = await Trouble(title=say(f"pay.{end}"), text=say(f"pay.{end}.text"), picture="payment", options=(
        Option("again", say("pay.again"), icon="qr"), Option("leave", say("pay.leave"), icon="home")))
    if choice == "leave":
        raise Declined
    return PayWith(order.channel)


def _title(order: Order) -> Text:
    return say("pay.title", app=say(f"pay.app.{order.channel}")) if order.code_url else say("pay.confirm")


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
