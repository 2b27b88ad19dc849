"""挂号: today's number, or one for a day ahead. One story."""

from __future__ import annotations

from kiosk.care import Choice, Confirmed, Department, Kind, PaperKind, Patient, Session, Similar, Whom
from kiosk.journeys.identify import identify
from kiosk.journeys.paper import hand_over
from kiosk.journeys.settle import settle, what
from kiosk.journeys.tile import Tile
from kiosk.requests import (Choose, ChooseTime, Confirm, ConfirmHold, Declined, Departments, Dependants, Done, HoldSlot,
                            Option, Refused, Release, Row, Sessions, SimilarDoctors, Unfinished)
from kiosk.words import Text, say

TILE = Tile(order=1, icon="register")

RANKS = {"attending": 1, "associate_chief": 2, "chief": 3}

LOST = ("slot_full", "session_stopped", "past", "hold_ended")
"""Refusals after which the same person may simply choose another time."""


async def register() -> None:
    await register_for(await identify())


async def register_for(here: Patient) -> None:
    patient = await _for_whom(here)
    department = await _department()
    sessions = await Sessions(department.id, patient.id)
    whom = await _whom(patient, department, sessions)
    confirmed = await _booked(patient, department, whom, sessions)
    appointment = confirmed.appointment
    printed = await hand_over(patient, PaperKind.REGISTRATION, appointment, confirmed.copy)
    await Done(title=say("register.done"), remark=say("done.take_ticket" if printed else "done.no_ticket"),
               picture="ticket" if printed else "none",
               rows=(Row(say("row.number"), str(appointment.number), strong=True),
                     Row(say("row.department"), appointment.department.name),
                     Row(say("row.place"), appointment.department.place),
                     Row(say("row.arrive_by"),
                         say("trail.time", day=appointment.arrive_by.date(), start=appointment.arrive_by))))


async def _for_whom(here: Patient) -> Patient:
    """For themselves, or for a child of theirs; not asked where there is none."""
    children = await Dependants(here.id) if here.dependants else ()
    if not children:
        return here
    chosen: Patient = await Choose(title=say("whose.title"), options=(
        Option(here, say("whose.me", who=here.name), icon="person"),
        *(Option(child, say("whose.child", who=child.name), note=_born(child), icon="children") for child in children)))
    return chosen


def _born(child: Patient) -> Text | None:
    """What tells children of one family name apart."""
    return say("whose.born", year=child.born.year, month=child.born.month) if child.born else None


async def _department() -> Department:
    departments = await Departments()
    if not departments:
        raise Refused("no_departments")
    chosen: Department = await Choose(title=say("department.title"), options=tuple(
        Option(department, department.name, note=department.place, icon=f"department.{department.code}",
               badge=_left(department.general_left_today + department.expert_left_today)) for department in departments))
    return chosen


def _left(places: int) -> Text:
    return say("left", left=places) if places else say("left.tomorrow")


async def _whom(patient: Patient, department: Department, sessions: tuple[Session, ...]) -> Whom:
    """The general clinic, or one doctor; not asked where there is only one answer."""
    offers: dict[Whom, list[Session]] = {}
    for session in sorted(sessions, key=_rank):
        doctor = session.practitioner.id if session.practitioner else None
        offers.setdefault(Whom(session.kind, doctor), []).append(session)
    if not offers:
        raise Refused("nothing_offered")
    if len(offers) == 1:
        return next(iter(offers))
    remark: Text | None = None
    while True:
        chosen: Whom = await Choose(title=say("whom.title"), layout="people", remark=remark,
                                    options=tuple(_offer(whom, of) for whom, of in offers.items()))
        if _left_of(offers[chosen]):
            return chosen
        alike = await SimilarDoctors(department.id, chosen.practitioner or 0, patient.id)
        if alike:
            return await _instead(offers[chosen][0], alike)
        remark = say("similar.none")


async def _instead(full: Session, alike: tuple[Similar, ...]) -> Whom:
    """同类专家: this one is full; others of the same rank, with their next time."""
    assert full.practitioner is not None
    chosen: Whom = await Choose(title=say("similar.title", doctor=full.practitioner.name), layout="people", options=tuple(
        Option(Whom(one.session.kind, one.practitioner.id), title=one.practitioner.name,
               note=say("whom.doctor", title=say(f"title.{one.practitioner.title}"), speciality=one.practitioner.speciality),
               badge=say("similar.next", day=one.session.day, start=one.segment.start), icon="doctor") for one in alike))
    return chosen


def _left_of(sessions: list[Session]) -> int:
    return sum(session.left for session in sessions)


def _rank(session: Session) -> tuple[int, int, int]:
    order = (Kind.GENERAL, Kind.SPECIAL, Kind.EXPERT)
    doctor = session.practitioner
    return order.index(session.kind), -RANKS.get(doctor.title, 0) if doctor else 0, doctor.id if doctor else 0


def _offer(whom: Whom, sessions: list[Session]) -> Option[Whom]:
    first, left = sessions[0], _left_of(sessions)
    doctor = first.practitioner
    alike = not left and whom.kind is Kind.EXPERT       # touched all the same: others of the same rank are offered
    return Option(whom, title=doctor.name if doctor else say(f"kind.{whom.kind}"),
                  note=say("whom.doctor", title=say(f"title.{doctor.title}"), speciality=doctor.speciality) if doctor
                  else say(f"kind.{whom.kind}.note"),
                  badge=say("similar.badge") if alike else say("whom.fee", fee=min(session.fee for session in sessions)),
                  icon="doctor" if doctor else "clinic", enabled=left > 0 or alike, why=say("full"))


async def _booked(patient: Patient, department: Department, whom: Whom, sessions: tuple[Session, ...]) -> Confirmed:
    """A time, a hold, the money, the booking. Whoever loses their place meanwhile chooses again."""
    remark: Text | None = None
    while True:
        offered = tuple(session for session in sessions if whom.fits(session))
        choice = await ChooseTime(title=say("time.title"), sessions=offered, remark=remark)
        try:
            return await _book(patient, department, choice)
        except Refused as no:
            if no.reason not in LOST:
                raise
            remark = say(f"lost.{no.reason}")
            sessions = await Sessions(department.id, patient.id)


async def _book(patient: Patient, department: Department, choice: Choice) -> Confirmed:
    hold = await HoldSlot(patient.id, choice.segment.id)
    try:
        doctor = hold.practitioner
        agreed = await Confirm(
            title=say("fee.title"), yes=say("fee.pay" if hold.fee else "fee.free"), rows=(
                Row(say("row.name"), say("person", who=patient.name)),
                Row(say("row.department"), hold.department.name),
                Row(say("row.doctor"), say("doctor", name=doctor.name, title=say(f"title.{doctor.title}")) if doctor
                    else say(f"kind.{hold.kind}")),
                Row(say("row.time"), say("ticket.when", day=hold.day, start=hold.start, end=hold.end)),
                Row(say("row.place"), hold.department.place),
                Row(say("row.fee"), say("sum", fee=hold.fee), strong=True)))
        if not agreed:
            raise Declined
        await settle(hold.id, hold.fee, what(hold))
    except Unfinished:
        await Release(hold.id)
        raise
    try:
        return await ConfirmHold(hold.id)
    except Refused as no:
        if not hold.fee:
            raise
        # The place went while the money came: the hospital has given the money back, and says so at the next visit. Any
        # other refusal of what was paid for is nothing to make promises about.
        raise Refused("paid_too_late" if no.reason in ("hold_ended", "already_cancelled") else "unsettled") from None
