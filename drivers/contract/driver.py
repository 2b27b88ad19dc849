"""What every driver has, and the line it speaks over."""

from __future__ import annotations

from typing import Protocol

from drivers.contract.status import Status


class Link(Protocol):
    """A pipe of bytes to one device. One thread uses it; any thread may `cancel`."""

    def read(self, timeout: float) -> bytes:
        """What has come, at least one byte, waiting up to `timeout` seconds; b"" when nothing came.

        Raises Gone when the line failed, Cancelled when `cancel` was called meanwhile.
        """
        ...

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        """Send all of `data` within `timeout` seconds. Raises Gone, NoAnswer (the line does not take it)."""
        ...

    def drop_input(self) -> None:
        """Forget what has come and was not read: the answer to an older question."""
        ...

    def set_baud(self, baud: int) -> None:
        """Change the speed of a serial line; nothing on lines that have none."""
        ...

    def cancel(self) -> None:
        """The read that waits now, or else the next, raises Cancelled: between two reads none is lost."""
        ...

    def rearm(self) -> None:
        """Forget a cancel that no read has met: it was meant for a command that has ended."""
        ...

    def close(self) -> None: ...


class Driver(Protocol):
    """What every driver class has. Its module's name says what it speaks; `Device` names the class."""

    def __init__(self, link: Link, **options: str) -> None: ...

    def identify(self) -> str:
        """Ask the device who it is; a line for the technician.

        Raises WrongDevice, NoAnswer, Gone, OutOfService.
        """
        ...

    def status(self) -> Status:
        """Ask how it is, within 1 s. Raises NoAnswer, Gone."""
        ...
