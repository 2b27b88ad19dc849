"""Every single-byte fault, storms and fuzzed codecs, for every driver: a line for each, and 1 when one is not as it must be.

Of the faults: `right`, the value all the same; `error`, a DeviceError; `unseen`, a wrong value where the protocol has no
check; and what there must be none of: crashes, hangs, wrong values, and devices that could not be used afterwards (`lost`).
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

from conformance import drivers, subject, subjects
from conformance.faults import byte_faults, clean, verdict
from conformance.fuzz import fuzz, storm

ROW = "{:18} {:>7} {:>6} {:>6} {:>6} {:>6} {:>6} {:>8} {:>7} {:>5} {:>5} {:>4}"
HEAD = ("driver", "answers", "faults", "right", "error", "unseen", "storms", "fuzzed", "crashes", "hangs", "wrong", "lost")
SHOWN = 5           # examples of each driver's failures


@dataclass
class Tally:
    """One driver's numbers."""

    driver: str
    frames: int = 0
    faults: int = 0
    storms: int = 0
    inputs: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(self.counts[what] for what in ("crash", "hang", "wrong", "lost"))

    def note(self, what: str, example: str, count: int = 1) -> None:
        self.counts[what] += count
        if len(self.examples) < SHOWN:
            self.examples.append(f"{what}: {example}")


@dataclass(frozen=True)
class Extent:
    """How much is tried of each driver. `faults`: single bytes, None: every one."""

    faults: int | None
    storms: int
    inputs: int


QUICK, FULL = Extent(500, 50, 10_000), Extent(None, 2_000, 1_000_000)


def run(driver: str, extent: Extent, seed: int) -> Tally:
    """One driver's cases."""
    logging.disable()           # drivers may say what they think of a damaged card
    one = subject(driver)
    good = clean(one)
    faults = byte_faults(good.frames)
    if extent.faults is not None and len(faults) > extent.faults:
        faults = random.Random(seed).sample(faults, extent.faults)
    tally = Tally(driver, len(good.frames), len(faults), extent.storms, extent.inputs)
    for fault in faults:
        outcome = verdict(one, good, fault)
        if outcome.good:
            tally.counts[outcome.what] += 1
        else:
            tally.note(outcome.what, f"{fault} {outcome.detail}")
    for number in range(seed, seed + extent.storms):
        if not (outcome := storm(one, number)).good:
            tally.note(outcome.what, f"storm {number}: {outcome.detail}")
    for found, count in fuzz(one, good.frames, extent.inputs, seed).items():
        tally.note(found.partition(":")[0], found, count)
    return tally


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/conformance", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drivers", nargs="*", metavar="DRIVER", help="only these; default: all that there are")
    parser.add_argument("--full", action="store_true",
                        help="every fault, 2,000 storms for each driver, and a million fuzzed inputs for each codec")
    parser.add_argument("--seed", type=int, default=1, help="of what is chosen by chance (default: 1)")
    found = parser.parse_args(words)
    if unknown := set(found.drivers) - set(drivers()):
        parser.error(f"no such driver: {', '.join(sorted(unknown))}")
    return found


def main() -> int:
    asked = arguments()
    known = subjects()
    wanted = asked.drivers or drivers()
    extent = FULL if asked.full else QUICK
    failed = sorted(set(wanted) - known.keys())
    for name in failed:
        print(f"{name:18} has no subject in tests/conformance")
    print(ROW.format(*HEAD), flush=True)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(run, name, extent, asked.seed): name for name in wanted if name in known}
        for done in as_completed(running):
            try:
                tally = done.result()
            except Exception as error:          # not even a good use comes out right
                failed.append(running[done])
                print(f"{running[done]:18} {type(error).__name__}: {error}", flush=True)
                continue
            failed += [tally.driver] if tally.failed else []
            show(tally)
    print(f"{len(wanted) - len(failed)} drivers as they must be, {len(failed)} not")
    return int(bool(failed))


def show(tally: Tally) -> None:
    counts = tally.counts
    print(ROW.format(tally.driver, tally.frames, tally.faults, counts["right"], counts["error"], counts["unseen"],
                     tally.storms, tally.inputs, *(counts[what] for what in ("crash", "hang", "wrong", "lost"))), flush=True)
    for example in tally.examples:
        print(f"    {example}")


if __name__ == "__main__":
    sys.exit(main())
