"""The bench with its panel, for people and for programs in other processes."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from drivers.sim.bench import TWINS, USUAL, Bench
from drivers.sim.panel import PanelServer, panel


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m drivers.sim", description=__doc__,
        epilog="The devices appear below DIR/tty; their addresses are printed, and at last the panel's.")
    parser.add_argument("--state", type=Path, default=Path("out/bench"), metavar="DIR",
                        help="where the devices' lines appear (default: out/bench)")
    parser.add_argument("--host", default="127.0.0.1", help="address of the panel (default: this machine only)")
    parser.add_argument("--port", type=int, default=8100, help="port of the panel, 0: any free one (default: 8100)")
    parser.add_argument("--phone", action="append", default=[], metavar="URL",
                        help="a payment twin, for the patient's phone; may be given for several")
    parser.add_argument("--screen", default="", metavar="DISPLAY",
                        help="the X display the kiosk draws on, like :99, shown and touched in the panel")
    parser.add_argument("--speed", type=float, default=1.0,
                        help="how many times faster than real devices (default: 1)")
    parser.add_argument("--tcp", action="append", default=[], metavar="DEVICE=PORT", type=_port,
                        help="put a device on a TCP port of this machine instead of a serial line")
    parser.add_argument("--devices", type=_names, default=USUAL, metavar="A,B,C",
                        help=f"what stands on the bench, of {', '.join(TWINS)} (default: {','.join(USUAL)})")
    found = parser.parse_args(words)
    if found.speed <= 0:
        parser.error("--speed: more than 0")
    if absent := dict(found.tcp).keys() - {*found.devices}:
        parser.error(f"--tcp: not on the bench: {', '.join(sorted(absent))}")
    return found


def _names(words: str) -> tuple[str, ...]:
    names = tuple(words.split(","))
    if unknown := [name for name in names if name not in TWINS]:
        raise argparse.ArgumentTypeError(f"no such device: {', '.join(unknown)}")
    return names


def _port(words: str) -> tuple[str, int]:
    device, _, port = words.partition("=")
    if device not in TWINS or not port.isdecimal():
        raise argparse.ArgumentTypeError("DEVICE=PORT")
    return device, int(port)


def main() -> None:
    asked = arguments()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with Bench(asked.state, asked.speed, dict(asked.tcp), asked.devices) as bench:
        server = PanelServer(panel(bench, tuple(asked.phone), asked.screen), asked.port, asked.host)
        server.start()
        for device, url in bench.urls.items():
            print(f"{device} {url}")
        print(f"listening {server.url}", flush=True)
        over.wait()
        server.stop()


if __name__ == "__main__":
    main()
