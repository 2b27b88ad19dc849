"""The bench: the devices that were asked for, on lines of their own, in one thread."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

from drivers.sim.loop import Loop
from drivers.sim.twin import Twin

if TYPE_CHECKING:
    from drivers.sim.idcard import IdCardTwin
    from drivers.sim.printer import PrinterTwin
    from drivers.sim.scanner import ScannerTwin


@dataclass(frozen=True)
class Stand:
    """A twin that can stand on the bench: its module and class, and what people call it."""

    twin: str                   # "module:Class", inside drivers.sim; loaded only when it is put on the bench
    chinese: str
    english: str

    def load(self) -> type[Twin]:
        module, _, name = self.twin.partition(":")
        return cast(type[Twin], getattr(importlib.import_module(f"drivers.sim.{module}"), name))


# One line for each device that exists. What kind of line a twin has, its class says (`Twin.cable`).
TWINS: dict[str, Stand] = {
    "idcard": Stand("idcard:IdCardTwin", "读卡器", "ID card reader"),
    "scanner": Stand("scanner:ScannerTwin", "扫码器", "Scanner"),
    "printer": Stand("printer:PrinterTwin", "打印机", "Printer"),
    "socialcard": Stand("socialcard:SocialCardTwin", "社保卡读卡器", "Social card reader"),
    "visitcard": Stand("visitcard:VisitCardTwin", "就诊卡读卡器", "Visit card reader"),
    "icm522": Stand("icm522:Icm522Twin", "就诊卡模块 ICM522", "Visit card module ICM522"),
    "stripe": Stand("stripe:StripeTwin", "磁条阅读器", "Stripe reader"),
    "stripe_keys": Stand("hid:StripeKeysTwin", "键盘口磁条阅读器", "Stripe reader as a keyboard"),
    "crt571": Stand("crt571:Crt571Twin", "发卡机 CRT-571", "Dispenser CRT-571"),
    "k720": Stand("k720:K720Twin", "发卡机 K720", "Dispenser K720"),
    "crt310": Stand("crt310:Crt310Twin", "吞卡读卡器 CRT-310", "Motor reader CRT-310"),
    "a4": Stand("office:OfficeTwin", "A4 打印机", "A4 printer"),
    "spooled": Stand("spooled:SpooledPrinterTwin", "打印队列上的凭条打印机", "Ticket printer behind CUPS"),
    "board": Stand("board:BoardTwin", "继电器板", "Relay board"),
    "lightbar": Stand("lightbar:LightBarTwin", "灯条", "Light bar"),
    "ups": Stand("ups:UpsTwin", "不间断电源", "UPS"),
    "terminal": Stand("terminal:TerminalTwin", "银行卡终端", "Bank terminal"),
    "vendor": Stand("vendor:VendorTwin", "银行程序", "Bank's program"),
}
USUAL = ("idcard", "scanner", "printer")


class Bench:
    """A context manager; `with Bench(path) as bench:` starts it, the end of the block ends its thread."""

    def __init__(self, state: Path, speed: float = 1.0, tcp: Mapping[str, int] | None = None,
                 devices: Sequence[str] = USUAL) -> None:
        """`state`: a directory; serial devices appear below it as tty/<device>. `devices`: names of TWINS.

        `speed`: how many times faster than real devices; `math.inf` for no waiting at all. `tcp`: device -> port of
        127.0.0.1 for devices that are to be on the network instead (0: any free port). Raises ValueError for a device
        that does not exist, or does not stand here, ImportError for one whose library is not installed.
        """
        ports = dict(tcp or {})
        if unknown := sorted({*devices} - TWINS.keys() | ports.keys() - {*devices}):
            raise ValueError(f"no such device: {', '.join(unknown)}")
        self.loop = Loop()
        self.devices: dict[str, Twin] = {}
        for name in devices:
            twin = TWINS[name].load()
            self.devices[name] = twin(twin.cable(self.loop, Path(state) / "tty" / name, ports.get(name)), speed)

    @property
    def idcard(self) -> IdCardTwin:
        return cast("IdCardTwin", self.devices["idcard"])

    @property
    def scanner(self) -> ScannerTwin:
        return cast("ScannerTwin", self.devices["scanner"])

    @property
    def printer(self) -> PrinterTwin:
        return cast("PrinterTwin", self.devices["printer"])

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
