"""A real kiosk without a screen, in a process of its own, that can be made to stick: a word in, and it is stuck.

Usage: headless_kiosk.py STATE [NAME=VALUE …]. `main` sticks the main loop, `desk` all of the desk's hands; the end of the
input closes the kiosk in order. A file may stand for the hardware watchdog.
"""

from __future__ import annotations

import stat
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kiosk import machine as module  # noqa: E402
from kiosk.headless import Loop  # noqa: E402
from kiosk.machine import Machine  # noqa: E402
from kiosk.settings import read  # noqa: E402
from kiosk.watchdog import Device  # noqa: E402

HOUR = 3600.0


def main(state: str, *settings: str) -> int:
    setattr(module, "Device", partial(Device, device=stat.S_ISREG))
    loop, over = Loop(), threading.Event()
    machine = Machine(Path(state), read(dict(word.split("=", 1) for word in settings)), loop.post)
    stage = machine.stage(loop)

    def receive(message: Any) -> None:
        if message == "main":
            threading.Event().wait()
        elif message == "desk":
            for _ in range(8):
                machine.desk._hands.do(lambda: threading.Event().wait() and None)
        elif message == "end":
            over.set()
        else:
            stage.receive(message)

    def listen() -> None:
        for line in sys.stdin:
            loop.post(line.strip())
        loop.post("end")

    threading.Thread(target=listen, name="listen", daemon=True).start()
    stage.start()
    loop.run(receive, over.is_set, HOUR)
    machine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
