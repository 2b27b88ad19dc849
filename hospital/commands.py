"""What a person can type: serve, seed, kiosk, admin-user, tend, books, obligations."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import django


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = _parser().parse_args(argv)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    return int(arguments.run(arguments) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hospital", description="The hospital server (default: serve).")
    parser.set_defaults(run=serve)
    _where(parser, host="127.0.0.1", port=8200, threads=16, boards=None)
    commands = parser.add_subparsers(title="commands", metavar="")

    one = commands.add_parser("serve", help="serve kiosks and staff")
    one.set_defaults(run=serve)
    _where(one)

    one = commands.add_parser("seed", help="fill an invented hospital: departments, doctors, two weeks of sessions")
    one.add_argument("--date", type=dt.date.fromisoformat, default=None, help="first day, YYYY-MM-DD (today)")
    one.set_defaults(run=seed)

    one = commands.add_parser("kiosk", help="register a kiosk and print its token, once")
    one.add_argument("name", help="its name; a known name gets a new token")
    one.set_defaults(run=kiosk)

    one = commands.add_parser("fhir-client", help="register another system for /fhir/R4 and print its token, once")
    one.add_argument("name", help="its name; a known name gets a new token and the scopes given now")
    one.add_argument("--scope", action="append", metavar="SCOPE",
                     help="like system/Appointment.crus, once or more (reading rosters only)")
    one.add_argument("--channel", default="web", help="whose places it may give: web (default), app, phone, window …")
    one.set_defaults(run=fhir_client)

    one = commands.add_parser("admin-user", help="create an account of the staff's, for /console/ and /admin/, and print "
                                                 "its password")
    one.add_argument("name", help="user name; a known one gets a new password and these roles")
    one.add_argument("--role", action="append", metavar="ROLE", help="registrar (default), doctor, nurse, office, feedback, "
                     "technician, administrator; more than one by repeating it")
    one.add_argument("--doctor", metavar="CODE", default="", help="staff number (工号) of the doctor whose patients it calls")
    one.set_defaults(run=admin_user)

    one = commands.add_parser("tend", help="one pass: settle orders, refunds and payments that were left")
    one.set_defaults(run=tend)

    one = commands.add_parser("obligations", help="what is not settled yet: how long it waits, what happens next")
    one.set_defaults(run=obligations)

    one = commands.add_parser("reconcile", help="compare a day with the channels' bills; exit 1 if a person must look")
    one.add_argument("date", type=dt.date.fromisoformat, metavar="DATE", help="which day, YYYY-MM-DD")
    one.set_defaults(run=reconcile)

    one = commands.add_parser("books", help="the books of one day as JSON, without names")
    one.add_argument("--date", type=dt.date.fromisoformat, default=None, help="which day, YYYY-MM-DD (today)")
    one.set_defaults(run=books)
    return parser


def _where(parser: argparse.ArgumentParser, host: Any = argparse.SUPPRESS, port: Any = argparse.SUPPRESS,
           threads: Any = argparse.SUPPRESS, boards: Any = argparse.SUPPRESS) -> None:
    parser.add_argument("--host", default=host, help="address to listen on (127.0.0.1); HOSPITAL_HOSTS: its names")
    parser.add_argument("--port", type=int, default=port, help="port (8200); 0 takes a free one")
    parser.add_argument("--threads", type=int, default=threads, help="requests served at once (16)")
    parser.add_argument("--boards-port", type=int, default=boards, metavar="PORT",
                        help="of the line that tells waiting-area boards what changed (the one after --port)")


def serve(arguments: argparse.Namespace) -> None:
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from waitress.server import create_server

    from hospital import bell, tending
    from hospital.console.views.boards import written
    from hospital.money import asking, channels
    from hospital.queueing.feed import Feed

    if arguments.threads <= settings.CHANNEL_CALLS:
        raise SystemExit(f"--threads must be more than {settings.CHANNEL_CALLS}, which may all wait for the payment channel")

    try:
        paying = ", ".join(channels.names())
    except (OSError, ValueError, KeyError) as trouble:      # it stops us here, not at a patient
        raise SystemExit(f"WECHAT_ACCOUNT or ALIPAY_ACCOUNT cannot be used: {type(trouble).__name__} {trouble}"
                         ) from trouble
    server = create_server(get_wsgi_application(), host=arguments.host, port=arguments.port,
                           threads=arguments.threads, ident="hospital", max_request_body_size=1 << 20,
                           channel_timeout=20, connection_limit=1000)
    signal.signal(signal.SIGTERM, _leave)
    stop = threading.Event()
    background = [threading.Thread(target=tending.tend_until, args=(stop,), name="tending", daemon=True)]
    background += [threading.Thread(target=asking.ask_until, args=(stop,), name=f"asking-{at}", daemon=True)
                   for at in range(settings.CHANNEL_ASKERS)]
    door = _boards_door(arguments)
    if door:
        background.append(threading.Thread(target=Feed(written).run_until, args=(stop, door), name="boards", daemon=True))
    for thread in background:
        thread.start()
    print(f"hospital: http://{arguments.host}:{server.effective_port}/  payment: {paying or 'none'}  "
          f"boards: {door.getsockname()[1] if door else 'none'}", flush=True)
    try:
        server.run()        # returns on SIGINT and SIGTERM
    finally:
        stop.set()
        bell.wake()
        asking.wake()
        leave_by = time.monotonic() + 10
        for thread in background:
            thread.join(timeout=max(0.0, leave_by - time.monotonic()))
        server.close()


def _boards_door(arguments: argparse.Namespace) -> socket.socket | None:
    """Without it the boards ask for themselves, and everything else is as always: no reason not to serve."""
    port = arguments.boards_port if arguments.boards_port is not None else arguments.port and arguments.port + 1
    try:
        return socket.create_server((arguments.host, port))
    except (OSError, OverflowError) as trouble:
        print(f"--boards-port {port} cannot be had ({trouble}): boards ask every 1.5 s instead of being told",
              file=sys.stderr, flush=True)
        return None


def _leave(signum: int, frame: Any) -> None:
    raise SystemExit(0)


def seed(arguments: argparse.Namespace) -> None:
    from hospital import clock
    from hospital.seeding.fill import fill

    print(fill(arguments.date or clock.now().date()))


def kiosk(arguments: argparse.Namespace) -> None:
    from django.db import transaction

    from hospital.kiosk import tokens
    from hospital.kiosk.models import Kiosk
    from hospital.registrar import trail

    with transaction.atomic():
        token = tokens.register(arguments.name)
        trail.by_command("登记自助机", Kiosk.objects.get(name=arguments.name))
    print(token)


def fhir_client(arguments: argparse.Namespace) -> None:
    from django.db import transaction

    from hospital.fhir import callers
    from hospital.fhir.models import System
    from hospital.registrar import trail

    scopes = " ".join(arguments.scope or [callers.ROSTER])
    try:
        with transaction.atomic():
            token = callers.register(arguments.name, scopes, arguments.channel)
            trail.by_command("登记外部系统", System.objects.get(name=arguments.name), scopes=scopes, channel=arguments.channel)
    except ValueError as no:
        raise SystemExit(str(no)) from None
    print(token)


def admin_user(arguments: argparse.Namespace) -> None:
    from django.db import transaction

    from hospital.care.models import Practitioner
    from hospital.registrar import rights, trail

    try:
        roles = [rights.Role(name) for name in arguments.role or ["registrar"]]
    except ValueError as unknown:
        raise SystemExit(f"--role: {unknown}; known are {', '.join(rights.Role.values)}") from None
    password = secrets.token_urlsafe(12)
    doctor = Practitioner.objects.filter(code=arguments.doctor).first()
    if arguments.doctor and doctor is None:
        raise SystemExit(f"--doctor: nobody has the number {arguments.doctor}")
    with transaction.atomic():
        user = rights.make_staff(arguments.name, password, *roles, doctor=doctor)
        trail.by_command("账号与角色", user, roles=" ".join(roles), doctor=arguments.doctor)
    print(password)


def tend(arguments: argparse.Namespace) -> None:
    from hospital.tending import tend as one_pass

    print(one_pass())


def books(arguments: argparse.Namespace) -> None:
    from hospital import books, clock

    print(json.dumps(books.of_day(arguments.date or clock.now().date()), ensure_ascii=False, indent=1))


def obligations(arguments: argparse.Namespace) -> None:
    from hospital.money import obligations

    print("\n".join(map(str, obligations.owed())) or "没有待处理的账务")


def reconcile(arguments: argparse.Namespace) -> int:
    from hospital.money import channels, daily
    from hospital.payments.channel import ChannelAway, NoBill

    look = 0
    for channel in channels.names():
        try:
            report = daily.compare(arguments.date, channel)
        except NoBill:
            print(f"{arguments.date} {channel}：渠道没有这一天的账单（没有交易，或尚未生成）")
        except ChannelAway as away:
            print(f"{arguments.date} {channel}：取不到账单，请稍后再试（{away}）")
            look = 1
        else:
            print(report)
            look |= bool(report.waiting)
    return int(look)
