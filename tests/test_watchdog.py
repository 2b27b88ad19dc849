"""Proof of life: fed while the main loop and the desk really work, and starved when either is stuck.

There is no /dev/watchdog where these tests run: a file takes its food, and its calls are answered by a function with the
kernel's numbers. systemd's part is a socket of the test's own, before a real kiosk process.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from kiosk.settings import BadSetting, read
from kiosk.watchdog import BEATS, Device, Heart, Supervisor
from virtual import Clock

FileDevice = partial(Device, device=stat.S_ISREG)      # a file stands for it here
HERE = Path(__file__).resolve().parent
OFFLINE = ("hospital_url=http://127.0.0.1:9", "idcard_url=serial:///dev/null-a", "scanner_url=serial:///dev/null-b",
           "printer_url=serial:///dev/null-c")
BITES = 0.8             # seconds; the kiosk beats four times in them


# The heart.


class Dog:
    def __init__(self, bites: float) -> None:
        self.bites, self.fed, self.closed = bites, 0, False

    def feed(self) -> None:
        assert not self.closed
        self.fed += 1

    def close(self) -> None:
        self.closed = True


class Body:
    """A main thread's clock and a desk's hands, both of which can stop."""

    def __init__(self, *bites: float) -> None:
        self.clock, self.hands_work = Clock(), True
        self.tasks: list[Callable[[], None]] = []
        self.dogs = [Dog(one) for one in bites]
        self.heart = Heart([*self.dogs], self.clock.after, self.do)

    def do(self, task: Callable[[], None]) -> None:
        self.tasks.append(task)
        if self.hands_work:
            self.work()

    def work(self) -> None:
        while self.tasks:
            self.tasks.pop(0)()


def test_every_dog_is_fed_four_times_before_the_hungriest_bites() -> None:
    body = Body(60.0, 20.0)
    body.clock.go(100)
    assert [dog.fed for dog in body.dogs] == [1 + 100 * BEATS // 20] * 2


def test_no_free_hand_no_food_and_beats_do_not_pile_up() -> None:
    body = Body(20.0)
    body.hands_work = False
    body.clock.go(100)
    assert body.dogs[0].fed == 1 and len(body.tasks) == 1
    body.hands_work = True
    body.work()
    body.clock.go(5)
    assert body.dogs[0].fed == 3, "a busy while ends, and the heart beats on"


def test_who_only_wants_to_know_that_it_is_ready_costs_nothing_afterwards() -> None:
    body = Body(float("inf"))
    body.clock.go(1e6)
    assert body.dogs[0].fed == 1


def test_a_closed_heart_is_still() -> None:
    body = Body(20.0)
    body.hands_work = False
    body.clock.go(5)
    body.heart.close()
    body.work()
    body.clock.go(100)
    assert body.dogs[0].closed and body.dogs[0].fed == 1


# The device.


class Kernel:
    """The driver's side of the calls, with the numbers of linux/watchdog.h."""

    def __init__(self, boot: int | None = 0, longest: int = 60) -> None:
        self.boot, self.longest = boot, longest
        self.set_to: list[int] = []

    def ioctl(self, fd: int, request: int, argument: bytes) -> bytes:
        os.fstat(fd)
        if request == 0x80045702 and self.boot is not None:
            return struct.pack("i", self.boot)
        if request == 0xC0045706:
            self.set_to.append(struct.unpack("i", argument)[0])
            return struct.pack("i", min(self.longest, self.set_to[-1]))
        raise OSError(25, "no such call")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "watchdog").touch()
    return tmp_path / "watchdog"


def test_the_device_is_set_fed_and_left_in_order(path: Path) -> None:
    kernel = Kernel(longest=30)
    device = FileDevice(path, 60.0, kernel.ioctl)
    assert kernel.set_to == [60] and device.bites == 30 and not device.last_boot.by_watchdog
    device.feed()
    device.feed()
    assert path.read_bytes() == b"\0\0"
    device.close()
    assert path.read_bytes() == b"\0\0V", "the magic character: nobody is to restart this machine"


def test_the_last_boot_is_told(path: Path) -> None:
    assert FileDevice(path, ioctl=Kernel(boot=0x0020).ioctl).last_boot.by_watchdog
    assert not FileDevice(path, ioctl=Kernel(boot=0x0001).ioctl).last_boot.by_watchdog
    assert FileDevice(path, ioctl=Kernel(boot=None).ioctl).last_boot.flags is None


