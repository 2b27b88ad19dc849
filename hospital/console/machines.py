"""The kiosks as the house sees them: when they were last heard, what they say fails, and what waits for a person."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings
from django.db.models import Max

from hospital import clock
from hospital.console.words import Both
from hospital.kiosk.models import Fact, Kiosk
from hospital.money import obligations
from hospital.money.obligations import Owed

_LOOKED_BACK = dt.timedelta(days=7)
_OFF, _SILENT, _FAULT, _WELL = (Both("停用", "Switched off"), Both("失联", "Silent"), Both("有故障", "Fault"),
                                Both("正常", "Well"))
_WHAT = {"idcard": Both("身份证阅读器", "ID card reader"), "printer": Both("凭条打印机", "Ticket printer"),
         "report": Both("报告打印机", "Report printer"), "scanner": Both("扫码器", "Scanner"),
         "social": Both("社保卡读卡器", "Social security card reader"), "stripe": Both("磁条读卡器", "Stripe reader"),
         "visit_card_reader": Both("就诊卡读卡器", "Visit card reader"), "cards": Both("发卡机", "Cards"),
         "terminal": Both("银行卡终端", "Bank terminal"), "board": Both("控制板", "Control board"),
         "lights": Both("指示灯", "Lights"), "ups": Both("不间断电源", "UPS"), "watchdog": Both("看门狗", "Watchdog"),
         "server": Both("服务器连接", "Connection"), "payment": Both("支付", "Payment")}
_JOURNEYS = {"attend": Both("代办", "For a child"), "register": Both("挂号", "Register"), "cancel": Both("退号", "Give back"),
             "reprint": Both("补打", "Reprint"), "enroll": Both("建档", "New file"), "checkin": Both("签到", "Check in"),
             "collect": Both("取号", "Collect"), "waiting": Both("候诊查询", "Waiting"),
             "examine": Both("检查预约", "Examination"), "blood": Both("采血预约", "Blood draw"),
             "consent": Both("变更答复", "Consent"), "maintain": Both("维护", "Service menu")}
_PAPER = {"paper_out": Both("缺纸", "Out of paper"), "paper_jam": Both("卡纸", "Paper jam"),
          "cover_open": Both("打印机盖未合", "Cover open")}


# What a machine has not settled, by its kind: its own words are Chinese. {no}: its reference.
_OWED = {
    "visit_held": ("A visit was not finished, and is kept for staff",
                   "On the machine: python -m kiosk settle --retry {no}, or --drop {no} where it was settled otherwise"),
    "visit_open": ("A visit was not finished, and how it ended is not known", "The machine asks the hospital until it is"),
    "news": ("News has not reached the hospital", "The machine sends it again until it does"),
    "news_unreadable": ("News that cannot be read any more",
                        "Compare the day's registrations and papers, then there: python -m kiosk settle --drop {no}"),
}


class Waits(NamedTuple):
    """Something not settled, for people. `person`: nothing happens until somebody acts."""

    what: Both
    next: Both
    person: bool
    age: Both

    @classmethod
    def of(cls, one: Owed, now: dt.datetime) -> Waits:
        what, next_ = _OWED.get(one.kind, (one.what, one.next))
        no = one.no.rpartition(" ")[2]
        return cls(Both(one.what, f"{what} ({no})"), Both(one.next, next_.format(no=no)), one.person, age(one.since, now))


def age(since: dt.datetime | None, now: dt.datetime) -> Both:
    """How long ago, in the largest unit that says something."""
    if since is None:
        return Both("从未", "never")
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 1:
        return Both("刚才", "just now")
    if minutes < 60:
        return Both(f"{minutes} 分钟前", f"{minutes} min ago")
    hours, days = minutes // 60, minutes // (24 * 60)
    return Both(f"{hours} 小时前", f"{hours} h ago") if hours < 48 else Both(f"{days} 天前", f"{days} days ago")


@dataclass
class Machine:
    kiosk: Kiosk
    state: Both
    mark: str                       # of the state: a letter, so that it is not the colour alone that says it
    paper: Both | None = None       # why it could not print, if nothing was heard since that would mend it
    failing: list[Both] = field(default_factory=list)
    journey: Fact | None = None     # the last that was begun
    owed: list[Waits] = field(default_factory=list)

    @property
    def begun(self) -> Both:
        """The name of that journey; its own word where we have none."""
        name = str(self.journey.data.get("journey", "")) if self.journey else ""
        return _JOURNEYS.get(name, Both(name, name))

    @property
    def retired(self) -> bool:
        """Switched off, and everything it began has been settled."""
        return not self.kiosk.active and not self.owed

    @property
    def alarm(self) -> bool:
        return self.state in (_SILENT, _FAULT) or any(one.person for one in self.owed)


def machines() -> list[Machine]:
    """All of them, alarms first. Five queries, however many there are, and their own obligations."""
    now = clock.now()
    facts = _facts(now - _LOOKED_BACK)
    owed: dict[str, list[Waits]] = defaultdict(list)
    for one in obligations.MachineObligation.objects.all():
        owed[one.kiosk].append(Waits.of(obligations.of_machine(one), now))
    found = [_machine(kiosk, facts[kiosk.pk], owed[kiosk.name], now) for kiosk in Kiosk.objects.all()]
    return sorted(found, key=lambda one: (not one.alarm, one.state is _OFF, one.kiosk.name))


def _facts(since: dt.datetime) -> dict[int, list[Fact]]:
    """The newest of each kind and device of each machine, newest first."""
    told = Fact.objects.filter(at__gte=since, kind__in=("works", "fails", "counted", "visit")) | Fact.objects.filter(
        at__gte=since, kind="refused", data__reason__in=list(_PAPER))
    newest = told.order_by().values("kiosk", "kind", "data__what").annotate(newest=Max("pk")).values("newest")
    found: dict[int, list[Fact]] = defaultdict(list)
    for fact in Fact.objects.filter(pk__in=newest).order_by("-at", "-pk"):
        found[fact.kiosk_id].append(fact)
    return found


def _machine(kiosk: Kiosk, facts: list[Fact], owed: list[Waits], now: dt.datetime) -> Machine:
    latest: dict[str, str] = {}
    for fact in facts:
        if fact.kind in ("works", "fails"):
            latest.setdefault(str(fact.data.get("what")), fact.kind)
    failing = [_WHAT.get(what, Both(what, what)) for what, kind in sorted(latest.items()) if kind == "fails"]
    silent = kiosk.seen_at is None or now - kiosk.seen_at > dt.timedelta(minutes=settings.KIOSK_SILENT_MINUTES)
    state, mark = ((_OFF, "–") if not kiosk.active else (_SILENT, "✕") if silent else (_FAULT, "!") if failing
                   else (_WELL, "✓"))
    return Machine(kiosk, state, mark, _paper(facts), failing,
                   next((fact for fact in facts if fact.kind == "visit"), None), owed)


def _paper(facts: list[Fact]) -> Both | None:
    """What the newest fact about paper says. Somebody who fills it counts it, or the printer works again."""
    for fact in facts:
        if fact.kind == "refused":
            return _PAPER[fact.data["reason"]]
        if fact.kind == "counted" or (fact.kind, fact.data.get("what")) == ("works", "printer"):
            return None
    return None
