"""The machine around the devices: lights that follow the page, door, presence, power.

Devices are asked in rounds, each on a thread of its own that sleeps in between; what changed goes to the inbox. A machine
without these devices has no rounds. A device that does not answer changes nothing but its own news.
"""

from __future__ import annotations

import logging
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from drivers.contract import DeviceError, Flash, Inputs, Lights, Power, Ups
from drivers.service import Service
from kiosk.around import Door, Presence, Sensed, Supplied
from kiosk.power import BACK, GRACE, OFF, SPARE, Outage, Supply

AROUND = {"board", "lights", "ups"}
POLL = 0.15             # seconds between two readings of the inputs; a change counts when it was read twice
KEEP = 5.0              # seconds between two rounds of a device that has nothing to do
UPS_POLL = 2.0          # seconds between two questions to the UPS
AGAIN = (0.5, 1.0, 2.0, 5.0)    # seconds before a device that did not answer is asked again

log = logging.getLogger(__name__)


class Rounds:
    """Asks a device again and again: `turn(device)` runs on the device's thread and gives the seconds until the next time,
    `failed` is called when it did not answer. `wake` begins the next round at once."""

    def __init__(self, service: Service[Any], turn: Callable[[Any], float], failed: Callable[[], None]) -> None:
        self._service, self._turn, self._failed = service, turn, failed
        self._woken = threading.Event()
        self._ended = False
        self._misses = 0
        self._thread = threading.Thread(target=self._live, name=f"rounds-{service.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        """After one last round. A device that does not answer now is not waited for."""
        self._ended = True
        self.wake()
        self._thread.join(timeout=1.0)

    def _live(self) -> None:
        answers: queue.SimpleQueue[float | DeviceError] = queue.SimpleQueue()
        ended = False
        while not ended:
            self._woken.clear()
            ended = self._ended
            self._service.submit(self._turn, answers.put)
            pause = self._pause(answers.get())
            if not ended:
                self._woken.wait(pause)

    def _pause(self, answer: float | DeviceError) -> float:
        if not isinstance(answer, DeviceError):
            self._misses = 0
            return answer
        self._misses += 1
        self._failed()
        return AGAIN[min(self._misses, len(AGAIN)) - 1]


class Cabinet:
    """`devices`: those of AROUND that this machine has, among others. `post` takes messages from any thread to the stage;
    `stop` stops the machine (kiosk/power.py); `away`: seconds without anybody after which nobody is there."""

    def __init__(self, devices: Mapping[str, Service[Any]], post: Callable[[Any], None], stop: Callable[[], None],
                 away: float) -> None:
        self._post, self._stop, self._away, self._ups = post, stop, away, devices.get("ups")
        self._wanted: Mapping[str, Flash] = {}
        self._inputs: dict[str, bool] = {}
        self._blind = 0                             # rounds in which the board sensed nothing
        self._there = True                          # as the stage was told
        self._left: float | None = None             # when the sensor lost sight of everybody
        self._outage = Outage()
        self._supplied = threading.Lock()           # guards it, and the order in which it is told
        self._closed = threading.Event()
        self._rounds = [Rounds(devices[name], turn, failed) for name, turn, failed in (
            ("board", self._board_turn, self._board_failed), ("lights", self._bar_turn, lambda: None),
            ("ups", self._ups_turn, lambda: self._powered(None))) if name in devices]

    def light(self, lights: Mapping[str, Flash]) -> None:
        """These lights, and no others; from any thread, at once."""
        if lights != self._wanted:
            self._wanted = lights
            for rounds in self._rounds:
                rounds.wake()

    def close(self) -> None:
        """Lights out."""
        self._closed.set()
        self._wanted = {}
        for rounds in self._rounds:
            rounds.close()

    # On the devices' threads.

    def _bar_turn(self, lights: Lights) -> float:
        lights.shine(self._wanted)
        pause = lights.tick()
        return KEEP if pause is None else pause

    def _board_turn(self, board: Any) -> float:
        pause = self._bar_turn(board)
        inputs: Inputs = board
        sensed = inputs.sense()
        self._blind = 0 if sensed else self._blind + 1
        self._sensed(sensed)
        return pause if self._blind > 2 else min(pause, POLL)

    def _ups_turn(self, ups: Ups) -> float:
        self._powered(ups.power())
        return UPS_POLL

    # What it means.

    def _board_failed(self) -> None:
        """Who cannot see says nothing of the person: they may stand here. A door that was open is still open."""
        if self._inputs.pop("presence", None) is False:
            self._see(True)
        if self._ups is None and "mains" in self._inputs:
            self._powered(None)

    def _sensed(self, inputs: Mapping[str, bool]) -> None:
        before, self._inputs = self._inputs, {**self._inputs, **inputs}
        if _door(self._inputs) is not _door(before):
            self._post(Door(_door(self._inputs)))
        if "presence" in inputs:
            self._see(inputs["presence"])
        if "mains" in inputs and self._ups is None:
            self._powered(Power(inputs["mains"]))
        for name, on in inputs.items():
            if name not in ("presence", "mains") and not _is_door(name) and before.get(name, False) is not on:
                self._post(Sensed(name, on))

    def _see(self, there: bool) -> None:
        """A movement ends every absence at once; an absence is one when it has lasted."""
        now = time.monotonic()
        if there:
            self._left = None
        elif self._left is None:
            self._left = now
        gone = self._left is not None and now - self._left >= self._away
        if gone is self._there:
            self._there = not gone
            self._post(Presence(self._there))

    def _powered(self, power: Power | None) -> None:
        with self._supplied:
            before = self._outage.supply
            supply = self._outage.told(power, time.monotonic())
            if supply is not before:
                self._post(Supplied(supply))
        if supply is Supply.ENDING and before is not Supply.ENDING:
            threading.Thread(target=self._end, name="power", daemon=True).start()

    def _end(self) -> None:
        """Stop the machine. A UPS that takes the order cuts the power and gives it again with the mains. Without one, a
        mains that is back in time may never wake the machine: it is not stopped then. If a stop fails, it opens again."""
        if self._closed.wait(GRACE):
            return
        if not self._outage.mains:
            cut = self._cut_off()
            if cut or not self._outage.mains:
                self._stopped()
                if self._closed.wait(OFF + SPARE):
                    return
        with self._supplied:
            self._post(Supplied(self._outage.lives_on(time.monotonic())))

    def _cut_off(self) -> bool:
        """Has the UPS taken the order?"""
        if self._ups is None:
            return False
        answers: queue.SimpleQueue[DeviceError | None] = queue.SimpleQueue()
        self._ups.submit(lambda ups: ups.off_and_back(OFF, BACK), answers.put)
        error = answers.get()
        if error is not None:
            log.error("the UPS will not cut the power: %s", error.cause)
        return error is None

    def _stopped(self) -> None:
        try:
            self._stop()
        except (OSError, subprocess.SubprocessError) as refusal:
            log.error("the machine does not stop: %s", type(refusal).__name__)


def _is_door(name: str) -> bool:
    return name == "door" or name.startswith("door_")


def _door(inputs: Mapping[str, bool]) -> bool:
    return any(on for name, on in inputs.items() if _is_door(name))
