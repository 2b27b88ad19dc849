"""The UPS."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.contract import Power
from drivers.ups_megatec import IDENTITY, impersonal, report


def use(twins: Twins, desk: Desk) -> Any:
    """The mains fails, or comes back; it is told. And the machine's power is to be cut, and given again."""
    ups = twins.devices["ups"]
    mains = not ups.state()["mains"]
    ups.mains(mains)
    power = desk.do(lambda device: device.power())
    if not isinstance(power, Power):
        return power
    ordered = desk.do(lambda device: device.off_and_back(60, 180))
    return power == Power(mains) if ordered is None else ordered


def codec(data: bytes) -> None:
    """A line."""
    impersonal(data)
    report(data)
    report(b"(220.0 220.0 220.0 015 50.0 2.25 25.0 " + data[:8] + b"\r")
    IDENTITY.search(data)


SUBJECT = Subject("ups_megatec", "ups", use, codec, tells=lambda twin: twin.broken())
