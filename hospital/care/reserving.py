"""A place kept for one person who is asked whether they want it: nobody else can take it until then, or after they did.

Kept by a share that no channel has; it ends by its time, as every share does.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection

from hospital import clock
from hospital.care.models import Slot

OFFER = "offer"
"""The share of places that somebody is asked about."""


def reserve(schedule: int, until: dt.datetime) -> int | None:
    """Keep the first free place of a session until then: one guarded statement. None: there is none.

    Who held it before, and let the time pass, pays too late for this one.
    """
    skip = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    moment = connection.ops.adapt_datetimefield_value
    now = moment(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE care_slot SET share = %s, share_until = %s, hold_id = NULL, held_until = NULL WHERE id = ("
            " SELECT id FROM care_slot WHERE schedule_id = %s AND NOT booked"
            " AND (held_until IS NULL OR held_until <= %s) AND (share <> %s OR share_until <= %s)"
            " ORDER BY CASE WHEN share = '' THEN 0 ELSE 1 END, number LIMIT 1 " + skip + ") RETURNING id",
            [OFFER, moment(until), schedule, now, OFFER, now])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def take(slot: int) -> bool:
    """The person wants it: booked, if it is still kept for them."""
    return bool(Slot.objects.filter(pk=slot, booked=False, share=OFFER, share_until__gt=clock.now())
                .update(booked=True, share="", share_until=None, hold=None, held_until=None))


def let_go(slot: int) -> None:
    """They do not: it is everybody's at once."""
    Slot.objects.filter(pk=slot, booked=False, share=OFFER).update(share="", share_until=None)
