"""The bar of lights, which never answers."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.contract import Flash
from drivers.lights_bar import frame, impersonal


def use(twins: Twins, desk: Desk) -> Any:
    """Two lamps are lit, and no other."""
    bar = twins.devices["lightbar"]
    end = desk.do(lambda device: device.shine({"printer": Flash.STEADY, "scanner": Flash.STEADY, "nowhere": Flash.STEADY}))
    if end is not None:
        return end
    bar.until(lambda: bar.mask == 0x81)
    return bool(bar.lamps == ("receipt", "spare"))


def codec(data: bytes) -> None:
    """It hears nothing; what it says is a byte."""
    impersonal(data)
    for byte in data[:8]:
        assert len(frame(byte)) == 3


SUBJECT = Subject("lights_bar", "lightbar", use, codec, {"scanner": "7"}, asks=False)
