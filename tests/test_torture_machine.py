"""Two machines in a town, led by hypothesis: whatever order people, deaths, lines, clocks, and changes of settings, prices
and rosters come in, the books agree.

Where the simulation throws dice, this searches, and shrinks what it finds to the shortest story.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from drivers import contract as d
from kiosk.visit import Comfort, Size
from kiosk.words import Language
from torture.ledgers import stuck
from torture.machine import Machine, reckoned
from torture.memory import Memory
from torture.outside import dice, town
from torture.patient import NAMES, Patient
from torture.runs import at_rest
from torture.simulation import NOWHERE

MACHINES = st.sampled_from((0, 1))
SELDOM = st.sampled_from((False, False, False, True))       # who always falls gets nowhere


class Town(RuleBasedStateMachine):
    """People at two machines, act by act."""

    @initialize()
    def open(self) -> None:
        self.outside = town()
        self.within = reckoned(self.outside, dice("machine"))
        self.within.__enter__()
        self.machines = []
        for name in ("one", "two"):
            kept = Memory()
            self.machines.append(Machine(self.outside, NOWHERE, lambda _, kept=kept: kept, name))   # type: ignore[misc]
        self.people: list[Iterator[None] | None] = [None, None]

    @rule(at=MACHINES, name=st.sampled_from(NAMES), chance=st.integers(0, 1 << 16), steady=st.sampled_from((1.0, 0.8)),
          times=st.sampled_from((0, 4, 8, 12, 40)))
    def comes(self, at: int, name: str, chance: int, steady: float, times: int) -> None:
        """Somebody comes to a machine where nobody stands, and perhaps goes all the way."""
        if self.people[at] is None:
            self.people[at] = Patient(self.machines[at], random.Random(chance), name, steady).steps()
            self.goes_on(at, times)

    @rule(at=MACHINES, name=st.sampled_from(NAMES), chance=st.integers(0, 1 << 16))
    def comes_and_goes(self, at: int, name: str, chance: int) -> None:
        self.comes(at, name, chance, 1.0, 60)

    @rule(at=MACHINES, times=st.integers(1, 12))
    def goes_on(self, at: int, times: int) -> None:
        for _ in range(times):
            person = self.people[at]
            if person is not None and next(person, self) is self:
                self.people[at] = None

    @rule(at=MACHINES)
    def dies(self, at: int) -> None:
        self.machines[at].reboot()

    @rule(at=MACHINES)
    def walks_away(self, at: int) -> None:
        self.people[at] = None
        self.machines[at].walk_away()

    @rule(seconds=st.sampled_from((1, 20, 90, 200, 1000)))
    def time_passes(self, seconds: int) -> None:
        self.machines[0].settle(seconds)

    @rule(away=SELDOM)
    def line(self, away: bool) -> None:
        self.outside.away = away

    @rule()
    def loses_an_answer(self) -> None:
        self.outside.lose += 1

    @rule(away=SELDOM)
    def payment_office(self, away: bool) -> None:
        self.outside.office_away = away
        if not away:
            self.outside.office_back()

    @rule(trouble=st.sampled_from((None, d.PaperOut(), d.NoAnswer())), torn=st.booleans())
    def printer(self, trouble: d.DeviceError | None, torn: bool) -> None:
        self.outside.printer.trouble, self.outside.printer.torn = trouble, torn

    @rule(at=MACHINES, language=st.sampled_from(Language), size=st.sampled_from(Size),
          patience=st.sampled_from((20, 60, 600)))
    def comes_back_with_other_settings(self, at: int, language: Language, size: Size, patience: int) -> None:
        machine = self.machines[at]
        machine.greeting, machine.patience = Comfort(language, size), patience
        machine.reboot()

    @rule(change=st.sampled_from(("price", "roster", "stop", "go on", "channel")), which=st.integers(0, 40),
          fee=st.sampled_from((0, 1000, 2500)))
    def hospital_changes(self, change: str, which: int, fee: int) -> None:
        """One rule for all, so that people come more often than changes."""
        outside = self.outside
        match change:
            case "price":
                outside.reprice(fee)
            case "roster":
                outside.strike(list(outside.sessions)[which % len(outside.sessions)])
            case "stop":
                outside.stop(outside.departments[which % len(outside.departments)].name.zh)
            case "go on":
                outside.stopped -= outside.sessions.keys()              # not those taken off the roster
            case "channel":
                outside.shut_channels ^= {outside.channels[which % len(outside.channels)]}

    @precondition(lambda self: bool(self.outside.orders))
    @rule(which=st.integers(0, 20))
    def pays_late(self, which: int) -> None:
        self.outside.phone(list(self.outside.orders)[which % len(self.outside.orders)])
        self.outside.pay()

    @precondition(lambda self: bool(self.outside.holds))
    @rule()
    def others_take_the_place(self) -> None:
        self.outside.take("the place")

    def teardown(self) -> None:
        if not hasattr(self, "within"):
            return
        try:
            self.machines[1].walk_away()
            broken = at_rest(self.outside, self.machines[0]) + list(stuck(self.machines[1]))
        finally:
            self.within.__exit__(None, None, None)
        assert not broken, broken


TestTown = Town.TestCase
TestTown.settings = settings(max_examples=150, stateful_step_count=40, suppress_health_check=list(HealthCheck))
