"""The one door through which text messages leave the hospital.

A gateway is a function: send(phone, text, key). It returns when the message was taken, raises `NotTaken` when it never
will be (a bad number), and anything else when it may be tried again. It is called at least once for a message; `key` lets it
tell a repeat. HOSPITAL_SMS names it; without one nothing leaves, and messages wait where staff can see them.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

Send = Callable[[str, str, str], None]


class NotTaken(Exception):
    """The gateway will never take this message. Its word is for staff."""


def gateway() -> Send | None:
    """The hospital's own; None: there is none. Raises ImportError for a name that is wrong."""
    if not settings.SMS_GATEWAY:
        return None
    found: Send = import_string(settings.SMS_GATEWAY)
    return found
