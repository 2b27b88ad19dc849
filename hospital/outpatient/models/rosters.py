"""Rosters (排班): what repeats, the days that are different, and where a session came from."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hospital.care.models import Department, Half, Practitioner, Schedule

WEEKDAYS = [(day, f"周{word}") for day, word in enumerate("一二三四五六日")]


class Template(models.Model):
    """A session that repeats: every week, every nth such day of a month, or on one date.

    Times are minutes of the day. `minutes`: the length of a segment; 0: to the minute, every place has a time of its
    own. `places`: in each segment (with 0: in the whole session); empty: by the doctor's pace.
    """

    department = models.ForeignKey(Department, models.PROTECT, verbose_name="科室", related_name="templates")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, verbose_name="医师", null=True, blank=True,
                                     related_name="templates")
    kind = models.CharField("号别", max_length=10, choices=Schedule.Kind)
    weekday = models.PositiveSmallIntegerField("星期", choices=WEEKDAYS, null=True, blank=True)
    nth = models.PositiveSmallIntegerField("当月第几个", null=True, blank=True, help_text="空：每周；2：每月第二个")
    date = models.DateField("单次日期", null=True, blank=True)
    half = models.CharField("午别", max_length=2, choices=Half)
    start = models.PositiveSmallIntegerField("开始（分钟）")
    end = models.PositiveSmallIntegerField("结束（分钟）")
    minutes = models.PositiveSmallIntegerField("时段分钟数", default=30, help_text="10、30、60；0：精确到分")
    places = models.PositiveSmallIntegerField("每时段号数", null=True, blank=True, help_text="空：按医师接诊能力")
    fee = models.PositiveIntegerField("挂号费（分）")
    from_day = models.DateField("生效日", null=True, blank=True)
    until_day = models.DateField("失效日", null=True, blank=True)
    on_holidays = models.BooleanField("节假日照常", default=False)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "排班模板"
        ordering = ["department", "weekday", "start"]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start"), end__lte=1440), name="template_ends_after_start"),
            models.CheckConstraint(condition=Q(weekday__isnull=False) ^ Q(date__isnull=False), name="template_says_when"),
            models.CheckConstraint(condition=Q(nth__isnull=True) | Q(nth__range=(1, 5)), name="template_nth"),
        ]

    def __str__(self) -> str:
        return f"{self.department} {self.practitioner or self.get_kind_display()} {self.get_half_display()}"


class Holiday(models.Model):
    """A day that is not what its weekday says: nobody works, or everybody as on another weekday (调休)."""

    day = models.DateField("日期", unique=True)
    name = models.CharField("名称", max_length=40)
    works_as = models.PositiveSmallIntegerField("按星期几出诊", choices=WEEKDAYS, null=True, blank=True, help_text="空：放假")

    class Meta:
        verbose_name = verbose_name_plural = "节假日"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Omission(models.Model):
    """A day on which a template that repeats has no session, though it means that day (单日不出诊)."""

    template = models.ForeignKey(Template, models.CASCADE, verbose_name="模板", related_name="omissions")
    day = models.DateField("日期")

    class Meta:
        verbose_name = verbose_name_plural = "单日不出诊"
        constraints = [models.UniqueConstraint(fields=["template", "day"], name="omitted_once")]
        indexes = [models.Index(fields=["day"])]

    def __str__(self) -> str:
        return f"{self.day} {self.template}"


class Pace(models.Model):
    """How long a doctor needs for one patient: how many places a segment has."""

    practitioner = models.OneToOneField(Practitioner, models.CASCADE, verbose_name="医师", related_name="pace")
    minutes = models.PositiveSmallIntegerField("每位患者分钟数")

    class Meta:
        verbose_name = verbose_name_plural = "接诊能力"
        constraints = [models.CheckConstraint(condition=Q(minutes__gte=1), name="pace_is_some")]

    def __str__(self) -> str:
        return f"{self.practitioner} {self.minutes}"


class Planned(models.Model):
    """Where a session came from, and who reviewed it."""

    schedule = models.OneToOneField(Schedule, models.CASCADE, verbose_name="出诊安排", related_name="planned")
    template = models.ForeignKey(Template, models.SET_NULL, verbose_name="模板", null=True, related_name="sessions")
    reviewed_by = models.CharField("审核人", max_length=80, blank=True)
    reviewed_at = models.DateTimeField("审核时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "排班记录"

    def __str__(self) -> str:
        return str(self.schedule)
