"""A screen that nobody sees: an X server of one's own, for as long as the tests need it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def virtual_screen(width: int, height: int) -> Iterator[dict[str, str]]:
    """The environment in which programs see that screen, drawn in software. Fails with a sentence without Xvfb."""
    if shutil.which("Xvfb") is None:
        raise RuntimeError("Xvfb is missing, and the screens are tested on a virtual screen: apt-get install xvfb")
    reading, writing = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24",
                               "-nolisten", "tcp"], pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            number = said.readline().strip()
        yield {"DISPLAY": f":{number}", "LIBGL_ALWAYS_SOFTWARE": "1"}
    finally:
        server.terminate()
        server.wait(20)
