"""Smart bank terminals that speak the ECR protocol published by CodePay: frames of JSON, 115200 baud, 8N1.

Sources: the maker's "Serial communication protocol" and "USB mode API list" (frames, acknowledgements, handshake,
heartbeat, topics and fields) and its published programs (states of an order, how often a frame is sent again). An
acquirer's own edition differs in names and codes: all of them are in `NAMES`, and may be set by the option `names`.
Not confirmed on hardware, and to be matched with the acquirer's paper: every name marked with "match".
"""

from __future__ import annotations

import json
import math
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import Any

from drivers.contract import (
    Cancelled, DeviceError, Link, NoAnswer, OutcomeUnknown, Settled, Slip, State, Status, WrongDevice)
from drivers.contract.terminal import ended, masked, must_be_asked, proper

NAMES: Mapping[str, str] = {
    "pay": "ecrhub.pay.order", "refund": "ecrhub.pay.order", "query": "ecrhub.pay.query", "close": "ecrhub.pay.close",
    "pay_type": "1", "refund_type": "3",
    "type": "trans_type", "reference": "merchant_order_no", "original": "orig_merchant_order_no",
    "amount": "order_amount", "currency": "price_currency", "settled": "trans_status",
    "trace": "trans_no", "card": "card_no",
    "terminal": "terminal_sn",          # match
    "bank_code": "resp_code",           # match: the bank's own answer, ISO 8583 field 39
    # Values, several divided by a bar.
    "done": "000|0",                    # of response_code; terminals on a network say 0
    "never": "404",                     # match: of response_code, for an order that the terminal does not know
    "cancelled": "110",                 # of response_code: taken back by the person, and no money moved
    "approved": "2", "declined": "1|3", "running": "0|9",
}


class Unheard(NoAnswer):
    """The terminal did not acknowledge."""


# The codec: bytes in, messages out.

START, END = b"\x55\xaa", b"\xcc\x33"
NORMAL, HANDSHAKE, CONFIRM = 0, 1, 2
HEAD, LONGEST = 7, 1024                 # bytes before the data; of a whole frame


@dataclass(frozen=True)
class Message:
    """A frame: `ack` is the number of the data frame that it acknowledges, `number` its own; 0 is none."""

    kind: int
    ack: int = 0
    number: int = 0
    data: bytes = field(default=b"", repr=False)

    def frame(self) -> bytes:
        body = bytes((self.kind, self.ack, self.number)) + len(self.data).to_bytes(2, "big") + self.data
        return START + body + bytes((reduce(xor, body),)) + END


class Decoder:
    """Cuts bytes into messages. What is no message is skipped, byte by byte."""

    def __init__(self) -> None:
        self._heard = bytearray()
        self.noise = False

    @property
    def begun(self) -> bool:
        return bool(self._heard)

    def feed(self, data: bytes) -> list[Message]:
        self._heard += data
        return self._messages()

    def gave_up(self) -> list[Message]:
        """The rest of what has begun will not come: what there is behind it."""
        if self._heard:
            self._skip(1)
        return self._messages()

    def _messages(self) -> list[Message]:
        found = []
        while self._heard:
            at = self._heard.find(START)
            if at:                              # -1: half a START may be the last byte
                self._skip(at if at > 0 else len(self._heard) - self._heard.endswith(START[:1]))
                if at < 0:
                    break
            size = HEAD + int.from_bytes(self._heard[5:HEAD], "big") + 3
            if len(self._heard) >= HEAD and size > LONGEST:
                self._skip(1)
            elif len(self._heard) < HEAD or len(self._heard) < size:
                break
            else:
                whole = bytes(self._heard[:size])
                if whole[-2:] == END and not reduce(xor, whole[2:-2]):
                    found.append(Message(whole[2], whole[3], whole[4], whole[HEAD:-3]))
                    del self._heard[:size]
                else:
                    self._skip(1)
        return found

    def _skip(self, count: int) -> None:
        self.noise = self.noise or count > 0
        del self._heard[:count]


def fields(data: bytes) -> dict[str, Any]:
    """The JSON object in a frame; {} when there is none."""
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def fen(text: object) -> int:
    """An amount as the terminal writes it, in yuan: "12.50", "12". -1 for what is none."""
    read = re.fullmatch(r"([0-9]{1,10})(?:\.([0-9]{1,2}))?", text) if isinstance(text, str) else None
    return int(read[1]) * 100 + int((read[2] or "").ljust(2, "0")) if read else -1


