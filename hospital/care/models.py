"""The books of the outpatient office, in the vocabulary of FHIR R4.

Who: Patient, Practitioner. Where and when: Department, Schedule, Slot. What was agreed: Hold, Appointment.
What was handed over or must be said: Paper, Notice.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hospital import clock
from hospital.care.masking import mask_name
from hospital.clock import local


def segment_id(schedule: int, start: dt.datetime) -> str:
    """A segment (时段) as the kiosk names it: "<schedule>-<HHMM>", by the hospital's wall clock."""
    return f"{schedule}-{local(start):%H%M}"


class Patient(models.Model):
    class Sex(models.TextChoices):                # FHIR administrative-gender
        MALE = "male", "男"
        FEMALE = "female", "女"
        OTHER = "other", "其他"
        UNKNOWN = "unknown", "未知"

    class Card(models.TextChoices):
        RESIDENT = "resident", "居民身份证"
        HMT = "hmt", "港澳台居民居住证"
        FOREIGNER_2017 = "foreigner_2017", "外国人永久居留身份证（2017版）"
        FOREIGNER_2023 = "foreigner_2023", "外国人永久居留身份证（2023版）"

    record_no = models.CharField("病案号", max_length=20, unique=True, editable=False)
    name = models.CharField("姓名", max_length=80)
    english_name = models.CharField("英文姓名", max_length=120, blank=True)
    card_kind = models.CharField("证件类型", max_length=20, choices=Card, default=Card.RESIDENT)
    id_number = models.CharField("证件号码", max_length=20, unique=True)
    sex = models.CharField("性别", max_length=8, choices=Sex, default=Sex.UNKNOWN)
    born = models.DateField("出生日期", null=True, blank=True)
    nation = models.CharField("民族", max_length=20, blank=True)
    address = models.CharField("住址", max_length=200, blank=True)
    phone = models.CharField("手机号", max_length=20, blank=True)
    visit_card = models.CharField("就诊卡号", max_length=32, unique=True, null=True, blank=True)
    no_shows = models.PositiveSmallIntegerField("爽约次数", default=0, help_text="达到上限后只能当日现场挂号")
    made_at = models.DateTimeField("建档时间")

    class Meta:
        verbose_name = verbose_name_plural = "患者"
        indexes = [models.Index(fields=["name"])]

    def __str__(self) -> str:
        return f"{mask_name(self.name)}（{self.record_no}）"

    def __repr__(self) -> str:
        return f"<Patient {self.pk}>"


class Department(models.Model):
    code = models.CharField("科室代码", max_length=20, unique=True)
    name_zh = models.CharField("科室名称", max_length=60)
    name_en = models.CharField("英文名称", max_length=120)
    place_zh = models.CharField("位置", max_length=120)
    place_en = models.CharField("英文位置", max_length=200)
    key = models.BooleanField("重点科室", default=False)
    rank = models.PositiveSmallIntegerField("排序", default=100)

    class Meta:
        verbose_name = verbose_name_plural = "科室"
        ordering = ["-key", "rank", "code"]

    def __str__(self) -> str:
        return self.name_zh


class Practitioner(models.Model):
    class Title(models.TextChoices):
        CHIEF = "chief", "主任医师"
        ASSOCIATE_CHIEF = "associate_chief", "副主任医师"
        ATTENDING = "attending", "主治医师"
        RESIDENT = "resident", "住院医师"

    code = models.CharField("工号", max_length=20, unique=True)
    name_zh = models.CharField("姓名", max_length=40)
    name_en = models.CharField("拼音", max_length=80)
    title = models.CharField("职称", max_length=20, choices=Title)
    speciality_zh = models.CharField("专长", max_length=200, blank=True)
    speciality_en = models.CharField("英文专长", max_length=300, blank=True)
    departments = models.ManyToManyField(Department, verbose_name="出诊科室", related_name="practitioners")

    class Meta:
        verbose_name = verbose_name_plural = "医师"
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name_zh} {self.get_title_display()}"


class Half(models.TextChoices):
    AM = "am", "上午"
    PM = "pm", "下午"


class Channel(models.TextChoices):
    """Through what a number is booked (渠道)."""

    KIOSK = "kiosk", "自助机"
    WINDOW = "window", "窗口"
    PHONE = "phone", "电话"
    WEB = "web", "网站"
    APP = "app", "手机应用"
    CONSULTING = "consulting", "诊间"
    COMMUNITY = "community", "社区"


