"""Orders: open a payment, look, close it."""

import re

from ninja import Router

from hospital.kiosk import acquaintance, answers, schemas as wire
from hospital.kiosk.door import Request, act, read
from hospital.money import asking, ordering, settling
from hospital.refusal import Refusal

router = Router(tags=["orders"])
_PAYER_CODE = re.compile(r"\d{16,24}")
_CODE_HEADER = {"in": "header", "name": "Payer-Code", "schema": {"type": "string", "pattern": _PAYER_CODE.pattern},
                "description": "The payer's code as scanned. Left out when a request is repeated by somebody who has "
                               "forgotten it."}


@act(router, "/orders", wire.Order, ("unknown_hold", "hold_ended", "channel_refused", "channel_away"), atomic=False)
def open_order(request: Request, body: wire.NewOrder) -> wire.Order:
    """Open the payment of a held number, or of one that a doctor booked (`due`). After channel_away, the same key goes on
    with the same order."""
    hold = acquaintance.payable(request.auth, body.hold, request.headers["Idempotency-Key"])
    with asking.in_turn():
        return answers.order(ordering.open_order(hold, body.channel, request.auth.name,
                                                 request.headers["Idempotency-Key"]))


@act(router, "/charges", wire.Order, ("unknown_hold", "hold_ended", "channel_refused", "channel_away", "code_gone"),
     atomic=False, headers=(_CODE_HEADER,))
def charge(request: Request, body: wire.NewOrder) -> wire.Order:
    """Take the fee of a held number by the payer's own code. The order comes back paid, refused or open.

    The code is a bearer secret: it comes in a header, because what is kept of a request is made of its body.
    """
    code = request.headers.get("Payer-Code", "")
    if code and not _PAYER_CODE.fullmatch(code):
        raise Refusal("bad_request", where=["header.Payer-Code"])
    hold = acquaintance.payable(request.auth, body.hold, request.headers["Idempotency-Key"])
    with asking.in_turn():
        return answers.order(ordering.charge(hold, body.channel, code, request.auth.name,
                                             request.headers["Idempotency-Key"]))


@read(router, "/orders/{no}", wire.Order, ("unknown_order",))
def order(request: Request, no: str) -> wire.Order:
    """How it stands, as far as is known. The channel is asked in the background, at most once a second."""
    found = acquaintance.own_order(request.auth, no)
    asking.want(found)
    return answers.order(found)


@act(router, "/orders/{no}/close", wire.Order, ("unknown_order", "channel_away"), atomic=False)
def close(request: Request, no: str) -> wire.Order:
    """Make it final: paid, closed, refused or disputed."""
    with asking.in_turn():
        return answers.order(settling.conclude(acquaintance.own_order(request.auth, no)))