def test_a_file_that_is_no_watchdog_answers_no_calls(path: Path) -> None:
    device = FileDevice(path, 42.0)
    assert device.last_boot.flags is None and device.bites == 42.0
    with pytest.raises(OSError):
        FileDevice(path.with_name("none"))


def test_nothing_but_a_character_device_is_ever_written_to(path: Path) -> None:
    path.write_bytes(b"the machine's key")
    fifo = path.with_name("fifo")
    os.mkfifo(fifo)
    for one in (path, fifo, path.parent):
        with pytest.raises(OSError, match="no character device"):
            Device(one)
    assert path.read_bytes() == b"the machine's key"
    device = Device(Path(os.devnull))           # one that is no watchdog takes its food and answers no calls
    device.feed()
    device.close()
    assert device.last_boot.flags is None


def test_its_setting() -> None:
    assert read({"watchdog": "/dev/watchdog"}).watchdog == "/dev/watchdog" and read({}).watchdog == ""
    with pytest.raises(BadSetting, match="watchdog"):
        read({"watchdog": "dev"})


# The supervisor.


@pytest.mark.parametrize("address", ["{}/notify", "@{}"])
def test_systemd_is_told(tmp_path: Path, address: str) -> None:
    address = address.format(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listens:
        listens.bind("\0" + address[1:] if address.startswith("@") else address)
        listens.settimeout(20)
        environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid()), "HOME": "/"}
        supervisor = Supervisor.of(environment)
        assert supervisor and supervisor.bites == 60.0 and environment == {"HOME": "/"}, "children do not inherit it"
        supervisor.feed()
        supervisor.feed()
        supervisor.close()
        assert [listens.recv(100) for _ in range(3)] == [b"READY=1\nWATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_who_was_not_started_by_one_has_none() -> None:
    assert Supervisor.of({}) is None and Supervisor.of({"NOTIFY_SOCKET": "nonsense"}) is None
    other = Supervisor.of({"NOTIFY_SOCKET": "/none", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"})
    assert other and other.bites == float("inf"), "its watchdog is another's"
    other.feed()                                # nobody listens: no harm
    other.close()


# A real kiosk.


class Kiosk:
    """A kiosk process, and what it tells its supervisor."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(round(BITES * 1e6))}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "headless_kiosk.py"), str(folder / "kiosk"), *OFFLINE, *settings],
            stdin=subprocess.PIPE, env=environment, text=True)

    def told(self, timeout: float = 30.0) -> str:
        """The next it tells; "" when it tells nothing in that time."""
        self._socket.settimeout(timeout)
        try:
            return self._socket.recv(200).decode("ascii")
        except TimeoutError:
            return ""

    def say(self, word: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def falls_silent(self) -> bool:
        """Within what is under way; and nothing in the time after which it would be restarted."""
        for _ in range(10):
            if not self.told(BITES):
                return True
        return False

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin
        self.process.stdin.close()
        self._socket.close()


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Callable[..., Kiosk]]:
    opened: list[Kiosk] = []

    def start(*settings: str) -> Kiosk:
        opened.append(Kiosk(tmp_path, *settings))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.mark.parametrize("what", ["main", "desk"])
def test_a_stuck_kiosk_is_starved_though_its_process_lives(kiosk: Callable[..., Kiosk], what: str) -> None:
    one = kiosk()
    assert [one.told() for _ in range(4)] == ["READY=1\nWATCHDOG=1"] + ["WATCHDOG=1"] * 3
    one.say(what)
    assert one.falls_silent()
    assert one.process.poll() is None


def test_a_kiosk_that_is_stopped_says_so_and_leaves_the_device_in_order(
        kiosk: Callable[..., Kiosk], path: Path) -> None:
    one = kiosk(f"watchdog={path}")
    assert [one.told() for _ in range(3)] == ["READY=1\nWATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
    assert one.process.stdin
    one.process.stdin.close()
    said, beats = one.told(), 3
    while said == "WATCHDOG=1":
        said, beats = one.told(), beats + 1
    assert said == "STOPPING=1" and one.process.wait(timeout=20) == 0
    assert path.read_bytes() == b"\0" * beats + b"V", "fed in the same beats"


def test_a_killed_kiosk_leaves_the_device_to_bite(kiosk: Callable[..., Kiosk], path: Path) -> None:
    one = kiosk(f"watchdog={path}")
    assert one.told().startswith("READY=1")
    one.process.send_signal(signal.SIGKILL)
    one.process.wait(timeout=10)
    assert not path.read_bytes().endswith(b"V")
