"""Proof of life: what is fed while the program really works, and restarts it, or the whole machine, when it does not.

A beat begins on the main thread's clock, goes through the desk's hands, and only there feeds: a stuck main loop and a desk
without a free hand both end it. A thread that feeds for itself would prove nothing.

Sources: sd_notify(3), systemd.service(5) WatchdogSec; the kernel's watchdog API, linux/watchdog.h.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
import stat
import struct
import threading
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

BEATS = 4               # beats in the time after which a dog bites
DEFAULT = 60.0          # seconds after which a hardware watchdog bites; the desk's hands may all be busy for 25 s

# linux/watchdog.h, as numbers of the common Linux ABI.
GETBOOTSTATUS, SETTIMEOUT = 0x80045702, 0xC0045706
CARDRESET = 0x0020      # in the boot status: the watchdog caused the last boot

log = logging.getLogger(__name__)


class Dog(Protocol):
    """`bites`: seconds without food."""

    bites: float

    def feed(self) -> None: ...
    def close(self) -> None: ...


class Supervisor:
    """systemd, or who speaks like it, at the socket NOTIFY_SOCKET. It is told READY with the first food."""

    def __init__(self, address: str, bites: float) -> None:
        self.bites = bites
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        self._ready = False

    @classmethod
    def of(cls, environment: MutableMapping[str, str]) -> Supervisor | None:
        """The one that started this program, if any; what the program starts itself does not inherit it. Without
        WATCHDOG_USEC it wants to know only when the kiosk is ready."""
        address = environment.pop("NOTIFY_SOCKET", "")
        usec, pid = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", str(os.getpid()))
        if address[:1] not in ("/", "@"):
            return None
        meant = usec.isdecimal() and int(usec) > 0 and pid == str(os.getpid())
        return cls(address, int(usec) / 1e6 if meant else float("inf"))

    def feed(self) -> None:
        self._say(b"WATCHDOG=1" if self._ready else b"READY=1\nWATCHDOG=1")
        self._ready = True

    def close(self) -> None:
        self._say(b"STOPPING=1")
        self._socket.close()

    def _say(self, words: bytes) -> None:
        try:
            self._socket.sendto(words, self._address)
        except OSError as error:                # it does not listen now; without food it will act
            log.error("the supervisor cannot be told: %s", type(error).__name__)


@dataclass(frozen=True)
class LastBoot:
    """What the device says of the last boot. `flags`: WDIOF_*, None where it cannot tell."""

    flags: int | None

    @property
    def by_watchdog(self) -> bool:
        return bool((self.flags or 0) & CARDRESET)


class Device:
    """/dev/watchdog. Opening it starts its time; closing it in order stops that, unless the driver was told "nowayout".

    Only one program can have it: where systemd does (RuntimeWatchdogSec), a kiosk must not. Raises OSError, also for what
    is no character device: nothing else is written to. `device` tells by its mode (stat) if it is one.
    """

    def __init__(self, path: Path, bites: float = DEFAULT, ioctl: Callable[..., Any] = fcntl.ioctl,
                 device: Callable[[int], bool] = stat.S_ISCHR) -> None:
        if not device(os.stat(path).st_mode):
            raise OSError(errno.ENODEV, "no character device", str(path))
        self._ioctl = ioctl
        self._fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        flags, set_to = self._number(GETBOOTSTATUS, 0), self._number(SETTIMEOUT, round(bites))
        self.last_boot = LastBoot(flags)
        self.bites = float(set_to or bites)     # drivers round; one that cannot be set has its own, mostly 60 s

    def feed(self) -> None:
        try:
            os.write(self._fd, b"\0")
        except OSError as error:
            log.error("the watchdog cannot be fed: %s", type(error).__name__)

    def close(self) -> None:
        """The magic character: the machine is left in order, nobody is to restart it."""
        try:
            os.write(self._fd, b"V")
        except OSError as error:                # it will restart the machine: better than nobody
            log.error("the watchdog is not left in order: %s", type(error).__name__)
        os.close(self._fd)

    def _number(self, request: int, value: int) -> int | None:
        try:
            return int(struct.unpack("i", self._ioctl(self._fd, request, struct.pack("i", value)))[0])
        except OSError:
            return None


class Heart:
    """Beats from when it is made until `close`. `after` is the main thread's clock, `do` gives a task to the desk's hands.

    A beat that is still on its way is not followed by another.
    """

    def __init__(self, dogs: list[Dog], after: Callable[[float, Callable[[], None]], Callable[[], None]],
                 do: Callable[[Callable[[], None]], None]) -> None:
        self._dogs, self._after, self._do = dogs, after, do
        self._period = min(dog.bites for dog in dogs) / BEATS
        self._under_way = False
        self._closed = False
        self._feeding = threading.Lock()        # nothing is written to a dog that is being closed
        self._beat()

    def close(self) -> None:
        with self._feeding:
            self._closed = True
            for dog in self._dogs:
                dog.close()

    def _beat(self) -> None:
        if self._closed:
            return
        if not self._under_way:
            self._under_way = True
            self._do(self._feed)
        if self._period < float("inf"):
            self._after(self._period, self._beat)

    def _feed(self) -> None:
        with self._feeding:
            for dog in () if self._closed else self._dogs:
                dog.feed()
        self._under_way = False
