"""Rules as data: when sessions are released, which share is kept for whom, how much one person may book."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from hospital.care.models import Channel, Department, Schedule


class _Scope(models.Model):
    """For one department or all, one kind or all: the narrowest rule counts."""

    department = models.ForeignKey(Department, models.CASCADE, verbose_name="科室", null=True, blank=True, related_name="+")
    kind = models.CharField("号别", max_length=10, choices=Schedule.Kind, blank=True)

    class Meta:
        abstract = True


class ReleaseRule(_Scope):
    """放号: so many days ahead, at this minute of the day."""

    days = models.PositiveSmallIntegerField("提前天数")
    minute = models.PositiveSmallIntegerField("放号时刻（分钟）", default=420)

    class Meta:
        verbose_name = verbose_name_plural = "放号规则"
        constraints = [
            models.UniqueConstraint(Coalesce("department", 0), "kind", name="one_release_rule"),
            models.CheckConstraint(condition=Q(minute__lt=1440), name="release_minute"),
        ]

    def __str__(self) -> str:
        return f"提前 {self.days} 天 {self.minute // 60:02d}:{self.minute % 60:02d}"


class ShareRule(_Scope):
    """A part of the places of every session is kept for a channel, until `back_minute` of the day `back_days` before.

    Percent of the session's places, rounded down: the share follows the doctor's capacity.
    """

    channel = models.CharField("渠道", max_length=12, choices=Channel)
    percent = models.PositiveSmallIntegerField("比例（%）")
    back_days = models.PositiveSmallIntegerField("提前几天回收", default=1)
    back_minute = models.PositiveSmallIntegerField("回收时刻（分钟）", default=1080)

    class Meta:
        verbose_name = verbose_name_plural = "号源份额"
        constraints = [
            models.UniqueConstraint(Coalesce("department", 0), "kind", "channel", name="one_share_rule"),
            models.CheckConstraint(condition=Q(percent__range=(1, 100), back_minute__lt=1440), name="share_range"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.percent}%"


class Release(models.Model):
    """What was done on one day, once: sessions planned ahead, and what was released. The memory of the daily round."""

    day = models.DateField("日期", unique=True)
    done_at = models.DateTimeField("完成时间")
    planned = models.PositiveIntegerField("新排班次")
    clashes = models.PositiveIntegerField("冲突班次", help_text="医师同一时间已有出诊，没有排上")
    released = models.PositiveIntegerField("放号班次")
    places = models.PositiveIntegerField("放号数")
    waiting = models.PositiveIntegerField("到期未审核班次", help_text="该放号而尚未审核")

    class Meta:
        verbose_name = verbose_name_plural = "每日放号"
        ordering = ["-day"]

    def __str__(self) -> str:
        return str(self.day)


class Limit(models.Model):
    """One person may have at most `most` bookings for visits within any `days` days running (1: a day), of one
    department or of all together."""

    department = models.ForeignKey(Department, models.CASCADE, verbose_name="科室", null=True, blank=True,
                                   help_text="空：全院合计", related_name="+")
    each = models.BooleanField("每个科室分别计", default=False)
    days = models.PositiveSmallIntegerField("天数", default=1)
    most = models.PositiveSmallIntegerField("最多次数")

    class Meta:
        verbose_name = verbose_name_plural = "限号规则"
        constraints = [models.CheckConstraint(condition=Q(days__range=(1, 366)), name="limit_days")]

    def __str__(self) -> str:
        return f"{self.department or '全院'} {self.days} 天 {self.most} 次"


class DepartmentRule(models.Model):
    """What is different from department to department."""

    department = models.OneToOneField(Department, models.CASCADE, verbose_name="科室", related_name="rule")
    # Where nobody can check in, nobody can be said to have stayed away.
    check_in = models.BooleanField("需要签到", default=False, help_text="需要签到的科室才计爽约")

    class Meta:
        verbose_name = verbose_name_plural = "科室规则"

    def __str__(self) -> str:
        return str(self.department)
