"""A morning at the blood draw, before and with time slots: how long people wait. Seeded, by the rules that book.

`before`: everybody comes when they like, most of them early, and draws a number. `slots`: everybody is booked by
hospital/examining/rules.py and comes about on time. Nurses, windows and people are the same in both. A wait is counted from
coming; who comes before the time on their slip waits from that time on.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median, quantiles

from hospital.examining import rules

DAY = date(2026, 12, 1)         # a winter's day: half past seven, the shorter morning
PEOPLE = 360
TARGET = 20                     # minutes
SEEDS = range(1, 11)
MIX = (("elderly", 0.35), ("ogtt", 0.05), ("insulin", 0.04), ("other", 0.56))
DRAWS = {"ogtt": (0, 60, 120), "insulin": (0, 30, 60, 120, 180)}
FASTING = 0.8                   # of the others and of the elderly; ours to assume: most blood is drawn for biochemistry
LATEST = 8 * 60 + 30            # for whoever is drawn several times
PICTURE = Path("docs/pictures/blood-day.png")


@dataclass(frozen=True)
class Person:
    kind: str
    fasting: bool

    @property
    def draws(self) -> tuple[int, ...]:
        return DRAWS.get(self.kind, (0,))


@dataclass(frozen=True)
class Visit:
    """A person, and when their turn begins: what the slip says, or when they came if that is later (minutes of the day)."""

    person: Person
    ready: float


@dataclass(frozen=True)
class Wait:
    at: float
    minutes: float


@dataclass(frozen=True)
class Morning:
    """All waits of a morning, for every draw; `turned_away`: people for whom there was no slot that day."""

    waits: tuple[Wait, ...]
    turned_away: int = 0

    @property
    def longest(self) -> float:
        return max(wait.minutes for wait in self.waits)

    def __str__(self) -> str:
        minutes = [wait.minutes for wait in self.waits]
        over = sum(wait > TARGET for wait in minutes) / len(minutes)
        return (f"half wait {median(minutes):4.1f} min, one in ten {quantiles(minutes, n=10)[-1]:4.1f}, the longest "
                f"{max(minutes):4.1f}; over {TARGET} min {over:4.0%}; another day {self.turned_away}")


def people(chance: random.Random, count: int = PEOPLE) -> list[Person]:
    kinds = chance.choices([kind for kind, _ in MIX], [share for _, share in MIX], k=count)
    return [Person(kind, kind in DRAWS or chance.random() < FASTING) for kind in kinds]


def before(chance: random.Random, day: date = DAY) -> Morning:
    """No slots: they come from half an hour before opening on, most of them at once."""
    opening = rules.opens(day)
    visits = [Visit(one, chance.triangular(opening - 30, opening + 110, opening)) for one in people(chance)]
    return Morning(tuple(_serve(visits, chance, day)))


def slots(chance: random.Random, day: date = DAY) -> Morning:
    """Booked by the rules, one after another; each chooses among what is offered, the earlier the likelier."""
    room = Counter({minute: rules.capacity(count) // rules.DRAW for minute, count in rules.segments(day)})
    visits: list[Visit] = []
    away = 0
    for one in people(chance):
        offered = _offered(one, room, day)
        if not offered:
            away += 1
            continue
        start = offered[int(len(offered) * chance.random() ** 2)]
        for minute in _segments(one, start):
            room[minute] -= 1
        visits.append(Visit(one, start + max(0.0, chance.gauss(-4, 5))))
    return Morning(tuple(_serve(visits, chance, day)), away)


def _offered(one: Person, room: Counter[int], day: date) -> list[int]:
    old = one.kind == "elderly"
    last = rules.latest([(one.fasting, LATEST if one.kind in DRAWS else None)])
    free = [start for start, _ in rules.segments(day) if rules.may_begin(start, day, old, last)
            and all(room[minute] > 0 for minute in _segments(one, start))]
    return rules.preferred(free, day, old)


def _segments(one: Person, start: int) -> list[int]:
    return [start + draw for draw in one.draws]


def _serve(visits: Sequence[Visit], chance: random.Random, day: date) -> Iterable[Wait]:
    """Windows take whoever is due: draws of a series first, for they are bound to the minute; then who was ready first."""
    coming = [(visit.ready, number, 0) for number, visit in enumerate(visits)]
    heapq.heapify(coming)
    waiting: list[tuple[bool, float, int, int]] = []
    free = [(opens, close) for opens, close in _windows(day)]
    heapq.heapify(free)
    while free and (coming or waiting):
        now, close = heapq.heappop(free)
        while coming and coming[0][0] <= now:
            ready, number, draw = heapq.heappop(coming)
            heapq.heappush(waiting, (draw == 0, ready, number, draw))
        if now >= close:
            continue
        if not waiting:
            heapq.heappush(free, (coming[0][0], close))
            continue
        _, ready, number, draw = heapq.heappop(waiting)
        yield Wait(ready, now - ready)
        done = now + chance.uniform(60 / 40, 60 / 30)
        heapq.heappush(free, (done, close))
        if draw == 0:
            for later in visits[number].person.draws[1:]:
                heapq.heappush(coming, (done + later, number, later))


def _windows(day: date) -> list[tuple[float, float]]:
    """Each window from when it opens until it closes; those that are left last stay until the last one is drawn."""
    opening, most = rules.opens(day), max(count for _, count in rules.WINDOWS)
    found: list[tuple[float, float]] = []
    for number in range(most):
        open_at = [minute for minute in range(opening, rules.CLOSES) if rules.windows(minute) > number]
        last = open_at[-1] + 1
        found.append((open_at[0], float("inf") if last == rules.CLOSES else last))
    return found


def main() -> int:
    """Print both mornings for every seed and write the picture of the first; 1 when somebody waits too long with slots."""
    print(f"{PEOPLE} people, {DAY}, windows open at {rules.opens(DAY) // 60}:{rules.opens(DAY) % 60:02d}; minutes")
    worst = 0.0
    for seed in SEEDS:
        old, new = before(random.Random(seed)), slots(random.Random(seed))
        worst = max(worst, new.longest)
        print(f"seed {seed:2}  before  {old}\n         slots   {new}")
    draw(before(random.Random(SEEDS[0])), slots(random.Random(SEEDS[0])), PICTURE)
    print(f"With slots the longest wait of {len(SEEDS)} mornings is {worst:.1f} min; the target is {TARGET}. "
          f"Picture: {PICTURE}")
    return int(worst > TARGET)


def draw(old: Morning, new: Morning, path: Path) -> None:
    """Every draw as a dot: when its person was ready, and how long they waited; grey before, blue with slots."""
    from PIL import Image, ImageDraw, ImageFont

    width, height, left, top, right, bottom = 1200, 640, 90, 70, 1170, 560
    first, last, most = 7 * 60, 12 * 60, 10 * (int(max(old.longest, 30)) // 10 + 1)
    picture = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(20)

    def place(at: float, minutes: float) -> tuple[float, float]:
        return (left + (at - first) / (last - first) * (right - left), bottom - minutes / most * (bottom - top))

    for minutes in range(0, most + 1, 10):
        _, y = place(first, minutes)
        pen.line((left, y, right, y), "#b00020" if minutes == TARGET else "#dddddd", 3 if minutes == TARGET else 1)
        pen.text((left - 15, y), str(minutes), "#444444", font, anchor="rm")
    for at in range(first, last + 1, 30):
        x, _ = place(at, 0)
        pen.text((x, bottom + 15), f"{at // 60}:{at % 60:02d}", "#444444", font, anchor="ma")
    for morning, colour in ((old, "#a0a0a0"), (new, "#0b57d0")):
        for wait in morning.waits:
            x, y = place(max(wait.at, first), wait.minutes)
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), colour)
    pen.text((left, 20), f"Minutes waited at the blood draw, {PEOPLE} people: without slots (grey), with slots (blue); "
             f"target {TARGET} (red)", "#222222", font)
    pen.text(((left + right) / 2, bottom + 55), "time at which somebody was ready to be drawn", "#444444", font, anchor="ma")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)