def slip(answer: Mapping[str, Any], names: Mapping[str, str]) -> Slip | None:
    """The transaction that an answer tells of; None when it tells of none, or not how it stands."""
    told = answer.get("biz_data")
    if isinstance(told, str):                   # some editions have it as text; a refusal has it empty
        told = fields(told.encode())
    if not isinstance(told, dict):
        told = {}

    def text(name: str) -> str:
        value = told.get(names[name], "")
        return value if isinstance(value, str) and value.isprintable() else ""

    def is_one_of(value: str, name: str) -> bool:
        return value in names[name].split("|")

    code = str(answer.get("response_code", ""))
    status = text("settled")
    settled = next((settled for settled in (Settled.APPROVED, Settled.DECLINED, Settled.RUNNING)
                    if is_one_of(status, settled)), None)
    if settled is Settled.APPROVED and not is_one_of(code, "done"):
        settled = None                          # it contradicts itself
    if settled is None and not status:
        settled = Settled.NEVER if is_one_of(code, "never") else Settled.DECLINED if is_one_of(code, "cancelled") else None
    if settled is None:
        return None
    amount = fen(told.get(names["amount"]))
    if settled is Settled.APPROVED and amount < 0:
        return None
    words = answer.get("response_msg")
    return Slip(text("reference"), settled, max(amount, 0), text("trace"), text("terminal"), masked(text("card")),
                text("bank_code")[:2], words[:200] if isinstance(words, str) and words.isprintable() else "")


def impersonal(data: bytes) -> bool:
    """May the spy show it? Frames without data: handshake, heartbeat, acknowledgement."""
    return len(data) == HEAD + 3


# The device: the codec over a line.

HEARTBEAT = 2.0         # seconds between two, from either side
SILENCE = 4.5           # seconds without a word, after which a terminal may not be there
LOST = 10.0             # seconds without a word, after which nobody waits for its answer any more
QUICK = 1.0             # seconds for an answer that no person has to give
AGAIN = 0.5             # seconds without an acknowledgement
TRIES = 3               # times the same frame
GAP = 0.2               # seconds of silence within a frame


