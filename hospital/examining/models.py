"""The books of the examination rooms and the blood draw, in the vocabulary of FHIR R4.

What there is: Station, Test, Sequence. What a doctor wants: ServiceRequest. When there is room: Segment. What was agreed:
Booking, with the orders it serves and the Turns it takes at the stations.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hospital import clock
from hospital.care.models import Patient, Practitioner


class Kind(models.TextChoices):
    EXAM = "exam", "检查"
    BLOOD = "blood", "采血"


class Station(models.Model):
    """A place with rooms (or windows) side by side, open from `opens` to `closes`, cut into segments of `step` minutes.

    The blood draw's own hours and windows go by the season (hospital/examining/rules.py).
    """

    code = models.CharField("代码", max_length=20, unique=True)
    kind = models.CharField("类别", max_length=5, choices=Kind)
    name_zh = models.CharField("名称", max_length=60)
    name_en = models.CharField("英文名称", max_length=120)
    place_zh = models.CharField("位置", max_length=120)
    place_en = models.CharField("英文位置", max_length=200)
    rooms = models.PositiveSmallIntegerField("房间（窗口）数", default=1)
    step = models.PositiveSmallIntegerField("时段长度（分钟）", default=30)
    opens = models.PositiveSmallIntegerField("开始（当日第几分钟）", default=480)
    closes = models.PositiveSmallIntegerField("结束（当日第几分钟）", default=720)

    class Meta:
        verbose_name = verbose_name_plural = "检查地点"
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return self.name_zh


class Test(models.Model):
    """One examination or blood test: how long, what to do before, who may."""

    code = models.CharField("代码", max_length=20, unique=True)
    station = models.ForeignKey(Station, models.PROTECT, verbose_name="地点", related_name="tests")
    name_zh = models.CharField("名称", max_length=60)
    name_en = models.CharField("英文名称", max_length=120)
    seconds = models.PositiveIntegerField("每次占用（秒）", help_text="检查时长；采血为护士抽一次血的时间")
    fasting = models.BooleanField("需空腹", default=False)
    ends_fast = models.BooleanField("结束空腹", default=False, help_text="如糖水、钡剂：之后不能再做空腹项目")
    escort = models.BooleanField("需家属陪同", default=False)
    latest = models.PositiveSmallIntegerField("最晚开始（当日第几分钟）", null=True, blank=True)
    youngest = models.PositiveSmallIntegerField("最小年龄", default=0, help_text="更小的患者由医生安排")
    draws = models.JSONField("抽血时刻（分钟）", default=list, blank=True, help_text="如 [0, 60, 120]；只做一次留空")
    tubes_zh = models.CharField("采血管", max_length=60, blank=True)
    tubes_en = models.CharField("采血管（英文）", max_length=100, blank=True)
    before_zh = models.TextField("准备", blank=True, help_text="每行一句，与英文逐行对应")
    before_en = models.TextField("准备（英文）", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "检查检验项目"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_zh

    @property
    def length(self) -> dt.timedelta:
        return dt.timedelta(seconds=self.seconds)


class Sequence(models.Model):
    """`first` comes before `then`; after `then`, `first` has to wait `days` (barium would hide what contrast shows)."""

    first = models.ForeignKey(Test, models.CASCADE, verbose_name="先做", related_name="before")
    then = models.ForeignKey(Test, models.CASCADE, verbose_name="后做", related_name="after")
    days = models.PositiveSmallIntegerField("颠倒时须隔天数", default=7)

    class Meta:
        verbose_name = verbose_name_plural = "先后规则"
        constraints = [models.UniqueConstraint(fields=["first", "then"], name="sequence_once")]

    def __str__(self) -> str:
        return f"{self.first} → {self.then}"


class ServiceRequest(models.Model):
    """What a doctor has ordered (医嘱). Bookable while it is active and no live booking serves it."""

    class State(models.TextChoices):              # FHIR request-status
        ACTIVE = "active", "有效"
        COMPLETED = "completed", "已完成"
        REVOKED = "revoked", "已撤销"

    patient = models.ForeignKey(Patient, models.PROTECT, verbose_name="患者", related_name="service_requests")
    test = models.ForeignKey(Test, models.PROTECT, verbose_name="项目", related_name="requests")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, verbose_name="开单医师", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.ACTIVE)
    ordered_at = models.DateTimeField("开单时间")

    class Meta:
        verbose_name = verbose_name_plural = "检查检验医嘱"
        ordering = ["ordered_at", "id"]
        indexes = [models.Index(fields=["patient", "state"])]

    def __str__(self) -> str:
        return f"{self.test} {self.pk}"


class Segment(models.Model):
    """A stretch of a station's day. `capacity` and `taken` are seconds of work; the database lets nobody take more."""

    station = models.ForeignKey(Station, models.PROTECT, verbose_name="地点", related_name="segments")
    start = models.DateTimeField("开始")
    end = models.DateTimeField("结束")
    windows = models.PositiveSmallIntegerField("开放房间（窗口）数")
    capacity = models.PositiveIntegerField("可约（秒）")
    taken = models.PositiveIntegerField("已约（秒）", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "检查时段"
        ordering = ["station", "start"]
        constraints = [
            models.UniqueConstraint(fields=["station", "start"], name="segment_of_station"),
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="segment_never_overbooked"),
        ]

    def __str__(self) -> str:
        return f"{self.station} {clock.local(self.start):%m-%d %H:%M}"


