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
    Entry("room", "console:room", Both("诊室叫号", "Consulting room"),
          Both("下一位、重叫、过号、转诊", "Next, again, skip, refer")),
    Entry("arrivals", "console:arrivals", Both("签到台", "Check-in desk"),
          Both("为不便使用自助机的患者签到、重新排队", "Who cannot use a machine is checked in here")),
    Entry("desks", "console:desks", Both("检查与采血", "Examinations and blood"),
          Both("今日名单，开几个窗口", "Today's list, windows to open")),
    Entry("roster", "console:roster", Both("每周排班", "Weekly roster"),
          Both("拖动或复制，安排每周出诊", "Who sits when, by drag or copy")),
    Entry("roster", "console:month", Both("每月排班", "Monthly roster"),
          Both("按月排出，单日增减，节假日", "A month, its single dates, its holidays")),
    Entry("review", "console:review", Both("排班审核", "Review"),
          Both("审核后开放，按规则放号", "Drafts are opened here, and released by rule")),
    Entry("changes", "console:changes", Both("停替换诊", "Changes"),
          Both("停诊、替诊、换诊，受影响的患者", "Stop, substitute, move; who is affected")),
    Entry("noshows", "console:noshows", Both("爽约名单", "No-shows"),
          Both("爽约次数、免计", "How often, and what is forgiven")),
    Entry("alarms", "console:alarms", Both("排队告警", "Alarms"),
          Both("拥堵、停叫", "A queue that grows, a room where nobody calls")),
    Entry("boards", "console:boards", Both("候诊屏", "Boards"),
          Both("各候诊区大屏的链接", "The links of the screens in the waiting areas")),
    Entry("statistics", "console:statistics", Both("统计", "Statistics"),
          Both("预约成功率、爽约、失败，剩余号源", "Booking success, no-shows, failures, numbers left")),
    Entry("kiosks", "console:kiosks", Both("自助机", "Kiosks"),
          Both("在线、故障、缺纸、待处理", "On line, faults, paper, what is not settled")),
    Entry("trail", "console:trail", Both("操作记录", "Audit trail"),
          Both("谁在何时改了什么", "Who changed what, and when")),
)


def entries(user: AbstractBaseUser | AnonymousUser) -> list[Entry]:
    return [one for one in MENU if rights.may(user, one.right)]
