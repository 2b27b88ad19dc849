"""A line to a USB printer through Linux's printer class driver: `usb:///dev/usb/lp0`, or a name that udev gives it.

Source: the kernel's drivers/usb/class/usblp.c. A printer's status comes back on the same device, where the printer has a way
back at all: without one nothing is ever read, and drivers see silence. An unplugged printer is Gone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import stat
import tty
from urllib.parse import SplitResult

from drivers.contract import Gone, Link
from drivers.links import FdLink

EMPTY = 0.02                # seconds before the next look after an empty packet: usblp gives them out without end


def open(parts: SplitResult) -> Link:
    """Raises Gone when the printer is not there or another program has it, ValueError for an URL without a path."""
    if parts.netloc or parts.query or not parts.path:
        raise ValueError("write usb:///dev/usb/lp0")
    return UsbLink(parts.path)


class UsbLink(FdLink):
    """The device file of one printer. The lock is for what usblp does by itself: one program at a time."""

    def __init__(self, path: str) -> None:
        try:
            fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            raise Gone(os.strerror(error.errno or errno.EIO)) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not stat.S_ISCHR(os.fstat(fd).st_mode):
                raise OSError(errno.ENOTTY, "not a device")
            if os.isatty(fd):
                tty.setraw(fd)                          # a terminal that stands for a printer
        except OSError as error:
            os.close(fd)
            raise Gone(os.strerror(error.errno or errno.EIO)) from error
        super().__init__(fd)

    def _take(self) -> bytes:
        """As of every line, but an empty packet is no end, as it would be of a file."""
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno == errno.EINVAL:             # it has no way back
                data = b""
            else:
                raise Gone(os.strerror(error.errno or errno.EIO)) from error
        if not data:
            self._pause()
        return data

    def _pause(self) -> None:
        """After an empty packet; a cancel ends it. Raises Gone when it was the line's end after all."""
        waiting = select.poll()
        waiting.register(self._wake, select.POLLIN)
        waiting.register(self._fd, 0)
        if self._fd in dict(waiting.poll(EMPTY * 1000)):
            raise Gone("unplugged")

    def _release(self) -> None:
        os.close(self._fd)
