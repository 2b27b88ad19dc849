"""The books of the waiting areas: who waits where, who was called into which room, and what the office must look at."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hospital.care.models import Appointment, Department, Patient, Practitioner, Schedule


class PriorityClass(models.Model):
    """Why somebody is called sooner (优先), and by how much. The hospital's own rules, as rows."""

    code = models.CharField("代码", max_length=20, unique=True)
    name_zh = models.CharField("名称", max_length=40)
    name_en = models.CharField("英文名称", max_length=60)
    credit = models.PositiveSmallIntegerField("提前（分钟）", help_text="按提前这么多分钟到达来排")
    from_age = models.PositiveSmallIntegerField("起始年龄", null=True, blank=True, help_text="到此年龄自动享有")

    class Meta:
        verbose_name = verbose_name_plural = "优先类别"
        ordering = ["-credit", "code"]

    def __str__(self) -> str:
        return self.name_zh


class Privilege(models.Model):
    """A priority that somebody showed a paper for at a desk (残疾证、军人证、孕产妇手册)."""

    patient = models.ForeignKey(Patient, models.CASCADE, verbose_name="患者", related_name="privileges")
    priority = models.ForeignKey(PriorityClass, models.CASCADE, verbose_name="类别")
    until = models.DateField("有效至", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "优先资格"
        constraints = [models.UniqueConstraint(fields=["patient", "priority"], name="privilege_once")]

    def __str__(self) -> str:
        return f"{self.patient} {self.priority}"


class Rules(models.Model):
    """How a department's queues work; the row without a department is everybody else's, and so are the defaults."""

    department = models.OneToOneField(Department, models.CASCADE, verbose_name="科室", null=True, blank=True)
    early_minutes = models.PositiveSmallIntegerField("可提前签到（分钟）", default=60)
    walk_in_minutes = models.PositiveSmallIntegerField("当日号排后（分钟）", default=10)
    overtaken_at_most = models.PositiveSmallIntegerField("最多被插队（次）", default=5)
    missed_after = models.PositiveSmallIntegerField("过号后隔几位再叫", default=3)
    missed_returns = models.PositiveSmallIntegerField("自动重排（次）", default=1, help_text="再过号须本人重新排队")
    usual_seconds = models.PositiveIntegerField("通常每位用时（秒）", default=420, help_text="没有记录时的估计")
    surge_minutes = models.PositiveSmallIntegerField("拥堵线（分钟）", default=90, help_text="估计等候超过即报警")
    silent_minutes = models.PositiveSmallIntegerField("停叫线（分钟）", default=20, help_text="有人等而无人叫号即报警")

    class Meta:
        verbose_name = verbose_name_plural = "排队规则"

    def __str__(self) -> str:
        return str(self.department or "全院")


class Room(models.Model):
    code = models.CharField("诊室代码", max_length=20, unique=True)
    department = models.ForeignKey(Department, models.CASCADE, verbose_name="科室", related_name="rooms")
    name_zh = models.CharField("名称", max_length=40)
    name_en = models.CharField("英文名称", max_length=60)
    area = models.CharField("候诊区", max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "诊室"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_zh


class Queue(models.Model):
    """One line of one day: a department's general clinic, or one doctor's. Morning and afternoon are one line, so that
    whoever is late keeps a place in the day. Its row is the lock of everything that happens in it."""

    department = models.ForeignKey(Department, models.PROTECT, verbose_name="科室", related_name="queues")
    day = models.DateField("日期")
    kind = models.CharField("号别", max_length=10, choices=Schedule.Kind)
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, verbose_name="医师", null=True, blank=True,
                                     related_name="queues")
    calls = models.PositiveIntegerField("已叫", default=0)
    version = models.PositiveIntegerField("版本", default=0, help_text="每次变化加一")
    called_at = models.DateTimeField("最近叫号", null=True, blank=True)
    # What earlier days say of one visit here; see `pace`.
    usual_seconds = models.PositiveIntegerField("往日每位用时（秒）", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "队列"
        ordering = ["-day", "department", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["department", "day", "kind", "practitioner"], name="queue_of_practitioner",
                                    condition=Q(practitioner__isnull=False)),
            models.UniqueConstraint(fields=["department", "day", "kind"], name="queue_of_clinic",
                                    condition=Q(practitioner__isnull=True)),
        ]
        indexes = [models.Index(fields=["day", "department"])]

    def __str__(self) -> str:
        return f"{self.day} {self.department} {self.practitioner or self.get_kind_display()}"


class Sitting(models.Model):
    """A doctor sits in a room and calls from a queue (坐诊)."""

    room = models.ForeignKey(Room, models.PROTECT, verbose_name="诊室", related_name="sittings")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, verbose_name="医师", related_name="sittings")
    queue = models.ForeignKey(Queue, models.PROTECT, verbose_name="队列", related_name="sittings")
    began_at = models.DateTimeField("开始")
    paused_at = models.DateTimeField("暂停", null=True, blank=True)
    ended_at = models.DateTimeField("结束", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "坐诊"
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(fields=["room"], name="one_doctor_a_room", condition=Q(ended_at__isnull=True)),
            models.UniqueConstraint(fields=["practitioner"], name="one_room_a_doctor",
                                    condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.room} {self.practitioner}"


class Ticket(models.Model):
    """Somebody's place in a queue. Its number is called, so it is the only one of its department and day."""

    class State(models.TextChoices):
        WAITING = "waiting", "候诊"
        CALLED = "called", "就诊中"
        MISSED = "missed", "过号"
        DONE = "done", "已就诊"
        GONE = "gone", "已退出"             # not called any more: their session does not take place as it was booked

    class Standing(models.TextChoices):
        BOOKED = "booked", "预约按时"
        WALK_IN = "walk_in", "当日"
        LATE = "late", "迟到"
        REFERRED = "referred", "转诊"
        RESULTS = "results", "回诊"

    queue = models.ForeignKey(Queue, models.PROTECT, verbose_name="队列", related_name="tickets")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="科室", related_name="tickets")
    day = models.DateField("日期")
    number = models.PositiveIntegerField("号码")
    patient = models.ForeignKey(Patient, models.PROTECT, verbose_name="患者", related_name="tickets")
    appointment = models.OneToOneField(Appointment, models.PROTECT, verbose_name="预约", null=True, blank=True,
                                       related_name="ticket")
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    standing = models.CharField("来由", max_length=10, choices=Standing)
    priority = models.ForeignKey(PriorityClass, models.PROTECT, verbose_name="优先", null=True, blank=True)
    # The line's order: see `line`.
    place = models.DateTimeField("应排")
    turn = models.DateTimeField("实排")
    overtaken = models.PositiveSmallIntegerField("被插队", default=0)
    after = models.PositiveIntegerField("叫到第几位之后", default=0)
    # What became of it.
    arrived_at = models.DateTimeField("签到时间")
    joined_at = models.DateTimeField("最近入队")
    room = models.ForeignKey(Room, models.PROTECT, verbose_name="诊室", null=True, blank=True, related_name="tickets")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, verbose_name="医师", null=True, blank=True,
                                     related_name="tickets")
    called_at = models.DateTimeField("叫号时间", null=True, blank=True)
    times_called = models.PositiveSmallIntegerField("叫号次数", default=0)
    misses = models.PositiveSmallIntegerField("过号次数", default=0)
    done_at = models.DateTimeField("离诊时间", null=True, blank=True)
    comes_back = models.BooleanField("待回诊", default=False, help_text="做完检查后回来看报告")

    class Meta:
        verbose_name = verbose_name_plural = "候诊号"
        ordering = ["-day", "department", "number"]
        constraints = [
            models.UniqueConstraint(fields=["department", "day", "number"], name="ticket_number"),
            models.UniqueConstraint(fields=["room"], name="one_call_a_room", condition=Q(state="called")),
            models.CheckConstraint(condition=~Q(state="called") | Q(room__isnull=False), name="called_into_a_room"),
        ]
        indexes = [models.Index(fields=["queue", "state"]), models.Index(fields=["patient", "day"])]

    def __str__(self) -> str:
        return f"{self.number} 号"


