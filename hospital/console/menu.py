"""What stands on the left of every page: the pages of the reader's roles, and no others."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from hospital.console.words import Both
from hospital.registrar import rights


class Entry(NamedTuple):
    right: str
    url: str            # its name
    title: Both
    hint: Both          # one line on the first page


MENU = (
    Entry("statistics", "console:statistics", Both("统计", "Statistics"),
          Both("预约成功率、爽约、失败，剩余号源", "Booking success, no-shows, failures, numbers left")),
    Entry("kiosks", "console:kiosks", Both("自助机", "Kiosks"),
          Both("在线、故障、缺纸、待处理", "On line, faults, paper, what is not settled")),
    Entry("trail", "console:trail", Both("操作记录", "Audit trail"),
          Both("谁在何时改了什么", "Who changed what, and when")),
)


def entries(user: AbstractBaseUser | AnonymousUser) -> list[Entry]:
    return [one for one in MENU if rights.may(user, one.right)]
