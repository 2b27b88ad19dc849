"""What the conformance suite has to be told of a driver; all else it finds out itself.

`tests/conformance/<driver's module>.py` holds `SUBJECT`. A driver is a module drivers/<kind>_<model>.py with a class
`Device`; one without a subject fails.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from drivers.contract import Status
from drivers.sim.twin import Twin

DRIVERS = Path(__file__).resolve().parents[2] / "drivers"


class Desk(Protocol):
    """A driver before its twin: on a real line behind its service, or on a line of memory, without one."""

    def do(self, work: Callable[[Any], Any], once_it_waits: Callable[[], object] | None = None) -> Any:
        """Call `work(device)`; its result, or the DeviceError it ended with.

        `once_it_waits` is called when the driver has begun to wait on its line (for more than 0.1 s): the moment to put
        a card or to show a code.
        """
        ...


class Twins(Protocol):
    """A bench, real or of memory."""

    @property
    def devices(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Subject:
    """One driver before one twin.

    `use(twins, desk)` does the device's work once, bringing the twin into the state that takes (it may be in any): True
    when every value came out as the twin was given it, a DeviceError when it ended with one; all else is a wrong value.
    `twins.devices[device]` is the twin, `desk.do(work)` runs a command.

    `codec(data)` runs the pure codec over arbitrary bytes, all of it. It may raise DeviceError and nothing else.

    `waits(device)` is a command that waits some 20 s for a person; None where the device has none.

    `prepare(twin)` is called when the twin has been put on the bench: models that answer otherwise than most.

    `unchecked`: of "identify", "status" and "use" those whose answers carry no check in this protocol, so that no driver
    could notice one wrong byte. Keep it empty, or say in the subject's file which bytes and why.

    `asks`: False for devices that cannot be asked anything (line scanners, keyboards): nobody can tell that it is the
    wrong one, and what it sends has no check.

    `tells(twin)` changes what `status` says; `heal` undoes it. None where the status says nothing of the device.
    """

    driver: str                                         # drivers.<driver>
    device: str                                         # its twin's name on the bench
    use: Callable[[Twins, Desk], Any]
    codec: Callable[[bytes], object]
    options: Mapping[str, str] = field(default_factory=dict)
    waits: Callable[[Any], object] | None = None
    prepare: Callable[[Any], object] = lambda twin: None
    asks: bool = True
    unchecked: frozenset[str] = frozenset()
    tells: Callable[[Any], object] | None = None

    @property
    def module(self) -> ModuleType:
        return importlib.import_module(f"drivers.{self.driver}")


def drivers() -> list[str]:
    """Every driver there is, by its module's name."""
    return [path.stem for path in sorted(DRIVERS.glob("*_*.py")) if "\nclass Device" in path.read_text(encoding="utf-8")]


def subject(driver: str) -> Subject:
    """What is told of a driver. Raises ModuleNotFoundError for a driver that nobody told of."""
    found: Subject = importlib.import_module(f"conformance.{driver}").SUBJECT
    assert found.driver == driver
    return found


def subjects() -> dict[str, Subject]:
    """Every driver's subject; those without one are a test's matter."""
    return {name: subject(name) for name in drivers() if (Path(__file__).parent / f"{name}.py").exists()}


__all__ = ["DRIVERS", "Desk", "Status", "Subject", "Twin", "Twins", "drivers", "subject", "subjects"]