class Event(models.Model):
    """What happened in a queue, for boards, statistics and whoever asks afterwards."""

    class Kind(models.TextChoices):
        ARRIVED = "arrived", "签到"
        CALLED = "called", "叫号"
        AGAIN = "again", "重叫"
        MISSED = "missed", "过号"
        REJOINED = "rejoined", "重新排队"
        DONE = "done", "离诊"
        REFERRED = "referred", "转诊"
        SAT = "sat", "开诊"
        PAUSED = "paused", "暂停"
        RESUMED = "resumed", "继续"
        ROSE = "rose", "结束坐诊"
        LEFT = "left", "退出候诊"

    queue = models.ForeignKey(Queue, models.CASCADE, verbose_name="队列", related_name="events")
    kind = models.CharField("事件", max_length=10, choices=Kind)
    at = models.DateTimeField("时间")
    ticket = models.ForeignKey(Ticket, models.CASCADE, verbose_name="候诊号", null=True, related_name="events")
    room = models.ForeignKey(Room, models.CASCADE, verbose_name="诊室", null=True, related_name="events")

    class Meta:
        verbose_name = verbose_name_plural = "队列事件"
        ordering = ["id"]
        indexes = [models.Index(fields=["queue", "at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"


class Alarm(models.Model):
    """The office must look (告警): open until what raised it is over."""

    class Kind(models.TextChoices):
        SURGE = "surge", "拥堵"
        SILENT = "silent", "停叫"

    queue = models.ForeignKey(Queue, models.CASCADE, verbose_name="队列", related_name="alarms")
    kind = models.CharField("类别", max_length=10, choices=Kind)
    raised_at = models.DateTimeField("发生时间")
    waiting = models.PositiveIntegerField("候诊人数")
    minutes = models.PositiveIntegerField("分钟", help_text="拥堵：估计等候；停叫：已停多久")
    over_at = models.DateTimeField("解除时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "排队告警"
        ordering = ["-raised_at"]
        constraints = [models.UniqueConstraint(fields=["queue", "kind"], name="one_alarm_of_a_kind",
                                               condition=Q(over_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.queue} {self.get_kind_display()}"
