"""The trail: every change that somebody who works here makes, with what was before and after.

`act` wraps a change made on a page of the console; what is changed at /admin/ is seen by itself: each line of the admin's
log, and each record that a request there saves. What is personal is masked before it is written.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from hospital import clock
from hospital.care.masking import mask_id, mask_name, mask_phone
from hospital.registrar.models import Step

_MASKS: dict[str, Callable[[str], str]] = {
    "name": mask_name, "english_name": mask_name, "id_number": mask_id, "visit_card": mask_id, "phone": mask_phone,
    "card_number": mask_id, "address": lambda text: "*" * len(text)}
# Never written down, not even masked.
_SECRET = ("password", "token_sha256", "code_url", "key")
# Noise, and the trail itself.
_UNSEEN = ("sessions", "contenttypes", "admin", "registrar")
_PERSONS = ("care.patient",)

_who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="")


@contextmanager
def act(request: HttpRequest, what: str, *things: Model) -> Iterator[list[Model]]:
    """One change and its steps, together or not at all. `what` is for people: "停诊"; `things` are what it is done to, and
    what is new, or only known afterwards, is put on the list that this yields. Where none of them changes in itself, the
    step says that it was done, all the same."""
    also: list[Model] = []
    with transaction.atomic():
        before = [(thing, _kept(thing)) for thing in things]
        yield also
        after = [(thing, was, _kept(thing)) for thing, was in before] + [(thing, {}, _kept(thing)) for thing in also]
        changed = [one for one in after if one[1] != one[2]]
        for thing, was, now in changed or after[:1]:
            _write(request.user.get_username(), what, thing, was, now)


def by_command(what: str, thing: Model, **after: str) -> None:
    """Something that was done on the server itself, by whoever may log in there: an account, a machine's token."""
    Step.objects.create(at=clock.now(), who=f"server uid {os.getuid()}", what=what[:200],
                        thing=f"{thing._meta.label_lower} {thing.pk}", label=str(thing)[:200], before={}, after=after)


def _kept(thing: Model) -> dict[str, Any]:
    """As the database has it now; nothing where it has not."""
    now = type(thing)._default_manager.filter(pk=thing.pk).first() if thing.pk else None
    return _fields(now) if now else {}


def _fields(thing: Model) -> dict[str, Any]:
    return {field.attname: _plain(getattr(thing, field.attname)) for field in thing._meta.concrete_fields
            if field.attname not in _SECRET}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return clock.local(value).isoformat(timespec="minutes")
    return value if isinstance(value, bool | int | float | str | dict | list | None) else str(value)


def _write(who: str, what: str, thing: Model, before: dict[str, Any], after: dict[str, Any]) -> None:
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    masks = _MASKS if thing._meta.label_lower in _PERSONS else {}
    Step.objects.create(at=clock.now(), who=who, what=what[:200], thing=f"{thing._meta.label_lower} {thing.pk}",
                        label=str(thing)[:200], before=_masked(before, changed, masks),
                        after=_masked(after, changed, masks))


def _masked(fields: dict[str, Any], changed: list[str], masks: dict[str, Callable[[str], str]]) -> dict[str, Any]:
    return {name: masks[name](fields[name]) if name in masks and fields[name] else fields[name]
            for name in changed if name in fields}


class Watching:
    """Middleware: whose hand it is, while a request at /admin/ runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or not request.path.startswith("/admin/") or not request.user.is_authenticated:
            return self.get_response(request)
        token = _who.set(request.user.get_username())
        try:
            return self.get_response(request)
        finally:
            _who.reset(token)


@receiver(pre_save)
def _before(instance: Model, **_: Any) -> None:
    if _who.get() and instance._meta.app_label not in _UNSEEN:
        instance._trail_before = _kept(instance)     # type: ignore[attr-defined]


@receiver(post_save)
def _after(sender: type[Model], instance: Model, created: bool, **_: Any) -> None:
    who = _who.get()
    if not who:
        return
    if sender is LogEntry:
        Step.objects.create(at=clock.now(), who=who, what=instance.get_change_message()[:200] or "新增",
                            thing=f"{instance.content_type.app_label}.{instance.content_type.model} {instance.object_id}",
                            label=instance.object_repr[:200])
    elif instance._meta.app_label not in _UNSEEN:
        _write(who, "新增" if created else "修改", instance, instance.__dict__.pop("_trail_before", {}), _kept(instance))


@receiver(post_delete)
def _gone(instance: Model, **_: Any) -> None:
    if _who.get() and instance._meta.app_label not in _UNSEEN:
        _write(_who.get(), "删除", instance, _fields(instance), {})
