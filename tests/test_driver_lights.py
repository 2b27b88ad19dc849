"""The bar of lights: three bytes, and time."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from drivers import lights_bar
from drivers.contract import Flash, Gone, State
from drivers.lights_bar import Device, frame
from drivers.links import open_link
from drivers.sim.bench import Bench
from drivers.sim.lightbar import LightBarTwin
from far_end import Answering
from vectors import vectors

VECTORS = vectors("lightbar")


class Bar:
    """A bar at the end of a link without a wire; its time is the test's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: str) -> None:
        self.seconds = 100.0
        monkeypatch.setattr(lights_bar, "time", SimpleNamespace(monotonic=lambda: self.seconds))
        self.link = Answering(lambda data: ())
        self.device = Device(self.link, **options)

    def goes(self, seconds: float) -> bytes:
        self.seconds += seconds
        self.device.tick()
        return self.link.written[-1]


def test_frames_are_the_published_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    bar = Bar(monkeypatch)
    for lights, name in (({"printer": Flash.STEADY}, "7.20"), ({"visit_card": Flash.STEADY}, "7.21"), ({}, "7.22")):
        bar.device.shine(lights)
        assert bar.link.written[-1] == VECTORS[name]
    assert frame(0) == VECTORS["7.22"]


def test_a_bar_labelled_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    bar = Bar(monkeypatch, idcard="2", scanner="7")
    bar.device.shine({"idcard": Flash.STEADY, "scanner": Flash.STEADY, "nowhere": Flash.STEADY})
    assert bar.link.written == [frame(0x84)]
    for bad in ("8", "", "01", "x"):
        with pytest.raises(ValueError, match="a lamp from 0 to 7"):
            Device(bar.link, idcard=bad)


def test_it_flashes_by_our_clock_and_says_only_what_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    bar = Bar(monkeypatch)
    bar.device.shine({"printer": Flash.QUICK, "terminal": Flash.STEADY})
    assert bar.device.tick() == pytest.approx(0.2)
    assert [bar.goes(step) for step in (0.1, 0.11, 0.2, 0.2)] == [frame(3), frame(2), frame(3), frame(2)]
    assert len(bar.link.written) == 4
    bar.device.shine({"printer": Flash.SLOW})
    assert bar.link.written[-1] == frame(1), "flashing begins with light"
    assert [bar.goes(0.51) for _ in range(3)] == [frame(0), frame(1), frame(0)]


def test_a_bar_that_lost_its_power_is_told_again(tmp_path: Path) -> None:
    with Bench(tmp_path, devices=("lightbar",)) as bench:
        bar = bench.devices["lightbar"]
        assert isinstance(bar, LightBarTwin)
        device = Device(open_link(bench.urls["lightbar"]))
        assert device.identify() == "light bar"
        device.shine({"cards": Flash.STEADY})
        bar.until(lambda: bar.lamps == ("dispenser",))
        bar.restart()
        assert device.status().state is State.ONLINE
        bar.until(lambda: bar.lamps == ("dispenser",))
        bar.unplug()
        with pytest.raises(Gone):
            device.status()