class Schedule(models.Model):
    """One doctor (or a general clinic) in one department for one stretch of one half day (出诊安排)."""

    class Kind(models.TextChoices):
        GENERAL = "general", "普通门诊"
        SPECIAL = "special", "专科专病"
        EXPERT = "expert", "专家门诊"

    class State(models.TextChoices):
        DRAFT = "draft", "待审核"
        OPEN = "open", "开放"
        STOPPED = "stopped", "停诊"
        MOVED = "moved", "换诊"           # no more bookings; who has booked is asked for consent to another time

    department = models.ForeignKey(Department, models.PROTECT, verbose_name="科室", related_name="schedules")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, verbose_name="医师", null=True, blank=True,
                                     related_name="schedules")
    kind = models.CharField("号别", max_length=10, choices=Kind)
    day = models.DateField("出诊日期")
    half = models.CharField("午别", max_length=2, choices=Half)
    start = models.DateTimeField("开始")
    end = models.DateTimeField("结束")
    fee = models.PositiveIntegerField("挂号费（分）")
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    released_at = models.DateTimeField("放号时间", help_text="此刻之前，自助机上看不到这些号")

    class Meta:
        verbose_name = verbose_name_plural = "出诊安排"
        ordering = ["day", "start", "department"]
        constraints = [
            models.UniqueConstraint(fields=["department", "practitioner", "start"], name="schedule_of_practitioner",
                                    condition=Q(practitioner__isnull=False)),
            models.UniqueConstraint(fields=["department", "kind", "start"], name="schedule_of_clinic",
                                    condition=Q(practitioner__isnull=True)),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="schedule_ends_after_start"),
        ]
        indexes = [models.Index(fields=["department", "day"]), models.Index(fields=["day"])]

    def __str__(self) -> str:
        who = self.practitioner or self.get_kind_display()
        return f"{self.day} {self.get_half_display()} {self.department} {who}"


