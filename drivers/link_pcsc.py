"""A PC/SC reader as a pipe of APDUs: `pcsc:///ACS%20ACR39U%20ICC%20Reader%2000%2000`, or a pattern: `pcsc:///*ACR39U*`.

The pipe's frames are those of drivers/chip.py. PC/SC itself knows no time limit for a command, so a thread speaks to it and
a pair of sockets stands between: reading with a time limit and taking back are those of every other line.
A reader without a card is a working line; a reader that was unplugged, or a PC/SC service that ended, is Gone.

Sources: the PC/SC Workgroup's part 5, pcsc-lite's reference. The socket of another pcscd than the system's is named by
pcsc-lite's own variable PCSCLITE_CSOCK_NAME.
"""

from __future__ import annotations

import socket
import threading
import time
from fnmatch import fnmatchcase
from urllib.parse import SplitResult, unquote

from smartcard import scard

from drivers.contract import Gone
from drivers.links import FdLink

OPENING = 3.0           # s: a service that lives answers in milliseconds
CLOSING = 1.0           # s: a thread that is stuck in a reader is left to end by itself
LOOK = 0.25             # s: how late a request can come to a wait that began in the same moment
WATCH = 0.6             # s: how long a card is looked out for after somebody asked; who waits for one asks twice a second
HELD_FOR = 1.0          # s: how long another program may hold a card (the system's own look at it, mostly)

OFF, ON, ATR = b"\x00", b"\x01", b"\x04"
MUTE, HELD = b"\x00", b"\x01"
ANSWER, NEWS = b"a", b"n"

ERRORS = {name: getattr(scard, name) & 0xFFFFFFFF
          for name in dir(scard) if name.startswith(("SCARD_E_", "SCARD_F_", "SCARD_W_"))}
NAMES = {number: name for name, number in ERRORS.items()}
LOST = {ERRORS[f"SCARD_{name}"] for name in (
    "E_NO_SERVICE", "E_SERVICE_STOPPED", "F_COMM_ERROR", "E_INVALID_HANDLE", "E_UNKNOWN_READER", "E_READER_UNAVAILABLE",
    "E_NO_READERS_AVAILABLE")}
UNREADABLE = {ERRORS[f"SCARD_{name}"] for name in (
    "W_UNRESPONSIVE_CARD", "W_UNPOWERED_CARD", "W_UNSUPPORTED_CARD", "E_PROTO_MISMATCH", "E_CARD_UNSUPPORTED")}
BOTH = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1


def open(parts: SplitResult) -> PcscLink:
    """Raises Gone when there is no such reader or no PC/SC service, ValueError when the URL is not understood."""
    if parts.netloc or parts.query or parts.fragment or not parts.path.strip("/"):
        raise ValueError("write pcsc:///name of the reader, or a pattern with *")
    return PcscLink(unquote(parts.path.removeprefix("/")))


class PcscLink(FdLink):
    """One reader, found by its name."""

    def __init__(self, pattern: str) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket, self._turn = ours, 0
        self._worker = Worker(theirs, pattern)
        self._worker.start()
        if not self._worker.ready.wait(OPENING) or self._worker.trouble:
            self._release()
            raise Gone(self._worker.trouble or "the PC/SC service does not answer")
        ours.setblocking(False)
        super().__init__(ours.fileno())

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        self._turn += 1
        try:
            super().write(self._turn.to_bytes(4, "big") + data, timeout)
        except Gone as error:
            raise Gone(self._worker.trouble or str(error)) from error
        self._worker.wake()

    def _take(self) -> bytes:
        """What was read; news from before the last question would be taken for its answer."""
        try:
            message = super()._take()
        except Gone as error:
            raise Gone(self._worker.trouble or str(error)) from error
        if message[:1] == NEWS and int.from_bytes(message[1:5], "big") != self._turn:
            return b""
        return message[5:]

    def _release(self) -> None:
        self._socket.close()
        self._worker.wake()
        self._worker.join(CLOSING)


class Lost(Exception):
    """The reader, or the service, is not there any more."""


