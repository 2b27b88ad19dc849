"""A day of 3,000 visits, from the booking to the room, through the hospital's own verbs: how long that takes, and whether
everything is as it must be afterwards."""

from __future__ import annotations

import time

from hospital.figures._books import empty

VISITS, DEPARTMENTS = 3000, 15
LONGEST = 60.0      # seconds


def main() -> int:
    with empty():
        from hospital.figures._outpatients import Day
        from hospital.queueing.models import Event, Ticket
        day = Day(seed=1, visits=VISITS, departments=DEPARTMENTS)
        began = time.monotonic()
        day.live()
        took = time.monotonic() - began
        wrong = day.broken()
        print(f"a day: {Ticket.objects.count()} of {VISITS} came, {Event.objects.count()} events, {took:.1f} s "
              f"(at most {LONGEST:.0f}); {len(wrong)} things wrong")
        print(*wrong[:10], sep="\n", end="\n" if wrong else "")
    return int(bool(wrong) or took > LONGEST)
