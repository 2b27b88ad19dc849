"""Whose file a social security card opens: person, card and file must be one.

A card that tells who holds it opens the file of that number, if the name is the file's, and if nobody else has the card on
their file. A card of the third generation tells a machine its own number only; it opens the file on which staff have
written it, after they saw the person and the card. No machine writes it there by itself: that somebody puts down a card
that says nothing, and then their own ID card, does not prove that both are theirs.
"""

from __future__ import annotations

from hospital.care import people
from hospital.care.models import Patient
from hospital.kiosk.models import SocialCard
from hospital.refusal import Refusal


def holder(region: str, card_number: str, number: str, name: str) -> Patient:
    """The file. `number` and `name` are the holder's, both empty where the card withholds them.

    Raises unknown_patient, name_mismatch.
    """
    known = SocialCard.objects.select_related("patient").filter(region=region, card_number=card_number).first()
    if not number:
        if known is None:
            raise Refusal("unknown_patient")
        return known.patient
    patient = people.find(number, name)
    if not name or known is not None and known.patient_id != patient.pk:
        raise Refusal("name_mismatch")
    return patient
