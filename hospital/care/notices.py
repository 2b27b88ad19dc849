"""What a person must be told at the next machine."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet

from hospital import clock
from hospital.care.models import Appointment, Notice
from hospital.refusal import Refusal


def leave(patient: int, kind: Notice.Kind, appointment: Appointment | None = None, **data: Any) -> Notice:
    """Leave word for a person. `data` goes to the machine as it is: order, refund (numbers), amount (fen)."""
    return Notice.objects.create(patient_id=patient, kind=kind, at=clock.now(), appointment=appointment, data=data)


def unseen(patient: int) -> QuerySet[Notice]:
    return (Notice.objects.filter(patient=patient, seen_at__isnull=True).order_by("at")
            .select_related("appointment__slot__schedule__practitioner", "appointment__department",
                            "appointment__order__payment"))


def seen(notice: str) -> None:
    """Raises unknown_notice. Seen twice is fine."""
    try:
        key = uuid.UUID(notice)
    except ValueError:
        raise Refusal("unknown_notice") from None
    if not Notice.objects.filter(pk=key).exists():
        raise Refusal("unknown_notice")
    Notice.objects.filter(pk=key, seen_at__isnull=True).update(seen_at=clock.now())
