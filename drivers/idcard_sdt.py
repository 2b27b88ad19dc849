"""Resident identity card readers that speak SDT: SAM_A and SAM_V modules behind a serial line, 8N1.

Sources: the published communication protocol of SAM_A / SAM_V readers (frames, commands, SW3 codes),
GB/T 2261.1 (sex), GB/T 3304 (nation), GB 11643 with ISO 7064 MOD 11-2 (number); the layouts of the residence
permit for Hong Kong, Macao and Taiwan and of the foreign permanent resident card of 2017 and 2023.

Fingerprints (command 30 10) are never asked for: more of a person than a hospital needs, and thrice as slow.
"""

from __future__ import annotations

import datetime as dt
import re
import time
import unicodedata
from dataclasses import dataclass, field

from drivers.contract import (
    CardKind, CardMoved, CardRefused, DeviceError, IdCard, Link, NoAnswer, NothingPresented, OutOfService,
    State, Status, WrongDevice)

# The codec: bytes in, messages out.

PREAMBLE = bytes.fromhex("AA AA AA 96 69")
HEAD = len(PREAMBLE) + 2                # and the length
SHORTEST, LONGEST = 4, 0x090A           # values of the length: a bare status; text, photo and fingerprints

FOUND, OK, NO_CARD, NOT_SELECTED = 0x9F, 0x90, 0x80, 0x81
SAM_FAILED = {0x60: "self-test failed", 0x66: "no authorisation", 0x23: "privilege exceeded"}
MOVED = {0x41, 0x33, 0x3F, 0x47}    # reading failed, information wrong, its length wrong, no random number
REFUSED = {0x31, 0x32, 0x40, 0x91}  # authentication failed either way, another kind of card, nothing on it
MISHEARD = {0x10, 0x11, 0x21, 0x24}     # the reader did not understand our frame: the line's fault


class Garbled(NoAnswer):
    """Something came, but no frame whose length and check are right."""


@dataclass(frozen=True)
class Answer:
    """A frame whose check holds: its SW3 and its data."""

    status: int
    data: bytes = field(default=b"", repr=False)


def frame(cmd: int, para: int, data: bytes = b"") -> bytes:
    """A request: preamble, length of what follows it, command, parameter, data, XOR from the length on."""
    body = (len(data) + 3).to_bytes(2, "big") + bytes((cmd, para)) + data
    return PREAMBLE + body + bytes((_xor(body),))


class Decoder:
    """Collects the bytes of one answer.

    An XOR cannot see a byte too many whose value is the check's own: the frame then seems to end one byte
    early. Therefore an answer counts only while nothing follows it. What precedes it may be anything: noise, half an
    older answer, or the time-out frame of some terminals whose length is a lie.
    """

    def __init__(self) -> None:
        self._heard = bytearray()

    @property
    def begun(self) -> bool:
        """A preamble has come: the rest should follow without a pause."""
        return PREAMBLE in self._heard

    @property
    def heard(self) -> bool:
        return bool(self._heard)

    def feed(self, data: bytes) -> Answer | None:
        self._heard += data
        del self._heard[:-2 * (HEAD + LONGEST)]         # a line that babbles must not fill the memory
        start = self._heard.find(PREAMBLE)
        while start >= 0:
            if answer := _whole(bytes(self._heard[start:])):
                return answer
            start = self._heard.find(PREAMBLE, start + 1)
        return None


def _whole(data: bytes) -> Answer | None:
    body = data[len(PREAMBLE):]
    length = int.from_bytes(body[:2], "big")
    if not SHORTEST <= length <= LONGEST or len(body) != length + 2:
        return None
    if _xor(body) or body[2:4] != b"\0\0":              # the XOR over a frame and its check is 0
        return None
    return Answer(body[4], body[5:-1])


def _xor(data: bytes) -> int:
    result = 0
    for byte in data:
        result ^= byte
    return result


