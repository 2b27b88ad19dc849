"""How honest the wait is that people are told: simulated days, the middle of the range against what came of it, and how
often the range held."""

from __future__ import annotations

from statistics import median

from hospital.figures._books import empty

SEEDS = (1, 2, 3)
VISITS, DEPARTMENTS = 380, 2
HOLDS = 0.8         # of the ranges, at least


def main() -> int:
    errors: list[float] = []
    held: list[bool] = []
    unknown = 0
    widths: list[int] = []
    with empty() as again:
        from hospital.figures._outpatients import Day
        days = []
        for seed in SEEDS:
            again()
            days.append(Day(seed, VISITS, DEPARTMENTS))
            days[-1].live()
    for day in days:
        for told in day.told.values():
            if told.wait is None or told.actual is None:
                unknown += 1
                continue
            errors.append(abs((told.wait.low + told.wait.high) / 2 - told.actual))
            held.append(told.wait.low <= told.actual <= told.wait.high)
            widths.append(told.wait.high - told.wait.low)
    share = sum(held) / len(held)
    print(f"waiting: {len(held)} told, {unknown} not; median error {median(errors):.1f} min, "
          f"the range held for {share:.0%} (at least {HOLDS:.0%}), median width {median(widths):.0f} min")
    return int(share < HOLDS)
