"""短信: what must reach somebody who is not here. Written down first, sent in the background until it was or is stale.

A message holds no name but a child's family name; where and when is what its reader needs. Children's go to the guardian.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from hospital import clock
from hospital.care.masking import mask_name
from hospital.care.models import Appointment, Notice, Schedule
from hospital.outpatient import family
from hospital.outpatient.gateway import NotTaken, Send, gateway
from hospital.outpatient.models import Message, Offer

log = logging.getLogger(__name__)

REMIND_MINUTE = 600     # of the day before (10:00)
UNANSWERED = "unanswered"       # why a booking was given back: its person never said whether they agree to a change
_KEPT_DAYS = 2          # word of a stopped session is sent for so long
_TEXTS = {
    Message.Kind.BOOKED: "【{hospital}】{who}您已挂{department}{when}，排队号{number}，预约号{code}，请于{arrive}前到{place}。",
    Message.Kind.REMINDER: "【{hospital}】提醒：{who}您预约了{department}{when}，排队号{number}，请于{arrive}前到{place}。"
                           "不能来请提前退号。",
    Message.Kind.STOPPED: "【{hospital}】很抱歉，{who}您预约的{department}{when}{off}，号已退，{money}请重新预约。",
    Message.Kind.SUBSTITUTE: "【{hospital}】{who}您预约的{department}{when}由{doctor}替诊。请在就诊前到自助机答复，"
                             "或致电门诊办公室；未答复将退号退费。",
    Message.Kind.MOVE: "【{hospital}】{who}您预约的{department}{when}改为{to}。请在原定时间前到自助机答复，"
                       "或致电门诊办公室；未答复将退号退费。",
}


def instead_of_paper(appointment: Appointment) -> Message | None:
    """The ticket was not printed: its number comes by message. None where the visit is over or given back."""
    if appointment.state != Appointment.State.BOOKED or appointment.slot.end <= clock.now():
        return None
    return queue(Message.Kind.BOOKED, appointment, f"booked:{appointment.pk}", appointment.slot.end)


def ask(offer: Offer) -> Message:
    """A change that somebody is asked to agree to."""
    change = offer.change
    to = _when(offer.slot.start) if offer.slot else ""
    doctor = f"{change.after.name_zh}{change.after.get_title_display()}" if change.after else ""
    return queue(Message.Kind(change.kind), offer.appointment, f"offer:{offer.pk}", offer.until, doctor=doctor, to=to)


def queue(kind: Message.Kind, appointment: Appointment, key: str, until: dt.datetime, **words: str) -> Message:
    """Write it down, once under its key."""
    patient = appointment.patient
    reader, now = family.recipient(patient), clock.now()
    who = f"{mask_name(patient.name)}的家长，" if reader != patient else ""
    text = _TEXTS[kind].format(
        hospital=settings.HOSPITAL_NAME["zh"], who=who, department=appointment.department.name_zh,
        when=_when(appointment.slot.start), number=appointment.slot.number, code=appointment.code,
        arrive=f"{clock.local(appointment.arrive_by):%H:%M}", place=appointment.department.place_zh, **words)
    return Message.objects.get_or_create(key=key, defaults={
        "patient": reader, "appointment": appointment, "kind": kind, "text": text[:300], "made_at": now, "due_at": now,
        "until": until})[0]


def _when(start: dt.datetime) -> str:
    local = clock.local(start)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def remind() -> int:
    """The day before, from REMIND_MINUTE on, who booked earlier is reminded. Returns how many were."""
    now = clock.now()
    today = now.date()
    if now < clock.at(today, REMIND_MINUTE):
        return 0
    reminded = Message.objects.filter(appointment=OuterRef("pk"), kind=Message.Kind.REMINDER, until=OuterRef("slot__start"))
    found = _with_words(Appointment.objects.filter(
        ~Exists(reminded), state=Appointment.State.BOOKED, day=today + dt.timedelta(days=1),
        booked_at__lt=clock.at(today, 0), slot__schedule__state=Schedule.State.OPEN))
    for appointment in found:       # of another time, where it was moved since
        queue(Message.Kind.REMINDER, appointment, f"reminder:{appointment.pk}:{appointment.slot_id}", appointment.slot.start)
    return len(found)


def tell_stopped() -> int:
    """Whose session was stopped, or who has not agreed to its change, is told by message, too. Returns how many were."""
    now = clock.now()
    found = (Notice.objects.filter(kind=Notice.Kind.SESSION_STOPPED, at__gt=now - dt.timedelta(days=_KEPT_DAYS),
                                   appointment__isnull=False)
             .exclude(appointment__messages__kind=Message.Kind.STOPPED)
             .select_related("appointment__slot", "appointment__department", "appointment__patient"))
    for notice in found:
        assert notice.appointment is not None
        queue(Message.Kind.STOPPED, notice.appointment, f"stopped:{notice.appointment.pk}",
              now + dt.timedelta(days=_KEPT_DAYS),
              off="有变动，没有收到您的答复" if notice.data.get("why") == UNANSWERED else "停诊",
              money="挂号费原路退回，" if "amount" in notice.data
              else "挂号费请到收费窗口领取，" if notice.appointment.window_paid_at else "")
    return len(found)


def _with_words(found: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return found.select_related("slot", "department", "patient").distinct()


def deliver() -> int:
    """Send what is due. Returns how many were sent. Without a gateway everything waits."""
    now = clock.now()
    Message.objects.filter(state=Message.State.QUEUED, until__lte=now).update(state=Message.State.STALE)
    send = gateway()
    if send is None:
        return 0
    due = (Message.objects.filter(state=Message.State.QUEUED, due_at__lte=now)
           .select_related("patient", "appointment__slot"))
    return sum(_send(one, send, now) for one in due.order_by("due_at")[:200])


def _send(message: Message, send: Send, now: dt.datetime) -> bool:
    """Try once. Whoever takes the turn puts the next one off first, so that two servers do not send it both."""
    again = now + dt.timedelta(seconds=settings.SMS_AGAIN_SECONDS * 2 ** message.attempts)
    mine = Message.objects.filter(pk=message.pk, state=Message.State.QUEUED, due_at=message.due_at)
    if not mine.update(due_at=again, attempts=message.attempts + 1):
        return False
    kept = Message.objects.filter(pk=message.pk)
    if _untrue(message):
        kept.update(state=Message.State.STALE)
        return False
    try:
        if not message.patient.phone:
            raise NotTaken("no phone")
        send(message.patient.phone, message.text, message.key)
    except NotTaken as no:
        kept.update(state=Message.State.FAILED, reason=str(no)[:60])
    except Exception as trouble:
        log.warning("message %s: %s", message.pk, type(trouble).__name__)
        last = message.attempts + 1 >= settings.SMS_TRIES
        kept.update(reason=type(trouble).__name__[:60], state=Message.State.FAILED if last else Message.State.QUEUED)
    else:
        kept.update(state=Message.State.SENT, sent_at=clock.now(), reason="")
        return True
    return False


def _untrue(message: Message) -> bool:
    """Has what it says changed while it waited: the booking given back or moved, the question answered?"""
    booked = message.appointment
    if message.kind in (Message.Kind.SUBSTITUTE, Message.Kind.MOVE):
        asked = message.key.rpartition(":")[2]
        return not Offer.objects.filter(pk=asked, state=Offer.State.PENDING).exists()
    if booked is None or message.kind == Message.Kind.STOPPED:
        return False
    ends = booked.slot.start if message.kind == Message.Kind.REMINDER else booked.slot.end
    return booked.state != Appointment.State.BOOKED or message.until != ends


def again(message: Message) -> bool:
    """Staff has put right what stood in the way: from the beginning. False where it has not failed."""
    return bool(Message.objects.filter(pk=message.pk, state=Message.State.FAILED)
                .update(state=Message.State.QUEUED, attempts=0, due_at=clock.now(), reason=""))
