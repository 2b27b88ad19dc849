"""In the background: news still owed to the hospital, the list of departments, and whether the server is there."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from kiosk import requests as r
from kiosk.care import Department
from kiosk.desk import News
from kiosk.hospital import Hospital, Unknown
from kiosk.journal import Journal, Owed
from kiosk.obligations import Telling

log = logging.getLogger(__name__)

PERIOD = 20.0        # seconds between rounds when all is well
FRESH = 30.0         # seconds a copied list may be shown without asking again
MISSES = 3           # visits whose news is not taken, after which a round sends no more: mostly the server is away
PAGE = 200           # facts in one message
AWAY = 3.0           # seconds between rounds while the server does not answer


class Sync:
    """One thread. `post` tells the stage when the server comes or goes (three misses: a moment is not a loss). `each` is
    called in every round: what else is to be looked at now and then."""

    def __init__(self, journal: Journal, hospital: Hospital, post: Callable[[Any], None],
                 each: Callable[[], None] = lambda: None) -> None:
        self._journal, self._hospital, self._post, self._each = journal, hospital, post, each
        self._wanted = threading.Event()
        self._list: tuple[float, tuple[Department, ...]] | None = None
        self._misses = 0
        self._missed: dict[str, int] = {}       # visit: rounds in which its news was not taken
        self._there: bool | None = None
        self._telling = Telling(journal, hospital)

    def start(self) -> None:
        threading.Thread(target=self._live, name="sync", daemon=True).start()

    def wake(self) -> None:
        """Something lies ready to be sent."""
        self._wanted.set()

    def departments(self) -> tuple[Department, ...]:
        """The departments: the copy while it is fresh, else asked for now. Raises Unknown."""
        copy = self._list
        if copy is not None and time.monotonic() - copy[0] < FRESH:
            return copy[1]
        return self._fetch()

    def deliver(self) -> tuple[int, int]:
        """Send all that is owed; how many were delivered, how many remain.

        The news of one visit goes in its order. First goes the visit that was missed least often, then the oldest: news that
        a server never takes, for a fault of its own, does not stand before all other.
        """
        owed = self._journal.owed()
        self._missed = {visit: self._missed.get(visit, 0) for visit in map(_visit, owed)}
        sent: list[str] = []
        stuck: set[str] = set()
        for news in sorted(owed, key=lambda one: self._missed[_visit(one)]):
            visit = _visit(news)
            if visit in stuck or len(stuck) == MISSES:
                continue
            try:
                self._send(news)
            except Unknown:
                stuck.add(visit)
                continue
            except r.Refused as no:        # the hospital has decided otherwise; nothing is gained by asking again
                self._journal.note([("news_refused", {"request": type(news.request).__name__, "reason": no.reason})],
                                   now=False)   # with what strikes it off, or both again
            sent.append(news.key)
        for visit in stuck:
            self._missed[visit] += 1
        self._journal.delivered(sent)
        return len(sent), len(owed) - len(sent)

    def round(self) -> float:
        """Fetch, deliver, and say whether the server is there; the seconds until the next round. Before that, what no
        commit has taken along since the last round gets one of its own."""
        try:
            self._journal.flush()
        except sqlite3.Error as error:          # a full disk is no reason to be silent
            log.error("the journal does not take it: %s", type(error).__name__)
        try:
            self._fetch()
            self.deliver()
            self._seen(True)
        except Unknown:
            self._seen(False)
        else:
            self.report()
        return PERIOD if self._misses == 0 else AWAY

    def report(self) -> None:
        """Tell the hospital the facts it does not have yet; what it does not take now is told in the next round. (Nor what
        is not on disk: it must not know of a fact that a crash takes out of the chain.)"""
        while facts := self._journal.facts_on_disk(self._journal.told(), PAGE):
            try:
                self._hospital.tell_facts(facts, f"facts-{facts[0].id}-{facts[-1].id}-{facts[-1].at}")
            except r.Refused:
                pass                        # it does not want them; they stay here
            except Unknown:
                return
            self._journal.tell(facts[-1].id)

    def _live(self) -> None:
        while True:
            try:
                pause = self.round()
                if self._there:
                    self._telling.tell()
                self._each()            # last: what fails there must not keep news from the hospital
            except Exception as fault:       # a full disk, a fault of our own: the next round may go well
                log.error("a round failed: %s", type(fault).__name__)
                pause = AWAY
            self._wanted.wait(pause)
            self._wanted.clear()

    def _seen(self, there: bool) -> None:
        self._misses = 0 if there else self._misses + 1
        if there is not self._there and (there or self._misses >= 3 or self._there is None):
            self._there = there
            self._post(News("server", there))

    def _fetch(self) -> tuple[Department, ...]:
        departments = self._hospital.departments()
        self._list = time.monotonic(), departments
        return departments

    def _send(self, news: Owed) -> None:
        match news.request:
            case r.Release(hold):
                self._hospital.release(hold, news.key)
            case r.ReportPaper(appointment, kind, copy, outcome):
                self._hospital.report_paper(appointment, kind, copy, outcome, news.key)
            case r.SeenNotice(notice):
                self._hospital.seen_notice(notice, news.key)
            case other:                     # it stays owed, and on the list, until a program that knows it sends it
                log.error("no way to send %s", type(other).__name__)
                raise Unknown("no_way")


def _visit(news: Owed) -> str:
    return news.key.partition("-")[0]
