"""The bench: one of each device, on lines of its own, in one thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from drivers.sim.idcard import IdCardTwin
from drivers.sim.line import Line, PtyLine, TcpLine
from drivers.sim.loop import Loop
from drivers.sim.printer import PrinterTwin
from drivers.sim.scanner import ScannerTwin
from drivers.sim.twin import Twin


class Bench:
    """A context manager; `with Bench(path) as bench:` starts it, the end of the block ends its thread."""

    def __init__(self, state: Path, speed: float = 1.0, tcp: Mapping[str, int] | None = None) -> None:
        """`state`: a directory; the devices appear below it as tty/<device>.

        `speed`: how many times faster than real devices; `math.inf` for no waiting at all. `tcp`: device -> port of
        127.0.0.1 for devices that are to be on the network instead (0: any free port).
        """
        if unknown := set(tcp or {}) - {"idcard", "scanner", "printer"}:
            raise ValueError(f"no such device: {', '.join(sorted(unknown))}")
        self.loop = Loop()
        self._state = Path(state)
        self._tcp = tcp or {}
        self.idcard = IdCardTwin(self._line("idcard"), speed)
        self.scanner = ScannerTwin(self._line("scanner"), speed)
        self.printer = PrinterTwin(self._line("printer"), speed)
        self.devices: dict[str, Twin] = {"idcard": self.idcard, "scanner": self.scanner, "printer": self.printer}

    def _line(self, device: str) -> Line:
        if device in self._tcp:
            return TcpLine(self.loop, self._tcp[device])
        return PtyLine(self.loop, self._state / "tty" / device)

    @property
    def urls(self) -> dict[str, str]:
        """Where the machine finds each device; known for network devices once the bench runs."""
        return {name: twin.line.url for name, twin in self.devices.items()}

    def start(self) -> None:
        self.loop.start()
        for twin in self.devices.values():
            twin.plug()

    def stop(self) -> None:
        """Pull all plugs and end the thread."""
        for twin in self.devices.values():
            twin.unplug()
        self.loop.stop()

    def __enter__(self) -> Bench:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()