class Device:
    """A terminal.

    `app`: the number that the acquirer gave to this program. `currency`: ISO 4217. `names`: what the acquirer's paper calls
    otherwise than `NAMES`, as "never=405,terminal=tid".
    """

    def __init__(self, link: Link, app: str = "kiosk", currency: str = "CNY", names: str = "") -> None:
        changed = dict(pair.partition("=")[::2] for pair in names.split(",") if pair)
        if unknown := changed.keys() - NAMES.keys():
            raise ValueError(f"no such names: {', '.join(sorted(unknown))}")
        self._link = link
        self._app, self._currency = app, currency
        self._names = {**NAMES, **changed}
        self._decoder = Decoder()
        self._number = 0
        self._heard_at = -math.inf              # when the terminal last said anything, on our clock
        self._said_at = 0.0

    def identify(self) -> str:
        """Shake hands, and ask about a payment that never was: a terminal that cannot say so is of no use here."""
        self._shake_hands()
        must_be_asked(self._query)
        return "bank terminal, ECR over serial"

    def status(self) -> Status:
        """ONLINE while it is heard: it sends a heartbeat by itself."""
        self._alive()
        return Status(State.ONLINE)

    def pay(self, reference: str, amount: int, timeout: float) -> Slip:
        return self._move("pay", reference, amount, timeout, {})

    def refund(self, reference: str, original: Slip, amount: int, timeout: float) -> Slip:
        return self._move("refund", reference, amount, timeout, {self._names["original"]: original.reference})

    def query(self, reference: str) -> Slip:
        proper(reference)
        return self._query(reference)

    def _move(self, what: str, reference: str, amount: int, timeout: float, more: dict[str, str]) -> Slip:
        """Money one way or the other. From the first byte on, whatever goes wrong, the outcome is not known."""
        proper(reference, amount)
        self._alive()
        names = self._names
        business = {names["type"]: names[f"{what}_type"], names["reference"]: reference, names["amount"]: yuan(amount),
                    names["currency"]: self._currency, **more}
        try:
            answer = self._ask(names[what], business, timeout)
        except Cancelled as error:
            self._close(reference)
            raise OutcomeUnknown("taken back") from error
        except NoAnswer as error:
            self._close(reference)              # or somebody may still put a card in when nobody looks any more
            raise OutcomeUnknown(str(error)) from error
        except DeviceError as error:
            raise OutcomeUnknown(str(error)) from error
        told = slip(answer, names)
        if told and told.settled is Settled.DECLINED and not told.reference:
            told = Slip(reference, Settled.DECLINED, code=told.code, words=told.words)  # refused before it was an order
        if told is None:
            raise OutcomeUnknown("an answer that says neither yes nor no")
        return ended(told, reference, amount)

    def _query(self, reference: str) -> Slip:
        answer = self._ask(self._names["query"], {self._names["reference"]: reference}, QUICK)
        told = slip(answer, self._names)
        if told and told.settled is Settled.NEVER and told.reference in ("", reference):
            return Slip(reference, Settled.NEVER, words=told.words)
        if told is None or told.reference != reference:
            raise NoAnswer("an answer that does not say what became of it")
        return told

    def _close(self, reference: str) -> None:
        """Ask the terminal to wait for nobody any more, for half a second; `query` tells who was quicker."""
        _, request = self._request(self._names["close"], {self._names["reference"]: reference})
        try:
            for _ in range(2):
                self._say(request)
                deadline = time.monotonic() + AGAIN / 2
                while (left := deadline - time.monotonic()) > 0:
                    if any(message.ack == self._number for message in self._hear(left)):
                        return
        except DeviceError:
            pass                                # it will be asked about anyway

    def _request(self, topic: str, business: dict[str, str]) -> tuple[str, bytes]:
        """A new request: its id, and its frame."""
        request_id = uuid.uuid4().hex
        self._number = self._number % 255 + 1
        data = json.dumps({"topic": topic, "request_id": request_id, "app_id": self._app, "version": "1.0",
                           "biz_data": business}, ensure_ascii=False).encode()
        return request_id, Message(NORMAL, 0, self._number, data).frame()

    def _ask(self, topic: str, business: dict[str, str], patience: float) -> dict[str, Any]:
        """The answer to one request, known by its id. Raises NoAnswer, Gone, Cancelled."""
        request_id, request = self._request(topic, business)
        deadline = time.monotonic() + max(patience, TRIES * AGAIN)
        acknowledged, sent, due = False, 0, 0.0
        while (now := time.monotonic()) < deadline and (now < self._heard_at + LOST or not sent):
            if not acknowledged and now >= due:
                if sent == TRIES:
                    raise Unheard("the terminal does not acknowledge")
                self._say(request)
                sent, due = sent + 1, now + AGAIN
            for message in self._hear((deadline if acknowledged else min(due, deadline)) - now):
                acknowledged = acknowledged or message.ack == self._number
                answer = fields(message.data)
                if answer.get("request_id") == request_id and answer.get("topic") == topic and "response_code" in answer:
                    return answer
        raise NoAnswer("the terminal is silent")

    def _shake_hands(self) -> None:
        self._decoder = Decoder()
        self._link.drop_input()
        for _ in range(TRIES):
            self._say(Message(HANDSHAKE).frame())
            deadline = time.monotonic() + QUICK
            while (left := deadline - time.monotonic()) > 0:
                if any(message.kind == CONFIRM for message in self._hear(left)):
                    return
        raise WrongDevice("what answers is no such terminal") if self._decoder.noise else NoAnswer("the terminal is silent")

    def _alive(self) -> None:
        """Raises NoAnswer when nothing was heard for a while."""
        self._say(Message(NORMAL).frame())
        self._hear(0)
        deadline = time.monotonic() + QUICK
        while time.monotonic() - self._heard_at > SILENCE:
            left = deadline - time.monotonic()
            if left <= 0:
                raise NoAnswer("no heartbeat")
            self._hear(left)

    def _say(self, frame: bytes) -> None:
        self._link.write(frame)
        self._said_at = time.monotonic()

    def _hear(self, timeout: float) -> list[Message]:
        """What comes within `timeout` seconds, acknowledged; a heartbeat goes out where one is due."""
        beat = self._said_at + HEARTBEAT - time.monotonic()
        if beat <= 0:
            self._say(Message(NORMAL).frame())
            beat = HEARTBEAT
        wait = min(timeout, beat)
        data = self._link.read(max(0.0, min(wait, GAP) if self._decoder.begun else wait))
        found = self._decoder.feed(data) if data or wait <= 0 or not self._decoder.begun else self._decoder.gave_up()
        for message in found:
            self._heard_at = time.monotonic()
            if message.number:
                self._say(Message(NORMAL, message.number).frame())
        return found
