"""`python -m kiosk run …` with somebody who can be asked what stands on the screen: a line in, a line of JSON out.

Nothing else is changed: the same command line, window, drivers and threads.
"""

from __future__ import annotations

import json
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kiosk import __main__ as program  # noqa: E402


def watch(shell: Any) -> None:
    def look() -> None:
        face = shell.face
        scene = face.scene if face is not None else None
        seen = {"page": scene.ask.page if scene else "", "items": face.describe() if scene else []}
        print(json.dumps(seen), flush=True)

    def listen() -> None:
        for _ in sys.stdin:
            shell.call(look)

    threading.Thread(target=listen, name="watch", daemon=True).start()


def main() -> int:
    program.open_kiosk = partial(program.open_kiosk, watch=watch)
    return program.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
