"""What is not settled yet: of this machine's orders by the hospital, and by the machine itself. One list for both."""

from ninja import Router

from hospital.kiosk import schemas as wire
from hospital.kiosk.door import Request, read
from hospital.money import obligations
from hospital.money.models import MachineObligation

router = Router(tags=["owing"])


@read(router, "/obligations", list[wire.Obligation])
def owed(request: Request) -> list[wire.Obligation]:
    """What the hospital has not settled of the orders that this machine began, in the order of the staff's list."""
    return [wire.Obligation(kind=one.kind, no=one.no, amount=one.amount, since=one.since, what=one.what, next=one.next,
                            person=one.person) for one in obligations.about(request.auth.name)]


@read(router, "/obligations/mine", wire.Empty, method="PUT")
def told(request: Request, body: wire.Obligations) -> wire.Empty:
    """The whole of what this machine has not settled now, without names; what it told before is replaced."""
    obligations.tell(request.auth.name, [
        MachineObligation(kiosk=request.auth.name, kind=one.kind, no=one.no, since=one.since, what=one.what,
                          next=one.next, person=one.person) for one in body.obligations])
    return wire.Empty()
