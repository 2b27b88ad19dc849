"""Twin of a bar code scanner on a serial line: a code, then its suffix.

It understands three makers' commands: Newland unified text commands and those of its older engines (NLS and ESC), zone-bit
engines (EM2000, EM3095 and clones), Honeywell menu commands. `speak` makes it one maker's. It starts in sense mode: what
is shown is read. In trigger mode the light is on from the host's start to a reading, the host's stop, or the end of the
time for one reading.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Literal

from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb

SUFFIXES = {"crlf": b"\r\n", "cr": b"\r", "lf": b"\n", "none": b""}
RUBBISH = bytes.fromhex("00FFC1 8A F07E 03 1B5B41 D7")       # neither UTF-8 nor GBK

UNIFIED = re.compile(rb"~\x010000([@#])([A-Z]{3})([A-Z]{3})([^\x03;]*);\x03")
ZONE = re.compile(rb"~\x00([\x07\x08])(.)", re.DOTALL)
MENU = re.compile(rb"\x16M\r([A-Z0-9]+)([.!])")
TRIGGERS = re.compile(rb"\x16([TU])\r")
ALIVE = re.compile(rb"\?")
OLDER = re.compile(rb"NLS(\d{7})(?:=(\w+))?;")
ESCAPE = re.compile(rb"\x1b([01])")
# What a command begins with.
HEADS = {"unified": b"~", "zonebit": b"~", "honeywell": b"\x16", "nls": b"\x1bN", "all": b"~\x16\x1bN"}
# Unified settings this engine has, and the values it takes.
SETTINGS = {b"SCNMOD": rb"[0-3]", b"SCNTRG": rb"[01]", b"ORTSET": rb"\d{1,6}", b"RRDDUR": rb"\d{1,6}",
            b"GRBENA": rb"[01]"}
ACK, NAK, UNKNOWN = b"\x06", b"\x15", b"\x05"
FACTORY = {b"SCNMOD": b"2", b"ORTSET": b"5000", b"RRDDUR": b"1000", b"GRBENA": b"1"}
READING = 0.05                          # s from the light that was asked for to the code, in a quick engine
MODE, TRIGGER, READ_TIME = 0, 2, 6      # zone-bit registers; the mode is its two lowest bits: 1 on command, 3 by sense
REGISTERS = {MODE: 0xD7, READ_TIME: 50}


def crc(data: bytes) -> bytes:
    """CRC-CCITT, polynomial 1021, start 0 (zone-bit engines)."""
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value.to_bytes(2, "big")


class ScannerTwin(Twin):
    """The scanner. Show it codes."""

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.reads = 0                        # codes given out since the start
        self._suffix = "crlf"
        self._in_view = b""
        self._speaks = "all"
        self._light: asyncio.TimerHandle | None = None     # on, until this ends it
        self._heard = b""
        self._settings, self._registers = dict(FACTORY), dict(REGISTERS)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "mode": "sense" if self._senses else "trigger", "reads": self.reads,
                "shines": self.shines, "suffix": self._suffix, "in_view": bool(self._in_view), "speaks": self._speaks}

    def well(self) -> None:
        self._suffix, self._in_view = "crlf", b""
        self._shine(False)

    @property
    def _senses(self) -> bool:
        return self._settings[b"SCNMOD"] != b"0"

    @property
    def shines(self) -> bool:
        """Is the light on that was asked for? (In sense mode it goes on and off by itself.)"""
        return self._light is not None

    @verb("出示", "Show")
    def show(self, code: str, encoding: Literal["utf-8", "gb18030"] = "utf-8") -> None:
        """Hold a code before the window. In trigger mode it is read when the host starts a scan."""
        self._show(code.encode(encoding) + SUFFIXES[self._suffix])

    @verb("移开", "Take away")
    def hide(self) -> None:
        self._in_view = b""

    @verb("无意义的码", "Rubbish")
    def rubbish(self) -> None:
        """Bytes that are no text in any encoding."""
        self._show(RUBBISH + SUFFIXES[self._suffix])

    @verb("半个码", "Half a code")
    def half(self, code: str = "V000000000001") -> None:
        """The first half of a code, and no suffix."""
        self._show(code.encode()[:len(code) // 2])

    @verb("同时两个码", "Two at once")
    def both(self, first: str = "V000000000001", second: str = "V000000000002") -> None:
        """Two codes in one go."""
        self._show(b"".join(code.encode() + SUFFIXES[self._suffix] for code in (first, second)))

    @verb("后缀", "Suffix")
    def suffix(self, kind: Literal["crlf", "cr", "lf", "none"] = "crlf") -> None:
        SUFFIXES[kind]                        # an unknown kind is refused here
        self._suffix = kind

    @verb("只懂一家的命令", "Speaks one language")
    def speak(self, language: Literal["all", "unified", "nls", "zonebit", "honeywell"] = "all") -> None:
        self._speaks = language

    @verb("断电后恢复", "Power lost and back", fault=True)
    def restart(self) -> None:
        """It has forgotten what it was told."""
        self._settings, self._registers, self._heard = dict(FACTORY), dict(REGISTERS), b""
        self._shine(False)

    def _show(self, output: bytes) -> None:
        self._in_view = output
        self._look()

    def _look(self) -> None:
        if self._in_view and (self._senses or self.shines):
            output, self._in_view = self._in_view, b""
            asked = self.shines
            self._shine(False)
            self.reads += 1
            if asked:
                self.line.loop.later(READING / self.speed, lambda: self.line.send(output))
            else:
                self.line.send(output)

    def _shine(self, on: bool) -> None:
        if self._light:
            self._light.cancel()
        self._light = self.line.loop.later(int(self._settings[b"ORTSET"]) / 1000, lambda: self._shine(False)) if on else None

    def _set_mode(self, senses: bool) -> None:
        self._settings[b"SCNMOD"] = b"2" if senses else b"0"
        self._registers[MODE] = self._registers[MODE] & ~3 | (3 if senses else 1)

    # Commands of the host.

    def hear(self, data: bytes) -> None:
        self._heard += data
        while self._heard and self._command():
            pass

    def _command(self) -> bool:
        """Answer the first command heard; False when it is not whole yet. Bytes that begin none are ignored."""
        for language, pattern, answer in (
                ("unified", UNIFIED, self._unified), ("honeywell", MENU, self._menu), ("honeywell", TRIGGERS, self._trigger),
                ("nls", ALIVE, self._alive), ("nls", OLDER, self._older), ("nls", ESCAPE, self._escape)):
            found = pattern.match(self._heard) if self._speaks in ("all", language) else None
            if found:
                self._heard = self._heard[found.end():]
                answer(found)
                return True
        zone = ZONE.match(self._heard)
        if zone and self._speaks in ("all", "zonebit"):
            return self._zone(zone)
        if self._heard[0] in HEADS[self._speaks] and len(self._heard) < 64:
            return False
        self._heard = self._heard[1:]
        return True

    def _unified(self, command: re.Match[bytes]) -> None:
        store, tag, sub, value = command.groups()
        name = tag + sub
        if name not in SETTINGS:
            verdict = UNKNOWN
        elif value == b"*":
            value, verdict = self._settings.get(name, b""), ACK
        elif re.fullmatch(SETTINGS[name], value):
            self._settings[name] = value
            verdict = ACK
            if name == b"SCNMOD":
                self._set_mode(value != b"0")
        else:
            verdict = NAK
        self.line.send(b"\x02\x010000" + store + name + value + verdict + b";\x03")
        if name == b"SCNTRG" and verdict == ACK:
            self._shine(value == b"1")
        self._look()

    def _zone(self, head: re.Match[bytes]) -> bool:
        kind, count = head[1], head[2][0]
        size = 6 + (count if kind == b"\x08" else 1) + 2
        if len(self._heard) < size:
            return False
        whole, self._heard = self._heard[:size], self._heard[size:]
        address, data = int.from_bytes(whole[4:6], "big"), whole[6:-2]
        if whole[-2:] not in (b"\xAB\xCD", crc(whole[2:-2])):
            self._zone_answer(1, b"\x00")
        elif kind == b"\x07":                 # read: the data byte says how many
            self._zone_answer(0, bytes(self._registers.get(address + i, 0) for i in range(data[0])))
        else:
            self._registers.update({address + i: byte for i, byte in enumerate(data)})
            self._set_mode(self._registers[MODE] & 3 in (2, 3))
            self._settings[b"ORTSET"] = b"%d" % (self._registers[READ_TIME] * 100)
            self._zone_answer(0, b"\x00")     # the acknowledgement comes before the code
            if address == TRIGGER:
                self._shine(data[:1] == b"\x01")
        self._look()
        return True

    def _zone_answer(self, kind: int, data: bytes) -> None:
        body = bytes((kind, len(data))) + data
        self.line.send(b"\x02\x00" + body + crc(body))

    def _menu(self, command: re.Match[bytes]) -> None:
        name, store = command.groups()
        known = re.fullmatch(rb"TRGMOD[0-3]|TRGSTO\d{1,6}", name)
        if known and name.startswith(b"TRGMOD"):
            self._set_mode(name != b"TRGMOD0")
        elif known:
            self._settings[b"ORTSET"] = name[6:]
        self.line.send(name + (ACK if known else UNKNOWN) + store)

    def _trigger(self, command: re.Match[bytes]) -> None:
        self._shine(command[1] == b"T")
        self._look()

    def _alive(self, command: re.Match[bytes]) -> None:
        self.line.send(b"!")

    def _older(self, command: re.Match[bytes]) -> None:
        number, value = command[1], command[2]
        if number in (b"0302000", b"0302010"):
            self._set_mode(number == b"0302010")
        elif number == b"0313000" and value and value.isdigit():
            self._settings[b"ORTSET"] = value
        else:
            self.line.send(NAK)
            return
        self.line.send(ACK)
        self._look()

    def _escape(self, command: re.Match[bytes]) -> None:
        self.line.send(ACK)
        self._shine(command[1] == b"1")
        self._look()