class Booking(models.Model):
    """One visit for one or several orders that are done together, with one slip."""

    class State(models.TextChoices):              # FHIR appointmentstatus
        BOOKED = "booked", "已预约"
        FULFILLED = "fulfilled", "已完成"
        NOSHOW = "noshow", "爽约"
        CANCELLED = "cancelled", "已取消"

    code = models.CharField("预约号", max_length=20, unique=True)
    kind = models.CharField("类别", max_length=5, choices=Kind)
    patient = models.ForeignKey(Patient, models.PROTECT, verbose_name="患者", related_name="exam_bookings")
    state = models.CharField("状态", max_length=10, choices=State, default=State.BOOKED)
    start = models.DateTimeField("开始")
    booked_at = models.DateTimeField("预约时间")
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True)
    slips = models.PositiveSmallIntegerField("已出凭条张数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "检查预约"
        ordering = ["start"]
        indexes = [models.Index(fields=["patient", "state"])]

    def __str__(self) -> str:
        return self.code

    @property
    def changeable(self) -> bool:
        """May the person move or cancel it now? Until CANCEL_MINUTES before, as with a doctor."""
        before = dt.timedelta(minutes=settings.CANCEL_MINUTES)
        return self.state == self.State.BOOKED and clock.now() <= self.start - before


class Served(models.Model):
    """The order that a booking serves. The database lets an order have one live booking."""

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="served")
    order = models.ForeignKey(ServiceRequest, models.PROTECT, related_name="served")
    live = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order"], condition=Q(live=True), name="one_booking_an_order")]


class Turn(models.Model):
    """Once in a room or at a window: an examination, or one draw of several (糖耐量 has three)."""

    class State(models.TextChoices):
        PLANNED = "planned", "未到"
        ARRIVED = "arrived", "已到"
        DONE = "done", "已完成"
        MISSED = "missed", "未来"

    booking = models.ForeignKey(Booking, models.CASCADE, verbose_name="预约", related_name="turns")
    segment = models.ForeignKey(Segment, models.PROTECT, verbose_name="时段", related_name="turns")
    tests = models.ManyToManyField(Test, verbose_name="项目")
    start = models.DateTimeField("开始")
    end = models.DateTimeField("结束")
    seconds = models.PositiveIntegerField("占用（秒）")
    state = models.CharField("状态", max_length=8, choices=State, default=State.PLANNED)
    arrived_at = models.DateTimeField("到达时间", null=True, blank=True)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "检查安排"
        ordering = ["start", "id"]

    def __str__(self) -> str:
        return f"{self.booking} {clock.local(self.start):%H:%M}"
