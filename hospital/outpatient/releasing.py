"""放号: when sessions are released, and which places are kept for whom.

A session shows itself when its hour has come, and a kept place is everybody's when its hour has come: both are times
written in the books, so that no machine need be awake at that moment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from hospital import clock
from hospital.care.models import Schedule, Slot
from hospital.care.reserving import OFFER
from hospital.outpatient.models import ReleaseRule, ShareRule


@dataclass(frozen=True)
class Rules:
    """All that is ruled, in one place: narrowest first."""

    releases: Sequence[ReleaseRule]
    shares: Sequence[ShareRule]

    def release(self, schedule: Schedule) -> dt.datetime:
        """When this session is released."""
        rule = next((one for one in self.releases if _is_for(one, schedule)), None)
        days, minute = (rule.days, rule.minute) if rule else (settings.RELEASE_DAYS, settings.RELEASE_MINUTE)
        return clock.at(schedule.day - dt.timedelta(days=days), minute)

    def share_out(self, schedule: Schedule, slots: Sequence[Slot]) -> None:
        """Say of each slot for whom it is kept, and until when. Unsaved.

        A share is spread evenly over the session, from its last places on: who comes without a share keeps the first.
        """
        for slot in slots:
            slot.share, slot.share_until = "", None
        seen = set[str]()
        for rule in self.shares:
            if not _is_for(rule, schedule) or rule.channel in seen:
                continue
            seen.add(rule.channel)
            until = clock.at(schedule.day - dt.timedelta(days=rule.back_days), rule.back_minute)
            free = [slot for slot in reversed(slots) if not slot.share]
            many = min(len(slots) * rule.percent // 100, len(free))
            for place in range(many):
                kept = free[place * len(free) // many]
                kept.share, kept.share_until = rule.channel, until


def _is_for(rule: ReleaseRule | ShareRule, schedule: Schedule) -> bool:
    return rule.department_id in (None, schedule.department_id) and rule.kind in ("", schedule.kind)


def rules() -> Rules:
    """As they are now."""
    def narrowest_first(rule: ReleaseRule | ShareRule) -> tuple[bool, bool, int]:
        return rule.department_id is None, not rule.kind, rule.pk
    return Rules(sorted(ReleaseRule.objects.all(), key=narrowest_first),
                 sorted(ShareRule.objects.all(), key=narrowest_first))


def rearrange(schedules: Sequence[Schedule]) -> None:
    """Release and shares of these sessions by the rules of now; not of places that somebody has, holds or is asked about."""
    found = rules()
    slots: dict[int, list[Slot]] = {one.pk: [] for one in schedules}
    wanted = [one.pk for one in schedules if any(_is_for(rule, one) for rule in found.shares)]
    for part in (list(slots)[at:at + 500] for at in range(0, len(slots), 500)):
        wanted += Slot.objects.filter(schedule__in=part).exclude(share="").order_by().values_list(
            "schedule", flat=True).distinct()
    wanted = sorted(set(wanted))
    for part in (wanted[at:at + 500] for at in range(0, len(wanted), 500)):
        open_ = Slot.objects.filter(schedule__in=part, booked=False, hold__isnull=True).exclude(share=OFFER)
        for slot in open_.order_by("schedule", "number"):
            slots[slot.schedule_id].append(slot)
    changed, moved = list[Slot](), list[Schedule]()
    for schedule in schedules:
        if schedule.released_at != found.release(schedule):
            schedule.released_at = found.release(schedule)
            moved.append(schedule)
        before = [(slot.share, slot.share_until) for slot in slots[schedule.pk]]
        found.share_out(schedule, slots[schedule.pk])
        changed += [slot for slot, was in zip(slots[schedule.pk], before) if (slot.share, slot.share_until) != was]
    Schedule.objects.bulk_update(moved, ["released_at"], batch_size=200)
    Slot.objects.bulk_update(changed, ["share", "share_until"], batch_size=200)