class Slot(models.Model):
    """One bookable place with its own queue number (号). Free, unless booked or held at this moment.

    `share`: a channel, or another word, that alone may take it until `share_until`; "": everybody may.
    """

    schedule = models.ForeignKey(Schedule, models.CASCADE, verbose_name="出诊安排", related_name="slots")
    number = models.PositiveSmallIntegerField("序号")
    start = models.DateTimeField("时段开始")
    end = models.DateTimeField("时段结束")
    booked = models.BooleanField("已预约", default=False)
    hold = models.OneToOneField("Hold", models.SET_NULL, verbose_name="占号", null=True, blank=True,
                                related_name="holding")
    held_until = models.DateTimeField("占号至", null=True, blank=True)
    share = models.CharField("专用于", max_length=12, blank=True, default="")
    share_until = models.DateTimeField("专用至", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "号源"
        ordering = ["schedule", "number"]
        constraints = [models.UniqueConstraint(fields=["schedule", "number"], name="slot_number")]
        indexes = [models.Index(fields=["schedule", "start", "number"])]

    def __str__(self) -> str:
        return f"{self.number} 号"

    @property
    def segment(self) -> str:
        return segment_id(self.schedule_id, self.start)


class Hold(models.Model):
    """A number kept for somebody who is deciding or paying. It ends by itself; nobody has to sweep."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slot = models.ForeignKey(Slot, models.CASCADE, verbose_name="号源", related_name="holds")
    patient = models.ForeignKey(Patient, models.PROTECT, verbose_name="患者", related_name="holds")
    kiosk = models.CharField("自助机", max_length=40)
    channel = models.CharField("渠道", max_length=12, choices=Channel, default=Channel.KIOSK)
    # The price of that moment: what its holder pays, whatever becomes of the price.
    fee = models.PositiveIntegerField("挂号费（分）")
    made_at = models.DateTimeField("占号时间")
    until = models.DateTimeField("占号至")
    released_at = models.DateTimeField("释放时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "占号记录"
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"占号 {str(self.id)[:8]}"


class Appointment(models.Model):
    class State(models.TextChoices):              # FHIR appointmentstatus
        BOOKED = "booked", "已预约"
        ARRIVED = "arrived", "已签到"
        FULFILLED = "fulfilled", "已就诊"
        CANCELLED = "cancelled", "已退号"
        NOSHOW = "noshow", "爽约"

    code = models.CharField("预约号", max_length=20, unique=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.BOOKED)
    patient = models.ForeignKey(Patient, models.PROTECT, verbose_name="患者", related_name="appointments")
    slot = models.ForeignKey(Slot, models.PROTECT, verbose_name="号源", related_name="appointments")
    hold = models.OneToOneField(Hold, models.PROTECT, verbose_name="占号", null=True, related_name="appointment")
    # Written down here, too, because the database itself guards them.
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="科室", related_name="appointments")
    day = models.DateField("就诊日期")
    half = models.CharField("午别", max_length=2, choices=Half)
    fee = models.PositiveIntegerField("挂号费（分）")
    channel = models.CharField("渠道", max_length=12, choices=Channel, default=Channel.KIOSK)
    booked_at = models.DateTimeField("预约时间")
    cancelled_at = models.DateTimeField("退号时间", null=True, blank=True)
    # A fee that was due was taken at the window, outside of these books.
    window_paid_at = models.DateTimeField("窗口收费时间", null=True, blank=True)
    window_back_at = models.DateTimeField("窗口退费时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "预约"
        ordering = ["-day", "code"]
        constraints = [
            models.UniqueConstraint(fields=["patient", "department", "day", "half"], name="one_booking_a_half_day",
                                    condition=Q(state__in=["booked", "arrived", "fulfilled"])),
            models.UniqueConstraint(fields=["slot"], name="one_booking_a_slot", condition=~Q(state="cancelled")),
        ]
        indexes = [models.Index(fields=["patient", "day"])]

    def __str__(self) -> str:
        return self.code

    @property
    def arrive_by(self) -> dt.datetime:
        """A few minutes before the segment; now, where that is over already."""
        return max(self.slot.start - dt.timedelta(minutes=settings.ARRIVE_MINUTES), self.booked_at)

    @property
    def cancellable_until(self) -> dt.datetime:
        return self.slot.start - dt.timedelta(minutes=settings.CANCEL_MINUTES)

    @property
    def cancellable(self) -> bool:
        """May the person cancel it now? What was paid at the window, goes back there."""
        return self.state == self.State.BOOKED and clock.now() <= self.cancellable_until and self.window_paid_at is None

    @property
    def due(self) -> bool:
        """Is its fee still to be paid? So it is with what a doctor has booked; all else is paid for, or free, before it is
        booked. (`order` is money's own relation, read backwards.)"""
        return (self.fee > 0 and self.hold_id is not None and self.window_paid_at is None
                and self.state in (self.State.BOOKED, self.State.ARRIVED, self.State.FULFILLED)
                and getattr(self, "order", None) is None)


class Paper(models.Model):
    """One sheet a kiosk was told to print. Number 1 is the original, all others are copies."""

    class Kind(models.TextChoices):
        REGISTRATION = "registration", "挂号凭条"
        REFUND = "refund", "退号凭条"

    class Outcome(models.TextChoices):
        ISSUED = "issued", "已签发"           # the kiosk has not said yet what became of it
        PRINTED = "printed", "已打印"
        SENT = "sent", "已送打印机"
        UNKNOWN = "unknown", "不明"
        NONE = "none", "未打印"               # surely not on paper

    appointment = models.ForeignKey(Appointment, models.CASCADE, verbose_name="预约", related_name="papers")
    kind = models.CharField("凭条", max_length=12, choices=Kind)
    copy = models.PositiveSmallIntegerField("份号")
    outcome = models.CharField("结果", max_length=8, choices=Outcome, default=Outcome.ISSUED)
    issued_at = models.DateTimeField("签发时间")
    kiosk = models.CharField("自助机", max_length=40)

    class Meta:
        verbose_name = verbose_name_plural = "凭条"
        ordering = ["-issued_at"]
        constraints = [models.UniqueConstraint(fields=["appointment", "kind", "copy"], name="paper_copy",
                                               condition=~Q(outcome="none"))]

    def __str__(self) -> str:
        return f"{self.appointment_id} {self.get_kind_display()} {self.copy}"


class Notice(models.Model):
    """Something a person must be told at the next machine. `data` holds numbers and words, never names."""

    class Kind(models.TextChoices):
        REFUNDED_LATE = "refunded_late", "迟到付款已退"
        DISPUTED = "disputed", "付款有疑"
        SESSION_STOPPED = "session_stopped", "停诊"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, verbose_name="患者", related_name="notices")
    kind = models.CharField("类别", max_length=20, choices=Kind)
    at = models.DateTimeField("时间")
    data = models.JSONField("内容", default=dict)
    appointment = models.ForeignKey(Appointment, models.CASCADE, verbose_name="预约", null=True, blank=True)
    seen_at = models.DateTimeField("已读时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "seen_at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"


class Counter(models.Model):
    """Where numbers that must never repeat come from; see `numbers`."""

    name = models.CharField(max_length=20, primary_key=True)
    value = models.PositiveIntegerField()