def impersonal(data: bytes) -> bool:
    """May the spy show it? Requests and bare status answers only."""
    return (data.startswith(PREAMBLE) and len(data) <= HEAD + 8
            and int.from_bytes(data[5:HEAD], "big") == len(data) - HEAD)


def sam_id(data: bytes) -> str:
    """The 16 bytes of 12 FF as the number on the module's label. Raises WrongDevice for any other length."""
    if len(data) != 16:
        raise WrongDevice(f"a module number of {len(data)} bytes")
    date, first, second = (int.from_bytes(data[at:at + 4], "little") for at in (4, 8, 12))
    return f"{data[0]:02d}.{data[2]:02d}-{date}-{first:010d}-{second:010d}"


def parts(data: bytes, count: int = 2) -> list[bytes]:
    """Split the data of 30 01 (text, photo) or, `count` 3, of 30 10 by its length words. Raises Garbled."""
    sizes = [int.from_bytes(data[2 * i:2 * i + 2], "big") for i in range(count)]
    if len(data) != 2 * count + sum(sizes):
        raise Garbled("the length words do not fit the answer")
    starts = [2 * count + sum(sizes[:i]) for i in range(count)]
    return [data[start:start + size] for start, size in zip(starts, sizes)]


# The text record: 256 bytes, UTF-16LE; its layout hangs on the letter at 248.

RESIDENT = {
    "name": (0, 30), "sex": (30, 2), "nation": (32, 4), "born": (36, 16), "address": (52, 70),
    "number": (122, 36), "authority": (158, 30), "valid_from": (188, 16), "valid_to": (204, 16)}
LAYOUTS: dict[str, tuple[CardKind, dict[str, tuple[int, int]]]] = {
    "": (CardKind.RESIDENT, RESIDENT),
    "J": (CardKind.HMT, RESIDENT | {"pass_number": (220, 18), "issues": (238, 4)}),
    "I": (CardKind.FOREIGNER_2017, {
        "english_name": (0, 120), "sex": (120, 2), "number": (122, 30), "nationality": (152, 6),
        "name": (158, 30), "valid_from": (188, 16), "valid_to": (204, 16), "born": (220, 16),
        "authority": (240, 8)}),
    "Y": (CardKind.FOREIGNER_2023, {
        "name": (0, 30), "sex": (30, 2), "issues": (32, 4), "born": (36, 16), "english_name": (52, 70),
        "number": (122, 36), "valid_from": (188, 16), "valid_to": (204, 16), "english_name_end": (220, 22),
        "nationality": (242, 6)}),
}
LONG_TERM = "长期"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def parse_record(text: bytes, photo: bytes = b"") -> IdCard:
    """The document that a 256-byte text record describes.

    Tolerated, because cards in people's hands have it: blank or unknown nation, unknown sex, a birth date
    that no calendar knows. Raises CardRefused where a guess would harm: unknown layout, no name, a number
    whose check digit is wrong, a validity that cannot be read.
    """
    if len(text) != 256:
        raise CardRefused(f"a text record of {len(text)} bytes")
    letter = _text(text, 248, 2).strip()
    if letter not in LAYOUTS:
        raise CardRefused("a kind of card this program does not know")
    kind, layout = LAYOUTS[letter]
    raw = {name: _text(text, *place) for name, place in layout.items()}
    english = (raw.pop("english_name", "") + raw.pop("english_name_end", "")).strip()
    fields = {name: value.strip() for name, value in raw.items()}
    number = fields.pop("number")
    if not _plausible(number, kind) or not re.fullmatch("[A-Z]{3}", fields.get("nationality", "CHN")):
        raise CardRefused("the number or nationality on the card is not possible")
    if not (name := fields.pop("name") or english):
        raise CardRefused("no name on the card")
    sex, nation = fields.pop("sex"), fields.pop("nation", "")
    born, valid_from = _date(fields.pop("born")), _date(fields.pop("valid_from"))
    return IdCard(
        kind, name, number, sex=sex if sex in ("1", "2", "9") else "0",
        nation=nation if nation.isascii() and nation.isdigit() else "",
        born=born, valid_from=valid_from, valid_to=_end(fields.pop("valid_to")), english_name=english,
        photo=photo, **fields)


