"""What the office knows of patients: who referred them, whose children they are, which visits they missed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hospital.care.models import Appointment, Department, Patient


class Referral(models.Model):
    """双向转诊: a family doctor or a community clinic sends this person to a department."""

    patient = models.ForeignKey(Patient, models.CASCADE, verbose_name="患者", related_name="referrals")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="科室", related_name="+")
    origin = models.CharField("转出机构", max_length=80)
    doctor = models.CharField("转诊医生", max_length=40, blank=True)
    number = models.CharField("转诊单号", max_length=40, blank=True)
    from_day = models.DateField("有效期自")
    until_day = models.DateField("有效期至")
    made_at = models.DateTimeField("登记时间")
    made_by = models.CharField("登记人", max_length=80)
    withdrawn_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "转诊"
        ordering = ["-made_at"]
        constraints = [models.CheckConstraint(condition=Q(until_day__gte=F("from_day")), name="referral_days")]
        indexes = [models.Index(fields=["patient", "department"])]

    def __str__(self) -> str:
        return f"{self.origin} → {self.department}"


class Link(models.Model):
    """A guardian and a child: the one may act for the other, and is told what the other must know."""

    guardian = models.ForeignKey(Patient, models.CASCADE, verbose_name="监护人", related_name="dependants")
    child = models.ForeignKey(Patient, models.CASCADE, verbose_name="被监护人", related_name="guardians")
    made_at = models.DateTimeField("登记时间")
    made_by = models.CharField("登记人", max_length=80)
    ended_at = models.DateTimeField("解除时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "监护关系"
        constraints = [
            models.UniqueConstraint(fields=["guardian", "child"], name="linked_once", condition=Q(ended_at__isnull=True)),
            models.CheckConstraint(condition=~Q(guardian=F("child")), name="nobody_is_their_own_guardian"),
        ]

    def __str__(self) -> str:
        return f"{self.guardian_id} → {self.child_id}"


class Miss(models.Model):
    """爽约: a booked visit to which nobody came."""

    appointment = models.OneToOneField(Appointment, models.CASCADE, verbose_name="预约", related_name="miss")
    patient = models.ForeignKey(Patient, models.CASCADE, verbose_name="患者", related_name="misses")
    at = models.DateTimeField("时间")
    counts = models.BooleanField("计入", default=True)      # in `Patient.no_shows`, until forgiven or long ago
    forgiven_at = models.DateTimeField("免计时间", null=True, blank=True)
    forgiven_by = models.CharField("免计人", max_length=80, blank=True)
    why = models.CharField("免计原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "爽约"
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "at"]), models.Index(fields=["at"], condition=Q(counts=True),
                                                                        name="misses_that_count")]

    def __str__(self) -> str:
        return f"{self.appointment_id}"


class Withdrawal(models.Model):
    """For a time this person books from afar no more. It ends by itself, or when a miss behind it is forgiven."""

    patient = models.ForeignKey(Patient, models.CASCADE, verbose_name="患者", related_name="withdrawals")
    since = models.DateTimeField("自")
    until = models.DateTimeField("至")
    ended_by = models.CharField("提前解除人", max_length=80, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "暂停远程预约"
        ordering = ["-since"]
        indexes = [models.Index(fields=["patient", "until"])]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.until:%Y-%m-%d}"
