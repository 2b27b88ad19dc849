"""People who work at the back office: the registrar's account, what a registrar may do, and the record of it."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest

_GROUP = "挂号收费员"
# Money is looked at, never edited; what a registrar does to it goes through actions.
_MAY = {
    "care": {"patient": "view add change", "department": "view add change", "practitioner": "view add change",
             "schedule": "view add change", "slot": "view", "hold": "view", "appointment": "view change",
             "paper": "view", "notice": "view"},
    "money": {"invoice": "view", "lineitem": "view", "order": "view", "payment": "view", "refund": "view change",
              "obligation": "view", "difference": "view change", "reconciliation": "view"},
    "kiosk": {"kiosk": "view change", "fact": "view"},
}


def make_registrar(name: str, password: str) -> User:
    """Create (or give a new password to) a member of staff with a registrar's rights, not a superuser's."""
    with transaction.atomic():
        user, _ = User.objects.get_or_create(username=name)
        user.is_staff, user.is_active = True, True
        user.set_password(password)
        user.save()
        user.groups.add(_registrars())
    return user


def _registrars() -> Group:
    group, _ = Group.objects.get_or_create(name=_GROUP)
    codes = [(app, f"{verb}_{model}") for app, models in _MAY.items() for model, verbs in models.items()
             for verb in verbs.split()]
    group.permissions.set([Permission.objects.get(content_type__app_label=app, codename=code) for app, code in codes])
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
    """Who did it, to what, when: the admin's own log, for actions too."""
    LogEntry.objects.log_actions(request.user.pk, [thing], CHANGE, what, single_object=True)