def _text(record: bytes, start: int, size: int) -> str:
    """A field with its padding at the right made spaces. Text that is none is a damaged chip."""
    try:
        value = record[start:start + size].decode("utf-16-le").replace("\0", " ").replace("\u3000", " ")
    except UnicodeDecodeError:
        raise CardRefused("the text on the card is damaged") from None
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise CardRefused("the text on the card is damaged")
    return value


def _date(text: str) -> dt.date | None:
    if len(text) == 8 and text.isascii() and text.isdigit():
        try:
            return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            pass
    return None


def _end(text: str) -> dt.date | None:
    """The last day; None only for 长期. A date that cannot be read must not become "for ever"."""
    if text == LONG_TERM:
        return None
    if not (day := _date(text)):
        raise CardRefused("the validity of the card cannot be read")
    return day


def _plausible(number: str, kind: CardKind) -> bool:
    """GB 11643's check digit; that of the 15 characters of 2017 follows a rule nobody published."""
    if kind is CardKind.FOREIGNER_2017:
        return bool(re.fullmatch("[A-Z]{3}[0-9]{12}", number))
    if not re.fullmatch("[0-9]{17}[0-9X]", number):
        return False
    return "10X98765432"[sum(int(n) * w for n, w in zip(number, WEIGHTS)) % 11] == number[17]


# The device: the codec over a line.

SELF_TEST, MODULE_ID = frame(0x11, 0xFF), frame(0x12, 0xFF)
FIND, SELECT, READ = frame(0x20, 0x01), frame(0x20, 0x02), frame(0x30, 0x01)

SHORT, LONG = 1.0, 3.0          # seconds for an answer; for text and photo
PROBE = 0.5                     # seconds for a reader that may listen at this speed
GAP = 0.2                       # seconds of silence within a frame: the rest will not come
QUIET = 0.03                    # seconds for a byte too many to show itself; USB adapters hold bytes for 16 ms
PERIOD = 0.1                    # seconds between two questions for a card; most readers need longer to answer
MISSES = 3                      # unanswered questions in a row
SPEEDS = (115200, 9600, 57600, 38400, 19200)    # the documented default, then what banks use, then the rest


