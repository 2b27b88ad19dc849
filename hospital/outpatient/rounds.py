"""The daily round: sessions planned ahead, new rules applied to what nobody has seen yet, and what was released that day.

It remembers each day that it was made for; after an outage it makes up for the days missed. Release itself does not wait
for it: that is a time in the books.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Max

from hospital import clock
from hospital.care.models import Schedule
from hospital.outpatient import releasing, rosters
from hospital.outpatient.models import Release


def daily() -> int:
    """The round of every day that it was not made for yet. Returns how many sessions it planned. Any number may call it."""
    today = clock.now().date()
    last = Release.objects.aggregate(last=Max("day"))["last"]
    if last is not None and last >= today:
        return 0
    plans = rosters.plan(today, today + dt.timedelta(days=settings.ROSTER_DAYS))
    _rule_anew(today)
    day = last + dt.timedelta(days=1) if last else today
    while day <= today:
        remember(day, plans if day == today else rosters.Plans())
        day += dt.timedelta(days=1)
    return plans.made


def _rule_anew(today: dt.date) -> None:
    """What nobody has seen yet follows the rules of now. A day at a time, so that nobody waits long for the books."""
    unseen = Schedule.objects.filter(planned__isnull=False, day__gte=today, released_at__gt=clock.now(),
                                     state__in=(Schedule.State.OPEN, Schedule.State.DRAFT))
    for day in list(unseen.order_by("day").values_list("day", flat=True).distinct()):
        with transaction.atomic():
            wanted = list(unseen.filter(day=day).values_list("pk", flat=True))
            releasing.rearrange(list(Schedule.objects.select_for_update().filter(pk__in=wanted).order_by("pk")))


def remember(day: dt.date, plans: rosters.Plans) -> None:
    """The round of that day was made, and came to this."""
    of_day = Schedule.objects.filter(released_at__gte=clock.at(day, 0), released_at__lt=clock.at(day, 1440))
    open_ = of_day.filter(state=Schedule.State.OPEN)
    try:
        with transaction.atomic():
            Release.objects.create(
                day=day, done_at=clock.now(), planned=plans.made, clashes=len(plans.clashes), released=open_.count(),
                places=open_.aggregate(places=Count("slots"))["places"],
                waiting=of_day.filter(state=Schedule.State.DRAFT).count())
    except IntegrityError:
        pass                    # another server was quicker
