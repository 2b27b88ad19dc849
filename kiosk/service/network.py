"""The network, step by step, for somebody who wants to know where it is cut.

Each step is tried only when the one before it went well: line, name, connection, encryption, the hospital's answer, its
clock.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.hospital import Hello, Hospital, Unknown
from kiosk.requests import Refused
from kiosk.requests.service import Check
from kiosk.words import Text, say

STEPS = ("line", "name", "connection", "encryption", "answer")
TIME = 5.0          # seconds for a step


class Broken(Exception):
    """This step failed; why, in words."""

    def __init__(self, words: Text) -> None:
        super().__init__()
        self.words = words


def walk(hospital: Hospital, url: str, interfaces: Path = Path("/sys/class/net")) -> tuple[tuple[Check, ...], Hello | None]:
    """Every step to the server at `url`, and what it said of itself. `interfaces`: where Linux tells of its lines."""
    steps = _Steps(hospital, url, interfaces)
    checks: list[Check] = []
    for name in STEPS:
        if checks and not checks[-1].well:
            checks.append(Check(say(f"check.{name}"), None, say("check.not_tried")))
            continue
        try:
            words = getattr(steps, name)()
        except Broken as broken:
            checks.append(Check(say(f"check.{name}"), False, broken.words))
        else:
            checks.append(Check(say(f"check.{name}"), True, words))
    return tuple(checks), steps.hello


class _Steps:
    def __init__(self, hospital: Hospital, url: str, interfaces: Path) -> None:
        address = urlsplit(url)
        self._host, self._https = address.hostname or "", address.scheme == "https"
        self._port = address.port or (443 if self._https else 80)
        self._hospital, self._interfaces = hospital, interfaces
        self._found: tuple[str, int] = ("", 0)
        self.hello: Hello | None = None

    def line(self) -> Text:
        """A cable, or radio: some interface that carries. A server on this machine needs none."""
        if self._inside() or any(self._carries(one) for one in self._interfaces.iterdir() if one.name != "lo"):
            return say("check.well")
        raise Broken(say("check.line_down"))

    def name(self) -> Text:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError:
            raise Broken(say("check.no_name")) from None
        self._found = found[0][4][0], self._port       # type: ignore[assignment]  # an address is text for both families
        return str(self._found[0])

    def connection(self) -> Text:
        self._connected().close()
        return say("check.well")

    def encryption(self) -> Text:
        if not self._https:
            return say("check.no_encryption")
        with self._connected() as line:
            try:
                with ssl.create_default_context().wrap_socket(line, server_hostname=self._host) as safe:
                    return str(safe.version())
            except OSError:            # what ssl raises is one, too
                raise Broken(say("check.bad_certificate")) from None

    def answer(self) -> Text:
        try:
            self.hello = self._hospital.hello()
        except (Unknown, Refused) as no:
            raise Broken(say("check.bad_answer", why=str(no))) from None
        return self.hello.hospital

    def _inside(self) -> bool:
        try:
            return self._host == "localhost" or ipaddress.ip_address(self._host).is_loopback
        except ValueError:
            return False

    @staticmethod
    def _carries(interface: Path) -> bool:
        try:
            return (interface / "carrier").read_text("ascii").strip() == "1"
        except OSError:                # Linux refuses to tell while an interface is down
            return False

    def _connected(self) -> socket.socket:
        try:
            return socket.create_connection(self._found, TIME)
        except OSError:
            raise Broken(say("check.no_connection")) from None
