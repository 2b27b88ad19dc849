"""What this machine has not settled yet, how long it waits and what happens next: one list, here and at the hospital.

The machine tells the hospital the whole of it, in these words, without names; staff find it there among the hospital's own.
`python -m kiosk settle` prints both, in the hospital's order: first what waits for a person, then the oldest.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator

from kiosk.hospital import Hospital, Obligation, Unknown
from kiosk.journal import Journal, OpenVisit, Owed
from kiosk.journeys import tiles
from kiosk.requests import Refused
from kiosk.words import Language, read

LASTING = 600.0      # seconds that a visit may be under way, or news on its way, before anybody is told
AGAIN = 300.0        # seconds after which the list is told again, changed or not: an older one may have come in late
MOST = 500           # on one list
LONG_AGO = dt.datetime.fromtimestamp(0, dt.UTC)
NEWS = {"Release": "退还号源", "ReportPaper": "票据打印结果", "SeenNotice": "通知已读"}


def owed(journal: Journal) -> tuple[Obligation, ...]:
    """All of it, in order."""
    found = [*map(_visit, journal.open_visits()), *map(_news, journal.owed()), *_unreadable(journal)]
    return in_order(found)


def lasting(journal: Journal, now: dt.datetime) -> tuple[Obligation, ...]:
    """What is not just somebody standing here, or news of a minute ago."""
    return tuple(one for one in owed(journal) if one.person or (now - one.since).total_seconds() >= LASTING)[:MOST]


def in_order(some: Iterable[Obligation]) -> tuple[Obligation, ...]:
    return tuple(sorted(some, key=lambda one: (not one.person, one.since)))


def line(one: Obligation, now: dt.datetime) -> str:
    """For staff to read, as the hospital writes it."""
    mark = "！" if one.person else "　"
    money = "" if one.amount is None else f"{one.amount // 100}.{one.amount % 100:02d}元"
    return f"{mark}{'  '.join(filter(None, (one.no, money, _age(now - one.since), one.what)))}  → {one.next}"


class Telling:
    """Tells the hospital what stands on the list; from one thread."""

    def __init__(self, journal: Journal, hospital: Hospital, clock: Callable[[], float] = time.monotonic) -> None:
        self._journal, self._hospital, self._clock = journal, hospital, clock
        self._told: tuple[float, tuple[Obligation, ...]] | None = None

    def tell(self) -> None:
        """If it has changed, or was not told for a while. No answer is no harm: it is told again."""
        now, told = self._clock(), self._told
        owed = lasting(self._journal, dt.datetime.now(dt.UTC))
        if told is not None and told[1] == owed and now - told[0] < AGAIN:
            return
        self._told = None
        try:
            self._hospital.tell_obligations(owed)
        except Unknown:
            return
        except Refused:
            pass                            # it does not want it; `settle` still says it
        self._told = now, owed


def _visit(visit: OpenVisit) -> Obligation:
    reference, since = visit.id[:8].upper(), _moment(visit.opened_at)
    title = next((read(tile.title, Language.ZH) for tile in tiles() if tile.value == visit.journey), visit.journey)
    if visit.held:
        return Obligation("visit_held", reference, None, since, f"“{title}”没有办完，留待人工处理：{visit.held}"[:200],
                          f"由工作人员在本机运行 python -m kiosk settle，再办一次加 --retry {reference}，已另行处理加 "
                          f"--drop {reference}", person=True)
    return Obligation("visit_open", reference, None, since, f"“{title}”没有办完，结果还不清楚", "本机自动向医院核对，直到有结果",
                      person=False)


def _news(news: Owed) -> Obligation:
    what = NEWS.get(type(news.request).__name__, type(news.request).__name__)
    return Obligation("news", news.key[:8].upper(), None, _moment(news.at), f"消息尚未送达医院：{what}", "本机自动重发，直到送达",
                      person=False)


def _unreadable(journal: Journal) -> Iterator[Obligation]:
    lost = journal.unreadable()
    if lost:
        yield Obligation("news_unreadable", "NEWS", None, min(_moment(at) for _, at in lost),
                         f"{len(lost)} 条消息读不出来（本机的密钥换过）",
                         "由工作人员核对当天在本机的挂号和票据，然后在本机运行 python -m kiosk settle --drop NEWS", person=True)


def _moment(at: str) -> dt.datetime:
    """Of the journal; of one that was tampered with, so that it comes first, long ago."""
    try:
        moment = dt.datetime.fromisoformat(at)
    except ValueError:
        return LONG_AGO
    return moment if moment.tzinfo else LONG_AGO


def _age(age: dt.timedelta) -> str:
    """In the largest unit that says something."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes}分钟"
    return f"{minutes // 60}小时" if minutes < 48 * 60 else f"{minutes // (24 * 60)}天"
