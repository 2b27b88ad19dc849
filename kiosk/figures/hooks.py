"""Where the machine's time goes in one journey: calls, commits and bytes, timed by wrapping them in this process."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.figures.floor import WATCHED, Rehearsal

STATUS = 3          # bytes of a question for the status; whatever is longer is part of a ticket


class Hooks:
    """Wraps what is to be timed. To be made before the kiosk opens its journal, `begin` before the journey."""

    def __init__(self) -> None:
        self._log: list[dict[str, Any]] = []
        self._printing = False
        self._rehearsal = Rehearsal()
        self._install()

    def begin(self) -> None:
        self._log.clear()
        self._rehearsal.begin()

    def ended(self, folder: Path) -> dict[str, Any]:
        """What happened since `begin`, and what the same journal calls cost at rest, beside a bare SQLite, in `folder`."""
        log = list(self._log)
        return {"log": log, "journal": {"seconds": _seconds(log, "journal"), "ahead": _seconds(log, "ahead"),
                                        **self._rehearsal.held(folder)}}

    def _install(self) -> None:
        import requests as http

        from drivers import links, printer_escpos
        from kiosk import journal
        from kiosk.dialogue import Dialogue
        from kiosk.hospital import Hospital

        for name in WATCHED:
            self._time(journal.Journal, name, lambda _, *words, name=name, **options: self._journal(name, words, options))
        self._time(journal.Journal, "prepare", lambda *_: {"what": "ahead"})
        self._time(http.Session, "request", lambda _, method, url, **__: {
            "what": "web", "name": f"{method} {re.sub(r'[^/]*[0-9][^/]*', '…', url.partition('/v1')[2])}"})
        self._time(Hospital, "order", lambda *_: {"what": "order"})
        self._time(Dialogue, "hear", lambda _, serial, event: {"what": "heard", "name": type(event).__name__})
        self._time(printer_escpos.Device, "print_ticket", lambda *_: {"what": "print"}, self._print)
        self._time(links.FdLink, "write", lambda _, data, *__: {"what": "bytes", "count": len(data)} if (
            self._printing and len(data) > STATUS) else None)

    def _journal(self, name: str, words: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
        self._rehearsal.saw(name, words, options)
        return {"what": "journal", "name": name}

    def _print(self, printing: bool) -> None:
        self._printing = printing

    def _time(self, owner: type, name: str, entry: Callable[..., dict[str, Any] | None],
              during: Callable[[bool], None] = lambda _: None) -> None:
        """Every call of owner.name is logged with its begin, its seconds, and the state of what it gave, if any."""
        real = getattr(owner, name)

        def timed(*words: Any, **options: Any) -> Any:
            made = entry(*words, **options)
            during(True)
            at = time.perf_counter()
            try:
                answer = real(*words, **options)
            finally:
                during(False)
            if made is not None:
                self._log.append({"at": at, "seconds": time.perf_counter() - at, **made,
                                  "state": str(getattr(answer, "state", ""))})
            return answer

        setattr(owner, name, timed)


def _seconds(log: list[dict[str, Any]], what: str) -> float:
    return sum(float(entry["seconds"]) for entry in log if entry["what"] == what)
