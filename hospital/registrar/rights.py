"""Who works here, in which role, and what each role may see and do: one table, for the console's pages and for /admin/.

A row without a dot is a page or an act of the console, and `x` allows it. A row `app.model` is a list of /admin/, and its
letters are v(iew), a(dd), c(hange), d(elete); only rules are ever deleted there. Money is looked at, never edited: what is
done to it goes through actions.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User
from django.db import models, transaction
from django.db.models import Model
from django.http import HttpRequest

from hospital.care.models import Practitioner
from hospital.registrar.models import Doctor


class Role(models.TextChoices):
    """Kept as groups of Django's, by these names; somebody may have more than one."""

    REGISTRAR = "registrar", "挂号收费员"
    DOCTOR = "doctor", "医生"
    NURSE = "nurse", "护士"
    OFFICE = "office", "门诊办公室"
    FEEDBACK = "feedback", "评价投诉办公室"
    TECHNICIAN = "technician", "设备维护员"
    ADMINISTRATOR = "administrator", "系统管理员"


_TABLE = """
                     registrar doctor nurse office feedback technician administrator
home                 x         x      x     x      x        x          x
statistics           .         .      .     x      x        .          x
kiosks               x         .      .     x      .        x          x
trail                .         .      .     .      .        .          x
room                 .         x      .     .      .        .          .
arrivals             x         .      x     .      .        .          .
desks                .         .      x     x      .        .          .
roster               x         x      x     x      .        .          x
roster-plan          .         .      .     x      .        .          .
review               .         .      .     x      .        .          x
review-open          .         .      .     x      .        .          .
changes              x         .      .     x      .        .          x
changes-make         .         .      .     x      .        .          .
changes-contacts     .         .      .     x      .        .          .
noshows              x         .      .     x      .        .          x
noshows-forgive      .         .      .     x      .        .          .
alarms               .         .      x     x      .        .          x
boards               .         .      x     x      .        x          x

care.patient         vac       .      .     v      .        .          v
care.department      vac       .      .     vac    .        .          vac
care.practitioner    vac       .      .     vac    .        .          vac
care.schedule        vac       .      .     vac    .        .          v
care.slot            v         .      .     v      .        .          v
care.hold            v         .      .     v      .        .          v
care.appointment     vc        .      .     v      .        .          v
care.paper           v         .      .     v      .        .          v
care.notice          v         .      .     v      .        .          v
money.invoice        v         .      .     .      .        .          v
money.lineitem       v         .      .     .      .        .          v
money.order          v         .      .     .      .        .          v
money.payment        v         .      .     .      .        .          v
money.refund         vc        .      .     .      .        .          v
money.obligation     v         .      .     .      .        .          v
money.difference     vc        .      .     .      .        .          v
money.reconciliation v         .      .     .      .        .          v
kiosk.socialcard     vacd      .      .     .      .        .          v
outpatient.releaserule    .    .      .     vacd   .        .          v
outpatient.sharerule      .    .      .     vacd   .        .          v
outpatient.limit          .    .      .     vacd   .        .          v
outpatient.departmentrule .    .      .     vacd   .        .          v
outpatient.holiday        .    .      .     vacd   .        .          v
outpatient.pace           .    .      .     vacd   .        .          v
outpatient.referral  va        .      .     va     .        .          v
outpatient.link      va        .      .     v      .        .          v
outpatient.message   v         .      .     vc     .        .          v
queueing.priorityclass    .    .      v     vacd   .        .          v
queueing.privilege   .         .      vacd  v      .        .          v
queueing.rules       .         .      v     vacd   .        .          v
queueing.room        .         .      v     vac    .        .          v
kiosk.kiosk          vc        .      .     v      .        vc         vc
kiosk.fact           v         .      .     v      .        v          v
"""
_VERBS = {"v": "view", "a": "add", "c": "change", "d": "delete"}


@cache
def table() -> dict[str, dict[Role, str]]:
    """{"statistics": {Role.OFFICE: "x", …}, …}: what is not allowed is not in it."""
    head, *rows = (line.split() for line in _TABLE.splitlines() if line)
    roles = [Role(name) for name in head]
    return {name: {role: cell for role, cell in zip(roles, cells, strict=True) if cell != "."} for name, *cells in rows}


def roles(user: AbstractBaseUser | AnonymousUser) -> frozenset[Role]:
    """A superuser is everything. One query; asked again, none."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Role)
    known: frozenset[Role] | None = getattr(user, "_roles", None)
    if known is None:
        names = set(user.groups.values_list("name", flat=True))
        known = frozenset(role for role in Role if role.label in names)
        user._roles = known      # type: ignore[attr-defined]
    return known


def may(user: AbstractBaseUser | AnonymousUser, right: str) -> bool:
    """Whether a page or an act of the console is theirs. KeyError for what is not in the table."""
    return not table()[right].keys().isdisjoint(roles(user))


def make_staff(name: str, password: str, *given: Role, doctor: Practitioner | None = None) -> User:
    """Create somebody who works here (or give them a new password) with these roles and no others. `doctor`: whose
    patients they call."""
    with transaction.atomic():
        user, _ = User.objects.get_or_create(username=name)
        user.is_active = True
        user.is_staff = any(_lists(role) for role in given)     # whom /admin/ lets in
        user.set_password(password)
        user.save()
        user.groups.set([_group(role) for role in given])
        Doctor.objects.filter(user=user).delete()
        if doctor is not None:
            Doctor.objects.create(user=user, practitioner=doctor)
    return user


def make_registrar(name: str, password: str) -> User:
    return make_staff(name, password, Role.REGISTRAR)


def _lists(role: Role) -> list[tuple[str, str]]:
    """(app, permission) of everything a role may at /admin/."""
    rows = ((name.split("."), cells.get(role, "")) for name, cells in table().items() if "." in name)
    return [(app, f"{_VERBS[letter]}_{model}") for (app, model), letters in rows for letter in letters]


def _group(role: Role) -> Group:
    group, _ = Group.objects.get_or_create(name=role.label)
    group.permissions.set([Permission.objects.get(content_type__app_label=app, codename=code)
                           for app, code in _lists(role)])
    return group


class ReadOnly:
    """A page of the admin where everything is seen and nothing is edited; its actions are the only way to act."""

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        return False


def record(request: HttpRequest, thing: Model, what: str) -> None:
    """Who did it, to what, when: the admin's own log, for actions too. (Every line of it is in the trail, as well.)"""
    LogEntry.objects.log_actions(request.user.pk, [thing], CHANGE, what, single_object=True)
