"""What a part of the torture came to: how much was tried, what broke, and how sure that makes us."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

LOUD = 60.0         # seconds between lines of a long run


@dataclass
class Tally:
    """`unit` is what is counted. Nothing seen in n tries: with 95 % certainty less than 3/n of them break a promise."""

    part: str
    unit: str
    goal: int
    tried: int = 0
    runs: int = 0
    violations: list[tuple[str, Sequence[str]]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def count(self, seed: str, tried: int, broken: Sequence[str]) -> None:
        self.tried += tried
        self.runs += 1
        if broken:
            self.violations.append((seed, broken))
            print(f"BROKEN by seed {seed}:", *broken, sep="\n    ", flush=True)
        if time.monotonic() - self.said > LOUD:
            self.said = time.monotonic()
            print(f"  … {self}", flush=True)

    @property
    def going_on(self) -> bool:
        return self.tried < self.goal and len(self.violations) < 20

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def __str__(self) -> str:
        bound = f"{3 / self.tried:.1e}" if self.tried and not self.violations else "-"
        return (f"{self.part:11} {self.tried:>9,} {self.unit} in {self.runs:,} runs, {len(self.violations)} violations, "
                f"below {bound} with 95 % certainty, {self.seconds:.0f} s")


def until(tally: Tally, one: Callable[[int], tuple[int, Sequence[str]]], seed: int, seconds: float) -> Tally:
    """Seed after seed, until the goal is reached, too much is broken, or the time is over."""
    while tally.going_on and tally.seconds < seconds:
        tried, broken = one(seed)
        tally.count(str(seed), tried, broken)
        seed += 1
    print(tally, flush=True)
    return tally
