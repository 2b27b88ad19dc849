"""Money in doubt brought to an end by a person: given back as it came, or settled outside of these books."""

from __future__ import annotations

from django.db import transaction

from hospital import clock
from hospital.care import booking
from hospital.money import obligations, refunding
from hospital.money.models import Order, Refund
from hospital.money.settling import get_order


def give_back(order: Order) -> Refund | None:
    """Refund of a disputed order what was really received; None where it is not disputed (any more)."""
    with transaction.atomic():
        booking.lock_person(order.invoice.patient_id)
        order = Order.objects.select_for_update().get(pk=order.pk)
        disputed = order.state == Order.State.DISPUTED and order.discharged_at is None
        if not disputed or order.received is None or not order.received.amount:
            return None
        return refunding.request(order, "付款有疑，全额退回")


def settled_outside(order: Order, why: str) -> bool:
    """A person has settled it and says how. False where nobody had to, or somebody just did."""
    with transaction.atomic():
        booking.lock_person(get_order(order.no).invoice.patient_id)
        listed = obligations.orders().filter(pk=order.pk).first()
        if listed is None or not obligations.of_order(listed).person:
            return False
        return bool(Order.objects.filter(pk=order.pk).update(discharged_at=clock.now(), discharged_why=why[:200]))
