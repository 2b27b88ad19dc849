"""A line to a keyboard that is a device: `hid:///dev/input/by-id/usb-…-event-kbd`. Nobody else hears its keys.

What is read is `struct input_event` after `struct input_event`, as the kernel gives them. The kernel sends the events of a
grabbed device to whoever grabbed it and to no one else: no window, no console. A device that cannot be grabbed is not
opened. Pipes and pseudo-terminals, on which a twin stands, have nothing to be grabbed.
"""

from __future__ import annotations

import fcntl
import os
import stat
from urllib.parse import SplitResult

from drivers.contract import Gone, Link, NoAnswer
from drivers.links import FdLink

EVIOCGVERSION, EVIOCGRAB = 0x80044501, 0x40044590       # linux/input.h
TERMINALS = range(136, 144)                             # major numbers of pseudo-terminals (devices.txt)


def open(parts: SplitResult) -> Link:
    """Raises Gone when it is not there, is no event device, or somebody else has grabbed it; ValueError for the URL."""
    if parts.netloc or parts.query or not parts.path.startswith("/"):
        raise ValueError("write hid:///dev/input/by-id/name-event-kbd")
    try:
        fd = os.open(parts.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise Gone(os.strerror(error.errno or 0)) from error
    try:
        _grab(fd)
    except BaseException:
        os.close(fd)
        raise
    return HidLink(fd)


def _grab(fd: int) -> None:
    status = os.fstat(fd)
    if stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) in TERMINALS:
        return
    try:
        fcntl.ioctl(fd, EVIOCGVERSION, bytes(4))
    except OSError as error:
        raise Gone("no event device") from error
    try:
        fcntl.ioctl(fd, EVIOCGRAB, 1)
    except OSError as error:
        raise Gone("in use by another program") from error


class HidLink(FdLink):
    """A `Link` that only listens. Closing it lets go of the device."""

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        self._check_open()
        raise NoAnswer("a keyboard cannot be asked anything")

    def _release(self) -> None:
        os.close(self._fd)
