"""SIGKILL at the n-th system call of a machine, put there by the kernel's tracer: no hooks, so none can be missing.

The machine is a process of its own with its journal on a real disk; hospital, phone and printer are behind sockets.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import traceback
from pathlib import Path

from kiosk.journal import Journal, machine_key
from torture.front import Front, Remote
from torture.machine import Machine, reckoned
from torture.outside import dice, town
from torture.patient import Patient
from torture.runs import at_rest, bytes_left

CALLS = {"pwrite64": 160, "fdatasync": 40, "sendto": 26, "write": 12, "ftruncate": 6, "openat": 6, "recvfrom": 30}
"""What the machine is killed at, and up to which of them in a life (from its start to the end of two visits)."""


class Plain(Patient):
    """Somebody who is only here to be served."""

    def _read(self) -> None: ...

    def _waver(self) -> None:
        if self._machine.scene.can_back and self._chance.random() < 0.5:
            self._machine.back()
        elif self._machine.scene.can_leave:
            self._machine.home()

    def _pay(self) -> None:
        self._machine.town.pay()
        self._machine.settle(1.5)


class Tracer:
    """Runs machines under strace."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self._scratch = tempfile.TemporaryDirectory(prefix="torture-", dir=memory if memory.is_dir() else None)
        self._folder = Path(self._scratch.name) / "disk"
        self._fresh = Path(self._scratch.name) / "fresh"
        self._fresh.mkdir()
        Journal(self._fresh / "journal.sqlite3", machine_key(self._fresh / "machine.key"))._connection().close()
        self._front = Front()

    def close(self) -> None:
        self._front.close()
        self._scratch.cleanup()

    def run(self, seed: int) -> tuple[int, list[str]]:
        """How many kills, and what they broke."""
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._fresh, self._folder)
        outside = self._front.town = town()
        chance = dice("calls", seed)
        kills = 0
        for life in range(chance.choice((1, 2, 2, 3))):
            call = chance.choice((*CALLS, "pwrite64", "fdatasync", "sendto"))
            number = 1 + chance.randrange(CALLS[call])
            names = [chance.choice(("测试甲", "测试乙", "别的人")) for _ in range(2)]
            outside.visitors += names
            kills += self._life(f"{seed} {life}", names, call, number)
            self._front.wait()
        with reckoned(outside, dice("last", seed)):
            machine = Machine(outside, self._folder)
            broken = at_rest(outside, machine)
            machine.die()
        return kills, broken + bytes_left(machine)

    def _life(self, seed: str, names: list[str], call: str, number: int) -> bool:
        """Whether it died."""
        child = os.fork()
        if child == 0:
            self._live(seed, names)
        os.waitpid(child, os.WUNTRACED)
        with subprocess.Popen(("strace", "-o", "/dev/null", "-e", f"trace={call}",
                               "-e", f"inject={call}:signal=KILL:when={number}", "-p", str(child)),
                              stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr is not None
            said = tracer.stderr.readline()
            assert "attached" in said, said
            os.kill(child, signal.SIGCONT)
            _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return True
        assert os.WEXITSTATUS(status) == 0, f"the machine failed: seed {seed}"
        return False

    def _live(self, seed: str, names: list[str]) -> None:
        """In the child: never returns."""
        ended = 1
        try:
            os.kill(os.getpid(), signal.SIGSTOP)        # until the tracer is there
            chance: random.Random = dice("life", seed)
            outside = Remote(self._front.url)
            outside.clock.seconds = self._front.town.clock.seconds
            with reckoned(outside, chance):
                machine = Machine(outside, self._folder)
                for name in names:
                    Plain(machine, chance, name, steady=chance.choice((1.0, 0.9))).visit()
            ended = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(ended)