class Device:
    """An SDT reader. The line's own speed is tried first, then the others; no options."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._answer_due = 0.0          # until then the answer to a question that was taken back may still come

    def identify(self) -> str:
        """Find the speed, run the self-test, read the module's number: "SDT 05.01-20200101-…"."""
        tested = self._probe()
        try:
            return self._introduce(tested)
        except WrongDevice:             # or answers to what was asked before the line was lost, each one question late
            until = time.monotonic() + LONG
            while self._link.read(SHORT) and time.monotonic() < until:
                pass
            return self._introduce(self._exchange(SELF_TEST, SHORT))

    def _introduce(self, tested: Answer) -> str:
        if tested.status in SAM_FAILED:
            raise OutOfService(SAM_FAILED[tested.status])
        if tested.status != OK:
            raise WrongDevice(f"SW3 {tested.status:02X} to a self-test")
        answer = self._exchange(MODULE_ID, SHORT)
        if answer.status != OK:
            return f"SDT without a number (SW3 {answer.status:02X})"
        return "SDT " + sam_id(answer.data)

    def status(self) -> Status:
        answer = self._exchange(SELF_TEST, SHORT)
        if answer.status in SAM_FAILED:
            return Status(State.FAULT, cause=OutOfService.cause)
        if answer.status != OK:
            raise Garbled(f"SW3 {answer.status:02X} to a self-test")
        return Status(State.ONLINE)

    def read_card(self, timeout: float) -> IdCard:
        """Wait for a card and read it.

        A card that was read and still lies there is not found again until it was lifted: the reader sees to it.
        """
        deadline = time.monotonic() + timeout
        misses = 0
        while True:
            asked = time.monotonic()
            try:
                if self._take_card():
                    return self._read()
                misses = 0
            except NoAnswer:
                misses += 1
                if misses == MISSES or time.monotonic() >= deadline:
                    raise
            now = time.monotonic()
            if now >= deadline:
                raise NothingPresented
            self._link.read(max(0.0, min(asked + PERIOD, deadline) - now))      # a pause that can be cancelled

    def _take_card(self) -> bool:
        """Find and select. A card that leaves in between was never there."""
        for request, success, absent in ((FIND, FOUND, NO_CARD), (SELECT, OK, NOT_SELECTED)):
            answer = self._exchange(request, SHORT)
            if answer.status == absent:
                return False
            if answer.status != success:
                raise _refusal(answer.status)
        return True

    def _read(self) -> IdCard:
        answer = self._read_answer()
        if answer.status != OK:
            raise _refusal(answer.status)
        return parse_record(*parts(answer.data))

    def _read_answer(self) -> Answer:
        """Asked for twice when it breaks: by a bad line, or because the card left in the middle."""
        for _ in range(2):
            try:
                return self._exchange(READ, LONG, QUIET)
            except Garbled:
                continue
        raise CardMoved("the answer broke off")

    def _probe(self) -> Answer:
        """The answer to the self-test, at whichever speed there is one."""
        heard = False
        for speed in (None, *SPEEDS):
            if speed:
                self._link.set_baud(speed)
            try:
                return self._exchange(SELF_TEST, SHORT if speed in (None, SPEEDS[0]) else PROBE)
            except Garbled:
                heard = True
            except NoAnswer:
                pass
        raise WrongDevice("what answers is no SDT reader") if heard else NoAnswer("silent at every speed")

    def _exchange(self, request: bytes, patience: float, quiet: float = 0.0) -> Answer:
        """One question and its answer; once more when the reader misheard us.

        Raises Garbled when bytes came and no frame, NoAnswer when nothing came or it misheard us twice.
        """
        answer = self._ask(request, patience, quiet)
        if answer.status in MISHEARD:
            answer = self._ask(request, patience, quiet)
        if answer.status in MISHEARD:
            raise NoAnswer(f"the reader does not understand us (SW3 {answer.status:02X})")
        return answer

    def _ask(self, request: bytes, patience: float, quiet: float) -> Answer:
        self._hear_out()
        self._link.drop_input()
        self._link.write(request, patience)
        decoder = Decoder()
        self._answer_due = deadline = time.monotonic() + patience
        answer: Answer | None = None
        while (left := deadline - time.monotonic()) > 0:
            data = self._link.read(quiet if answer else min(left, GAP) if decoder.begun else left)
            if data:
                answer = decoder.feed(data)
            elif not answer:
                break
            if answer and not (data and quiet):
                self._answer_due = 0.0
                return answer
        raise Garbled("half an answer") if decoder.heard else NoAnswer("the reader is silent")

    def _hear_out(self) -> None:
        """The reader answers a question that was cancelled, too: wait for that, or it would answer the next one."""
        decoder = Decoder()
        while (left := self._answer_due - time.monotonic()) > 0:
            data = self._link.read(left)
            if not data or decoder.feed(data):
                break
        self._answer_due = 0.0


def _refusal(status: int) -> DeviceError:
    """What a SW3 that is no success means to whoever waits for the card."""
    word = f"SW3 {status:02X}"
    if status in SAM_FAILED:
        return OutOfService(f"{SAM_FAILED[status]} ({word})")
    if status in MOVED:
        return CardMoved(word)
    if status in REFUSED:
        return CardRefused(word)
    return Garbled(f"an answer that fits no question ({word})")