class Worker(threading.Thread):
    """Does one request after the other; between them, for a while, it looks out for cards."""

    def __init__(self, door: socket.socket, pattern: str) -> None:
        super().__init__(name="pcsc", daemon=True)
        self.ready = threading.Event()
        self.trouble = ""                       # why it ended
        self._door, self._pattern = door, pattern
        self._context = self._card = self._protocol = 0
        self._reader = ""
        self._watcher = 0                       # the context of waits for a card
        self._waiting = self._woken = False
        self._state = 0                         # of the reader, as last told
        self._told: int | None = None           # the count of comings and goings at the card that was told of

    def wake(self) -> None:
        """End a wait for cards: there is something to do. Any thread."""
        if self._waiting:
            self._woken = True
            scard.SCardCancel(self._watcher)

    def run(self) -> None:
        try:
            self._open()
            self.ready.set()
            while request := self._door.recv(4096):
                self._serve(request[:4], request[6:])
        except (Lost, OSError) as error:
            self.trouble = str(error) or type(error).__name__
        finally:
            self._disconnect()
            for context in filter(None, (self._watcher, self._context)):
                scard.SCardReleaseContext(context)
            self._door.close()
            self.ready.set()

    def _open(self) -> None:
        self._context = _context()
        code, readers = scard.SCardListReaders(self._context, [])
        _check(code, "no card reader")
        found = [name for name in readers if name == self._pattern] or [
            name for name in readers if fnmatchcase(name, self._pattern)]
        if len(found) != 1:
            raise Lost(f"{len(found)} readers have the name {self._pattern}; there are: {', '.join(readers)}")
        self._reader = found[0]

    def _serve(self, turn: bytes, request: bytes) -> None:
        if request == ATR:
            atr = self._atr()
            self._say(ANSWER + turn, atr)
            self._watch(turn)
        elif request == OFF:
            self._disconnect()
        elif request != ON:                     # the card is powered by the first command it gets
            self._say(ANSWER + turn, self._transmit(request))

    def _say(self, head: bytes, payload: bytes) -> None:
        self._door.send(head + len(payload).to_bytes(2, "big") + payload)

    # Cards that come and go.

    def _look(self, context: int, timeout: float = 0.0, known: int = 0) -> tuple[int, bytes]:
        """The reader's state and the card's ATR, when the state differs from `known` or after `timeout` seconds."""
        code, states = scard.SCardGetStatusChange(context, round(timeout * 1000), [(self._reader, known)])
        if code & 0xFFFFFFFF not in (ERRORS["SCARD_E_TIMEOUT"], ERRORS["SCARD_E_CANCELLED"]):
            _check(code, "the reader's state")
        _, state, atr = states[0]
        if state & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE):
            raise Lost("the reader is gone")
        return state & ~scard.SCARD_STATE_CHANGED, bytes(atr)

    def _atr(self) -> bytes:
        """What lies there: nothing is said once between two cards, even when nobody was looking just then."""
        state, atr = self._look(self._context)
        self._state, count = state, state >> 16
        if not state & scard.SCARD_STATE_PRESENT or self._told not in (None, count):
            self._told = None
            return b""
        self._told = count
        if state & scard.SCARD_STATE_MUTE:
            return MUTE
        if atr:
            return atr
        trouble = self._connect()               # it came while nobody was there to power it
        return self._atr_of_card() if trouble is None else trouble

    def _watch(self, turn: bytes) -> None:
        """Until the next request, or for a while, tell of a card that comes.

        On a context of its own, which a cancel ends: one that crosses with an event touches nothing else.
        """
        known, end = self._state, time.monotonic() + WATCH
        self._watcher = self._watcher or _context()
        self._woken, self._waiting = False, True
        try:
            while time.monotonic() < end and not self._asked():
                state, atr = self._look(self._watcher, LOOK, known)
                if self._asked():
                    return
                if state != known and state & scard.SCARD_STATE_PRESENT:
                    self._say(NEWS + turn, atr or MUTE)
                    return
                known = state
        finally:
            self._waiting = False
            if self._woken:
                scard.SCardReleaseContext(self._watcher)
                self._watcher = 0

    def _asked(self) -> bool:
        try:
            self._door.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        return True

    # One card.

    def _transmit(self, apdu: bytes) -> bytes:
        if (trouble := self._connect()) is not None:
            return trouble
        code, answer = scard.SCardTransmit(self._card, _pci(self._protocol), list(apdu))
        if code:
            if code & 0xFFFFFFFF in LOST:
                _check(code, "the reader")
            self._disconnect()
            return b""                          # the reader lost the card, or it does not answer where it lies
        return bytes(answer)

    def _connect(self) -> bytes | None:
        """Power the card, for us alone; else what to answer instead: MUTE, HELD, or b"" when it left."""
        end = time.monotonic() + HELD_FOR
        while not self._card:
            code, card, protocol = scard.SCardConnect(self._context, self._reader, scard.SCARD_SHARE_EXCLUSIVE, BOTH)
            code &= 0xFFFFFFFF
            if not code:
                self._card, self._protocol = card, protocol
            elif code in LOST:
                _check(code, "the reader")
            elif code in UNREADABLE:
                return MUTE
            elif code != ERRORS["SCARD_E_SHARING_VIOLATION"]:
                return b""
            elif time.monotonic() > end:
                return HELD
            else:
                time.sleep(0.05)                # PC/SC does not say when another program lets go
        return None

    def _atr_of_card(self) -> bytes:
        code, _, _, _, atr = scard.SCardStatus(self._card)
        return bytes(atr) if not code and atr else MUTE

    def _disconnect(self) -> None:
        """Without power a card forgets who proved what to it, and may be pulled."""
        if self._card:
            scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)
            self._card = 0


def _context() -> int:
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    _check(code, "no PC/SC service")
    return int(context)


def _pci(protocol: int) -> int:
    return int(scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1)


def _check(code: int, what: str) -> None:
    if code:
        raise Lost(f"{what} ({NAMES.get(code & 0xFFFFFFFF, f'{code & 0xFFFFFFFF:08X}')})")
