"""Settings of the hospital server. It starts without any; the environment may say otherwise.

HOSPITAL_STATE   folder of the database and the secret key            (var/hospital)
DATABASE_URL     postgres://user:password@host:port/name              (SQLite in the state folder)
HOSPITAL_ZONE    the hospital's time zone                             (Asia/Shanghai)
HOSPITAL_HOSTS   host names the server answers to, comma-separated    (127.0.0.1,localhost)
HOSPITAL_HTTPS   1 when a TLS proxy stands in front: secure cookies   (0)
WECHAT_ACCOUNT   folder with the merchant's account and keys          (no payment by WeChat Pay)
ALIPAY_ACCOUNT   folder with the application's account and keys       (no payment by Alipay)
HOSPITAL_SMS     package.module.function that sends a text message    (messages wait, to be seen)
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

STATE = Path(os.environ.get("HOSPITAL_STATE", "var/hospital")).absolute()
STATE.mkdir(parents=True, exist_ok=True, mode=0o700)


def _secret_key(path: Path) -> str:
    """The key of this installation, made at its first start and readable by its owner only.

    It appears under its name complete or not at all: two servers starting at once agree on one key.
    """
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text().strip()


def database(url: str, folder: Path) -> dict[str, Any]:
    """Django's words for a database: SQLite in `folder`, or the PostgreSQL that `url` names."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "hospital.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # A writer that starts as a reader may have to be thrown out half-way; IMMEDIATE queues it instead.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # FULL: what was acknowledged is on the disk, whatever happens to the mains.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("DATABASE_URL must begin with postgres://")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # Statements are planned once for each connection: planning takes longer than most of them run.
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 5, **dict(parse_qsl(parts.query))},
    }


SECRET_KEY = _secret_key(STATE / "secret.key")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("HOSPITAL_HOSTS", "127.0.0.1,localhost").split(",")
DATABASES = {"default": database(os.environ.get("DATABASE_URL", ""), STATE)}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "hospital.care",
    "hospital.queueing",
    "hospital.money",
    "hospital.outpatient",
    "hospital.examining",
    "hospital.kiosk",
    "hospital.fhir",
    "hospital.registrar",
    "hospital.console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hospital.logs.RequestLog",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hospital.registrar.trail.Watching",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
ROOT_URLCONF = "hospital.urls"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000     # a review of everybody's month has a field for each draft

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = os.environ.get("HOSPITAL_ZONE", "Asia/Shanghai")
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True      # the admin's files come straight from the packages: nothing to collect
WHITENOISE_AUTOREFRESH = False

_HTTPS = os.environ.get("HOSPITAL_HTTPS", "0") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if _HTTPS else []
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 3600     # a shift; a console that nobody touches is left sooner (STAFF_IDLE_MINUTES)
SECURE_REFERRER_POLICY = "same-origin"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "hospital.logs.Discreet", "format": "{asctime} {levelname} {name} {message}",
                            "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # One line per request is enough, and ours says it.
        "django.request": {"level": "ERROR"},
        "waitress.queue": {"level": "ERROR"},
    },
}

WECHAT_ACCOUNT = os.environ.get("WECHAT_ACCOUNT", "")
ALIPAY_ACCOUNT = os.environ.get("ALIPAY_ACCOUNT", "")

# The hospital's rules.
HOSPITAL_NAME = {"zh": "青禾县人民医院", "en": "Qinghe County People's Hospital"}   # an invented place
HOLD_SECONDS = 180          # a number is kept this long for somebody who is deciding
HOLDS_AN_HOUR = 8           # held and not booked by one person, for one day of a department
HOLD_LONGEST_SECONDS = 900  # and never longer than this in all, however many payments were begun
ORDER_SECONDS = 180         # a QR code can be paid this long
ORDER_GRACE_SECONDS = 60    # the hold outlives its payment by this much, for news that travels slowly
ORDER_ASK_SECONDS = 1       # the channel is asked about one order at most this often
CODE_SECONDS = 30           # somebody whose code was scanned has this long to type a password
CODE_ASK_SECONDS = 5        # and the channel is asked this often whether they have
REVERSE_AFTER_SECONDS = 15  # nothing is reversed sooner after it was charged (the channels' rule)
REFUND_ASK_SECONDS = 30     # and about one refund this often
REFUND_STUCK_SECONDS = 86400     # a refund that is not done by then is a person's business, too
LATER_LOOKS = (120, 1800, 86400)    # seconds after an order was shut: was money on its way to it?
PER_DAY = 3                 # bookings of one person for one day
CANCEL_MINUTES = 30         # before the segment begins
ARRIVE_MINUTES = 5          # before the segment begins
ROSTER_DAYS = 28            # sessions are planned this far ahead, as drafts
RELEASE_DAYS = 14           # and released this far ahead, where no rule says otherwise
RELEASE_MINUTE = 420        # at this minute of the day (7:00)
NO_SHOWS = 3                # after this many the person registers on the day only
NO_SHOW_DAYS = 365          # a visit missed longer ago counts no more
WITHDRAWN_DAYS = 90         # above NO_SHOWS, nothing is booked from afar for so long
SIMILAR_DAYS = 14           # a doctor like a full one is looked for this far ahead
SMS_GATEWAY = os.environ.get("HOSPITAL_SMS", "")    # package.module.function of the gateway; without one, messages wait
SMS_TRIES = 6               # then a message has failed
SMS_AGAIN_SECONDS = 60      # before the next try, doubled by each
ACQUAINTED_MINUTES = 60     # a machine may act for who showed themselves there this long ago
FINDS_A_MINUTE = 30         # people looked for at one machine
LOGIN_TRIES = 5             # wrong passwords for one name, or from one address, before the next one must wait
LOGIN_WAIT_SECONDS = 30     # this long, doubled by each that follows
LOGIN_LONGEST_SECONDS = 3600
LOGIN_FORGET_HOURS = 24     # without a wrong one, they are forgotten
CLAIM_TAKEOVER_SECONDS = 30  # an unfinished request this old has lost its process
CLAIM_KEEP_HOURS = 48       # stored answers hold personal data: no longer than a kiosk could still ask
CHANNEL_CALLS = 6           # requests that may wait for a channel at once, of the 16 that are served at once
CHANNEL_ASKERS = 4          # threads that ask about orders in the background
RECONCILE_MINUTE = 600      # of the day: when the channels have published the bills of the day before (10:00)
RECONCILE_AGAIN_SECONDS = 1800  # before a bill that is not there is asked for again
RECONCILE_DAYS = 7          # for so many days; afterwards it is a person's business
TEND_SECONDS = 5            # between two tending passes
TEND_ASK_SECONDS = 10       # tending asks about one open order at most this often
STAFF_IDLE_MINUTES = 30     # a console that nobody touches asks for the password again
KIOSK_SILENT_MINUTES = 3    # a kiosk that was not heard for so long is an alarm: it asks every 20 s
