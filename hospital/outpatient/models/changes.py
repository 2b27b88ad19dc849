"""Changes of sessions that people have booked: stop (停诊), substitute (替诊), move (换诊)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.care.models import Appointment, Practitioner, Schedule, Slot


class Change(models.Model):
    """What was done to a session, by whom, why."""

    class Kind(models.TextChoices):
        STOP = "stop", "停诊"
        SUBSTITUTE = "substitute", "替诊"
        MOVE = "move", "换诊"

    kind = models.CharField("类别", max_length=10, choices=Kind)
    schedule = models.ForeignKey(Schedule, models.PROTECT, verbose_name="出诊安排", related_name="changes")
    before = models.ForeignKey(Practitioner, models.PROTECT, verbose_name="原医师", null=True, related_name="+")
    after = models.ForeignKey(Practitioner, models.PROTECT, verbose_name="替诊医师", null=True, related_name="+")
    to = models.ForeignKey(Schedule, models.PROTECT, verbose_name="改至", null=True, related_name="+")
    at = models.DateTimeField("时间")
    by = models.CharField("经办人", max_length=80)
    why = models.CharField("原因", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "停替换诊"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.schedule}"


class Offer(models.Model):
    """A change that one person is asked to agree to. Not answered by `until` is declined: booking and fee go back."""

    class State(models.TextChoices):
        PENDING = "pending", "待答复"
        ACCEPTED = "accepted", "同意"
        DECLINED = "declined", "不同意"
        EXPIRED = "expired", "未答复"
        VOID = "void", "已失效"              # the booking was given back, or changed again

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    change = models.ForeignKey(Change, models.PROTECT, verbose_name="变更", related_name="offers")
    appointment = models.ForeignKey(Appointment, models.CASCADE, verbose_name="预约", related_name="offers")
    slot = models.ForeignKey(Slot, models.PROTECT, verbose_name="留给的号", null=True, related_name="+")
    state = models.CharField("状态", max_length=10, choices=State, default=State.PENDING)
    made_at = models.DateTimeField("提出时间")
    until = models.DateTimeField("答复期限")
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.CharField("答复途径", max_length=80, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "变更征询"
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["change", "appointment"], name="asked_once"),
            models.UniqueConstraint(fields=["appointment"], name="one_pending_offer", condition=Q(state="pending")),
        ]
        indexes = [models.Index(fields=["state", "until"])]

    def __str__(self) -> str:
        return f"{self.appointment_id} {self.get_state_display()}"
