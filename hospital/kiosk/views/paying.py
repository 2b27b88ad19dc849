"""Orders: open a payment, look, close it."""

from ninja import Router

from hospital.care import booking
from hospital.kiosk import answers, schemas as wire
from hospital.kiosk.door import Request, act, read
from hospital.money import ordering, settling

router = Router(tags=["orders"])


@act(router, "/orders", wire.Order, ("unknown_hold", "hold_ended", "channel_refused", "channel_away"), atomic=False)
def open_order(request: Request, body: wire.NewOrder) -> wire.Order:
    """Open the payment of a held number. After channel_away, the same key goes on with the same order."""
    hold = booking.get_hold(body.hold)
    return answers.order(ordering.open_order(hold, body.channel, request.auth.name,
                                             request.headers["Idempotency-Key"]))


@read(router, "/orders/{no}", wire.Order, ("unknown_order",))
def order(request: Request, no: str) -> wire.Order:
    """How it stands. The channel is asked at most once a second."""
    return answers.order(settling.look(settling.get_order(no)))


@act(router, "/orders/{no}/close", wire.Order, ("unknown_order", "channel_away"), atomic=False)
def close(request: Request, no: str) -> wire.Order:
    """Make it final: paid, closed, refused or disputed."""
    return answers.order(settling.conclude(settling.get_order(no)))
